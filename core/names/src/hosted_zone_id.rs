//! Ids of hosted zones: `Z` and 20 letters and digits.

use std::fmt;
use std::str::FromStr;

/// A hosted zone of Route 53: `Z` and 20 of the letters A to Z and the digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostedZoneId([u8; LENGTH]);

const LENGTH: usize = 20;

impl HostedZoneId {
    /// A new id from 96 fresh bits.
    pub fn from_bits(high: u32, low: u64) -> Self {
        let mut rest = u128::from(high) << 64 | u128::from(low);
        let mut letters = [b'0'; LENGTH];
        for letter in letters.iter_mut().rev() {
            let digit = u8::try_from(rest % 36).unwrap_or_default();
            *letter = if digit < 10 { b'0' + digit } else { b'A' + digit - 10 };
            rest /= 36;
        }
        Self(letters)
    }
}

/// The text given is no hosted zone's id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not of the form `Z` and 20 letters and digits")]
pub struct MalformedHostedZoneId(pub String);

impl fmt::Display for HostedZoneId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Z")?;
        self.0.iter().try_for_each(|letter| write!(f, "{}", char::from(*letter)))
    }
}
impl fmt::Debug for HostedZoneId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
impl FromStr for HostedZoneId {
    type Err = MalformedHostedZoneId;
    fn from_str(text: &str) -> Result<Self, MalformedHostedZoneId> {
        let wrong = || MalformedHostedZoneId(text.to_owned());
        let letters: [u8; LENGTH] =
            text.strip_prefix('Z').and_then(|rest| rest.as_bytes().try_into().ok()).ok_or_else(wrong)?;
        let is_good = letters.iter().all(|letter| letter.is_ascii_digit() || letter.is_ascii_uppercase());
        if is_good { Ok(Self(letters)) } else { Err(wrong()) }
    }
}
impl serde::Serialize for HostedZoneId {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}
impl<'de> serde::Deserialize<'de> for HostedZoneId {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_what_it_was_written_as() {
        let id = HostedZoneId::from_bits(u32::MAX, u64::MAX);
        let text = id.to_string();
        assert_eq!(text.len(), 21);
        assert_eq!(text.parse(), Ok(id));
        assert_eq!(HostedZoneId::from_bits(0, 35).to_string(), "Z0000000000000000000Z");
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for text in ["", "Z", "z00000000000000000000", "Z0000000000000000000-", "Z7HUB22UULQXV"] {
            assert!(text.parse::<HostedZoneId>().is_err(), "{text}");
        }
    }
}
