//! What an operation answers, before a protocol writes it.

use crate::timestamp;
use serde_json::Value;
use time::OffsetDateTime;

/// A reply's value. [`Answer::Whole`] is anything; the other forms say the same with less: what is told of thousands of things
/// at once would spend its time on making and dropping JSON objects.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// As [`crate::Call::input`] has it: members by model name, blobs as base64 text, timestamps as RFC 3339 text.
    Whole(Box<Value>),
    Text(String),
    /// A text that is known when the program is compiled.
    Word(&'static str),
    Flag(bool),
    Number(i64),
    /// Of the model's type timestamp; told to the millisecond.
    Time(OffsetDateTime),
    List(Box<[Answer]>),
    /// A structure: its members by model name, each once, best in the model's order. What is absent is left out.
    Members(Box<[(&'static str, Answer)]>),
}

impl Answer {
    /// A structure with all of these members.
    pub fn members<const N: usize>(members: [(&'static str, Answer); N]) -> Answer {
        Answer::Members(Box::new(members))
    }

    /// A list of the answers that these things give.
    pub fn list<T: Into<Answer>>(items: impl IntoIterator<Item = T>) -> Answer {
        Answer::List(items.into_iter().map(Into::into).collect())
    }

    /// The same as JSON.
    pub fn to_value(&self) -> Value {
        match self {
            Answer::Whole(value) => (**value).clone(),
            Answer::Text(text) => Value::from(text.as_str()),
            Answer::Word(word) => Value::from(*word),
            Answer::Flag(flag) => Value::from(*flag),
            Answer::Number(number) => Value::from(*number),
            Answer::Time(time) => Value::from(timestamp(*time)),
            Answer::List(items) => items.iter().map(Answer::to_value).collect(),
            Answer::Members(members) => {
                members.iter().map(|(name, answer)| ((*name).to_owned(), answer.to_value())).collect()
            }
        }
    }
}

impl From<Answer> for Value {
    fn from(answer: Answer) -> Value {
        match answer {
            Answer::Whole(value) => *value,
            Answer::Text(text) => Value::String(text),
            Answer::List(items) => items.into_iter().map(Value::from).collect(),
            Answer::Members(members) => {
                members.into_iter().map(|(name, answer)| (name.to_owned(), Value::from(answer))).collect()
            }
            small => small.to_value(),
        }
    }
}

impl From<Value> for Answer {
    fn from(value: Value) -> Answer {
        Answer::Whole(Box::new(value))
    }
}
impl From<String> for Answer {
    fn from(text: String) -> Answer {
        Answer::Text(text)
    }
}
impl From<&'static str> for Answer {
    fn from(word: &'static str) -> Answer {
        Answer::Word(word)
    }
}
impl From<bool> for Answer {
    fn from(flag: bool) -> Answer {
        Answer::Flag(flag)
    }
}
impl From<i64> for Answer {
    fn from(number: i64) -> Answer {
        Answer::Number(number)
    }
}
impl From<OffsetDateTime> for Answer {
    fn from(time: OffsetDateTime) -> Answer {
        Answer::Time(time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use time::macros::datetime;

    fn endpoint() -> Answer {
        Answer::members([
            ("VpcEndpointId", "vpce-0123".to_owned().into()),
            ("State", "available".into()),
            ("RequesterManaged", false.into()),
            ("Weight", 7.into()),
            ("Groups", json!([{ "GroupId": "sg-1" }, null]).into()),
            ("RouteTableIds", Answer::list(["rtb-1".to_owned(), "rtb-2".to_owned()])),
            ("SubnetIds", Answer::list(Vec::<String>::new())),
            ("CreationTimestamp", datetime!(2026-11-28 09:05:07.1209 UTC).into()),
        ])
    }

    #[test]
    fn the_lean_form_says_what_json_says() {
        let said = json!({
            "VpcEndpointId": "vpce-0123",
            "State": "available",
            "RequesterManaged": false,
            "Weight": 7,
            "Groups": [{ "GroupId": "sg-1" }, null],
            "RouteTableIds": ["rtb-1", "rtb-2"],
            "SubnetIds": [],
            "CreationTimestamp": "2026-11-28T09:05:07.12Z",
        });
        assert_eq!(endpoint().to_value(), said);
        assert_eq!(Value::from(endpoint()), said);
        // In the same order too.
        assert_eq!(Value::from(endpoint()).to_string(), said.to_string());
        assert_eq!(Answer::from(said.clone()).to_value(), said);
        assert_eq!(Value::from(Answer::from(said.clone())), said);
    }

    #[test]
    fn an_answer_is_no_larger_than_a_text() {
        assert_eq!(size_of::<Answer>(), size_of::<String>());
    }
}
