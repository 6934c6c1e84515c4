//! Amazon Resource Names.

use std::fmt;
use std::str::FromStr;

/// `arn:partition:service:region:account:resource`; region and account may be empty, the resource may hold colons.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Arn {
    pub partition: String,
    pub service: String,
    pub region: String,
    pub account: String,
    pub resource: String,
}

impl Arn {
    /// An ARN in the `aws` partition.
    pub fn new(service: &str, region: &str, account: impl fmt::Display, resource: impl fmt::Display) -> Self {
        Self {
            partition: "aws".into(),
            service: service.into(),
            region: region.into(),
            account: account.to_string(),
            resource: resource.to_string(),
        }
    }
}

/// The text has fewer than six fields or does not begin with `arn:`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an ARN")]
pub struct MalformedArn(pub String);

impl FromStr for Arn {
    type Err = MalformedArn;
    fn from_str(text: &str) -> Result<Self, MalformedArn> {
        let mut fields = text.splitn(6, ':');
        let mut next = || fields.next().map(str::to_owned).ok_or_else(|| MalformedArn(text.to_owned()));
        if next()? != "arn" {
            return Err(MalformedArn(text.to_owned()));
        }
        Ok(Self { partition: next()?, service: next()?, region: next()?, account: next()?, resource: next()? })
    }
}
impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "arn:{}:{}:{}:{}:{}", self.partition, self.service, self.region, self.account, self.resource)
    }
}
impl fmt::Debug for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
impl serde::Serialize for Arn {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}
impl<'de> serde::Deserialize<'de> for Arn {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_resource_may_hold_colons() {
        let text = "arn:aws:logs:us-east-1:123456789012:log-group:a:*";
        let arn: Arn = text.parse().unwrap();
        assert_eq!(arn.resource, "log-group:a:*");
        assert_eq!(arn.to_string(), text);
        assert!("arn:aws:s3".parse::<Arn>().is_err());
    }
}
