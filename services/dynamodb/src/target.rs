//! Which table is meant: by its name in the caller's account, or by its ARN in any.

use crate::refuse;
use postern_call::Refusal;
use postern_names::{AccountId, Region};

/// A table, there or not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    pub account: AccountId,
    pub region: Region,
    pub table: String,
}

impl Target {
    /// Reads a `TableName`, which may be an ARN.
    pub fn named(text: &str, account: AccountId, region: &Region) -> Result<Self, Refusal> {
        if text.starts_with("arn:") {
            return Self::at(text, region).map(|(target, _)| target);
        }
        Ok(Self { account, region: region.clone(), table: text.to_owned() })
    }

    /// Reads the ARN of a table or of something below it: what stands behind the table's name is given too (`index/by-age`).
    pub fn at<'t>(arn: &'t str, region: &Region) -> Result<(Self, Option<&'t str>), Refusal> {
        let invalid = || refuse::validation(format!("Invalid TableArn: Invalid ResourceArn provided as input {arn}"));
        let rest = arn.strip_prefix("arn:aws:dynamodb:").ok_or_else(invalid)?;
        let mut fields = rest.splitn(3, ':');
        let (Some(place), Some(account), Some(resource)) = (fields.next(), fields.next(), fields.next()) else {
            return Err(invalid());
        };
        let account = account.parse().map_err(|_| invalid())?;
        let path = resource.strip_prefix("table/").ok_or_else(invalid)?;
        let (table, below) = path.split_once('/').map_or((path, None), |(table, below)| (table, Some(below)));
        if !is_name(table) {
            return Err(invalid());
        }
        if place != region.as_str() {
            return Err(refuse::no_resource(arn));
        }
        Ok((Self { account, region: region.clone(), table: table.to_owned() }, below))
    }

    pub fn arn(&self) -> String {
        format!("arn:aws:dynamodb:{}:{}:table/{}", self.region, self.account, self.table)
    }

    pub fn index_arn(&self, index: &str) -> String {
        format!("{}/index/{index}", self.arn())
    }
}

/// Whether it has the form of a table's name.
pub fn is_name(text: &str) -> bool {
    (3..=255).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_told_by_name_or_arn() {
        let (account, region) = ("123456789012".parse().unwrap(), Region::new("us-east-1"));
        let own = Target::named("music", account, &region).unwrap();
        assert_eq!(own.arn(), "arn:aws:dynamodb:us-east-1:123456789012:table/music");
        let other = Target::named("arn:aws:dynamodb:us-east-1:210987654321:table/music", account, &region).unwrap();
        assert_eq!((other.account.to_string().as_str(), other.table.as_str()), ("210987654321", "music"));
        let index = own.index_arn("by-age");
        let (_, below) = Target::at(&index, &region).unwrap();
        assert_eq!(below, Some("index/by-age"));
    }

    #[test]
    fn what_is_no_arn_of_this_region_is_refused() {
        let region = Region::new("us-east-1");
        for arn in
            ["arn:aws:s3:::b", "arn:aws:dynamodb:us-east-1:1:table/music", "arn:aws:dynamodb:us-east-1:123456789012:t"]
        {
            assert_eq!(Target::at(arn, &region).unwrap_err().code, "ValidationException", "{arn}");
        }
        let far = "arn:aws:dynamodb:eu-west-1:123456789012:table/music";
        assert_eq!(Target::at(far, &region).unwrap_err().code, "ResourceNotFoundException");
    }
}
