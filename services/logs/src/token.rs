//! Tokens of pages: of events by direction and place, of lists by the entry that the page before ended with.

use crate::refuse;
use crate::stream::Key;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use postern_call::Refusal;

/// A place in a stream, and which way from there. The place itself is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// What comes behind.
    Forward(Key),
    /// What comes before.
    Backward(Key),
}

const NUMBER_DIGITS: usize = 36;

/// An event's id: 56 digits as AWS's, in the order of time.
pub fn event_id((time, number): Key) -> String {
    format!("{time:020}{number:0NUMBER_DIGITS$}")
}

fn place(digits: &str) -> Option<Key> {
    let (time, number) = digits.split_at_checked(digits.len().checked_sub(NUMBER_DIGITS)?)?;
    Some((time.parse().ok()?, number.parse().ok()?))
}

impl Turn {
    /// `f/` or `b/`, 56 digits, `/s`, as AWS's.
    pub fn told(self) -> String {
        match self {
            Self::Forward(key) => format!("f/{}/s", event_id(key)),
            Self::Backward(key) => format!("b/{}/s", event_id(key)),
        }
    }

    pub fn read(token: &str) -> Result<Self, Refusal> {
        let read = || {
            let (way, rest) = token.split_once('/')?;
            let key = place(rest.strip_suffix("/s")?)?;
            match way {
                "f" => Some(Self::Forward(key)),
                "b" => Some(Self::Backward(key)),
                _ => None,
            }
        };
        read().ok_or_else(refuse::bad_token)
    }
}

/// A token that holds the text.
pub fn seal(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

/// The text of a token.
pub fn open(token: &str) -> Result<String, Refusal> {
    let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| refuse::bad_token())?;
    String::from_utf8(bytes).map_err(|_| refuse::bad_token())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_is_read_as_it_was_told() {
        for turn in [Turn::Forward((1_795_000_000_123, 7)), Turn::Backward((0, u64::MAX)), Turn::Forward((0, 0))] {
            assert_eq!(Turn::read(&turn.told()).unwrap(), turn);
        }
        assert_eq!(Turn::Forward((1, 2)).told().len(), 60);
        for wrong in
            ["", "f/", "f/1/s", "x/00000000000000000001000000000000000000000000000000000002/s", "f/é/s", "b//s"]
        {
            assert_eq!(Turn::read(wrong).unwrap_err().code, "InvalidParameterException", "{wrong}");
        }
    }
}
