//! Accounts, regions and zones.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// A 12-digit AWS account number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(u64);

impl AccountId {
    /// The account that tests and labs use unless told otherwise.
    pub const DEFAULT: AccountId = AccountId(123_456_789_012);
}

/// The text is not twelve digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an account id of twelve digits")]
pub struct MalformedAccountId(pub String);

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:012}", self.0)
    }
}
impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
impl FromStr for AccountId {
    type Err = MalformedAccountId;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit()) {
            text.parse().map(AccountId).map_err(|_| MalformedAccountId(text.to_owned()))
        } else {
            Err(MalformedAccountId(text.to_owned()))
        }
    }
}
impl Serialize for AccountId {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for AccountId {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

macro_rules! word {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);
        impl $name {
            pub fn new(text: &str) -> Self { Self(text.into()) }
            pub fn as_str(&self) -> &str { &self.0 }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(&self.0) }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(&self.0) }
        }
        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> { s.serialize_str(&self.0) }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                Ok(Self::new(&std::borrow::Cow::<'de, str>::deserialize(d)?))
            }
        }
    };
}

word!(
    /// A region's name, `us-east-1`.
    Region
);
word!(
    /// A zone's name, `us-east-1a`.
    AvailabilityZone
);

impl Region {
    /// The zones of this region, in order: six in us-east-1, four in us-west-2, three elsewhere.
    pub fn zones(&self) -> Vec<AvailabilityZone> {
        let letters = match self.as_str() {
            "us-east-1" => "abcdef",
            "us-west-2" => "abcd",
            _ => "abc",
        };
        letters.chars().map(|c| AvailabilityZone::new(&format!("{self}{c}"))).collect()
    }
    /// The domain of instance names: `ec2.internal` in us-east-1, `<region>.compute.internal` elsewhere.
    pub fn internal_domain(&self) -> String {
        if self.as_str() == "us-east-1" { "ec2.internal".into() } else { format!("{self}.compute.internal") }
    }
    /// The short form that zone ids begin with: `use1` for us-east-1.
    pub fn zone_id_prefix(&self) -> String {
        let mut parts = self.as_str().split('-');
        let area = parts.next().unwrap_or_default();
        let rest: Vec<&str> = parts.collect();
        let (number, words) = rest.split_last().map_or(("", &[][..]), |(n, w)| (*n, w));
        let direction: String = words
            .iter()
            .map(|w| match *w {
                "northeast" => "ne",
                "northwest" => "nw",
                "southeast" => "se",
                "southwest" => "sw",
                "gov" => "g",
                other => other.get(..1).unwrap_or_default(),
            })
            .collect();
        format!("{area}{direction}{number}")
    }
}

impl AvailabilityZone {
    /// The region the zone lies in: its name without the last letter.
    pub fn region(&self) -> Region {
        let text = self.as_str();
        Region::new(text.strip_suffix(|c: char| c.is_ascii_lowercase()).unwrap_or(text))
    }
    /// The id that is the same for every account: `use1-az1` for the first zone.
    pub fn id(&self) -> String {
        let letter = self.as_str().bytes().last().unwrap_or(b'a');
        format!("{}-az{}", self.region().zone_id_prefix(), letter.saturating_sub(b'a') + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_have_ids() {
        assert_eq!(AvailabilityZone::new("us-east-1c").id(), "use1-az3");
        assert_eq!(AvailabilityZone::new("ap-southeast-2a").id(), "apse2-az1");
        assert_eq!(Region::new("us-east-1").zones().len(), 6);
    }

    #[test]
    fn an_account_keeps_its_leading_zeros() {
        assert_eq!("000000000042".parse::<AccountId>().unwrap().to_string(), "000000000042");
        assert!("42".parse::<AccountId>().is_err());
    }
}
