//! The `Action` element: which operations a statement is about.

use crate::key::NoKeys;
use crate::pattern::{Meaning, Pattern};

/// `service:Name` with wildcards in the name, or `*`. Letters of either case are the same.
#[derive(Debug, Clone)]
pub struct ActionPattern {
    text: String,
    service: Option<String>,
    name: Pattern,
}

impl ActionPattern {
    /// The error is AWS's sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        let name_of = |name: &str| Pattern::new(&name.to_lowercase(), Meaning { wildcards: true, variables: false });
        if text == "*" || text == "*:*" {
            return Ok(Self { text: text.to_owned(), service: None, name: name_of("*") });
        }
        let Some((service, name)) = text.split_once(':') else {
            return Err("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.".into());
        };
        let spelled_well = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if service.is_empty() || !service.chars().all(spelled_well) {
            return Err(format!("Vendor {service} is not valid"));
        }
        if name.is_empty() || name.contains(':') {
            return Err("Actions/Condition can contain only one colon.".into());
        }
        Ok(Self { text: text.to_owned(), service: Some(service.to_lowercase()), name: name_of(name) })
    }

    /// The pattern as it is written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The service's prefix in lower case; `None` for `*`.
    pub fn service(&self) -> Option<&str> {
        self.service.as_deref()
    }

    /// Whether it covers the action, given as service and name in lower case.
    pub(crate) fn covers(&self, service: &str, name: &str) -> bool {
        self.service.as_deref().is_none_or(|own| own == service) && self.name.matches(name, &NoKeys)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_does_not_count_and_wildcards_stay_in_the_name() {
        let get = ActionPattern::parse("S3:Get*").unwrap();
        assert!(get.covers("s3", "getobject"));
        assert!(!get.covers("s3", "putobject"));
        assert!(!get.covers("sqs", "getqueueurl"));
        assert!(ActionPattern::parse("*").unwrap().covers("ec2", "runinstances"));
        for bad in ["s3*:Get", "Get", "s3:", ":Get", "s3:a:b"] {
            assert!(ActionPattern::parse(bad).is_err(), "{bad}");
        }
    }
}
