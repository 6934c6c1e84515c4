//! The `Resource` element, and ARN patterns wherever they appear: six fields, each compared alone.

use crate::key::Lookup;
use crate::pattern::{Meaning, Pattern, arn_fields};

/// A pattern of a `Resource` element: `*`, or an ARN with wildcards inside its fields. Letters' case counts.
#[derive(Debug, Clone)]
pub struct ResourcePattern {
    text: String,
    arn: ArnPattern,
}

impl ResourcePattern {
    /// Fields left out at the end stand for anything (`arn:aws:sqs`). Variables count only behind the fifth colon.
    /// The error is AWS's sentence.
    pub fn parse(text: &str, variables: bool) -> Result<Self, String> {
        if text == "*" {
            return Ok(Self { text: text.to_owned(), arn: ArnPattern::Any });
        }
        let fields = arn_fields(text);
        if fields[0] != Some("arn") || fields[2].is_none_or(str::is_empty) {
            return Err(format!("Resource {text} must be in ARN format or \"*\"."));
        }
        let partition = fields[1].unwrap_or_default();
        if !(partition.starts_with("aws") || partition.contains(['*', '?'])) {
            return Err(format!("Partition \"{partition}\" is not valid for resource \"{text}\"."));
        }
        if fields[2].unwrap_or_default().contains(['*', '?']) {
            return Err(format!("Resource vendor must be fully qualified and cannot contain regexes: {text}"));
        }
        let pattern = |field: usize, variables: bool| {
            Pattern::new(fields[field].unwrap_or("*"), Meaning { wildcards: true, variables })
        };
        let arn = ArnPattern::Fields(Box::new([
            pattern(1, false),
            pattern(2, false),
            pattern(3, false),
            pattern(4, false),
            pattern(5, variables),
        ]));
        Ok(Self { text: text.to_owned(), arn })
    }

    /// The pattern as it is written.
    pub fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn covers(&self, resource: &AskedArn<'_>, keys: &impl Lookup) -> bool {
        self.arn.covers(resource, keys)
    }
}

/// A pattern for whole ARNs.
#[derive(Debug, Clone)]
pub enum ArnPattern {
    Any,
    /// A variable that holds the whole ARN.
    Whole(Pattern),
    /// Partition, service, region, account, resource.
    Fields(Box<[Pattern; 5]>),
}

impl ArnPattern {
    /// The pattern of an ARN condition: wildcards and variables in every field. `None` if it has not six fields and is
    /// no variable that holds them.
    pub fn of_condition(text: &str, variables: bool) -> Option<Self> {
        if text == "*" {
            return Some(Self::Any);
        }
        let meaning = Meaning { wildcards: true, variables };
        if variables && text.starts_with("${") {
            return Some(Self::Whole(Pattern::new(text, meaning)));
        }
        let [Some("arn"), Some(a), Some(b), Some(c), Some(d), Some(e)] = arn_fields(text) else { return None };
        Some(Self::Fields(Box::new([a, b, c, d, e].map(|field| Pattern::new(field, meaning)))))
    }

    pub fn covers(&self, asked: &AskedArn<'_>, keys: &impl Lookup) -> bool {
        match (self, asked) {
            (Self::Any, _) => true,
            (_, AskedArn::NoArn) => false,
            (Self::Whole(pattern), AskedArn::Fields([a, b, c, d, e])) => {
                pattern.matches(&format!("arn:{a}:{b}:{c}:{d}:{e}"), keys)
            }
            // From the last field, which differs most often.
            (Self::Fields(patterns), AskedArn::Fields(fields)) => {
                patterns.iter().zip(fields).rev().all(|(pattern, field)| pattern.matches(field, keys))
            }
        }
    }
}

/// The ARN of a request, cut into its fields once.
#[derive(Debug, Clone, Copy)]
pub enum AskedArn<'a> {
    /// `*`, or anything else that is no ARN: only `*` covers it.
    NoArn,
    Fields([&'a str; 5]),
}

impl<'a> AskedArn<'a> {
    pub fn new(text: &'a str) -> Self {
        let mut fields = text.splitn(6, ':');
        let mut next = || fields.next();
        match (next(), next(), next(), next(), next(), next()) {
            (Some("arn"), Some(a), Some(b), Some(c), Some(d), Some(e)) => Self::Fields([a, b, c, d, e]),
            _ => Self::NoArn,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Keys;

    fn covers(pattern: &str, asked: &str) -> bool {
        let keys = Keys::from([("aws:username".into(), vec!["ann".into()])]);
        ResourcePattern::parse(pattern, true).unwrap().covers(&AskedArn::new(asked), &keys)
    }

    #[test]
    fn each_field_is_compared_alone() {
        for (pattern, asked, expected) in [
            ("*", "*", true),
            ("*", "arn:aws:s3:::b", true),
            ("arn:aws:s3:::b", "*", false),
            ("arn:aws:s3:::b/*", "arn:aws:s3:::b/x/y", true),
            ("arn:aws:s3:::b/*", "arn:aws:s3:::b", false),
            ("arn:aws:s3:::B", "arn:aws:s3:::b", false),
            ("arn:aws:logs:*:*:log-group:a*", "arn:aws:logs:us-east-1:1:log-group:a:log-stream:s", true),
            ("arn:aws:sqs:us-*:1:q", "arn:aws:sqs:us-east-1:1:q", true),
            ("arn:aws:sqs:*:q", "arn:aws:sqs:us-east-1:1:q", false),
            ("arn:aws:sqs", "arn:aws:sqs:us-east-1:1:q", true),
            ("arn:*:s3:::b", "arn:aws-cn:s3:::b", true),
            ("arn:aws:s3:::home/${aws:username}/*", "arn:aws:s3:::home/ann/1", true),
            ("arn:aws:s3:::home/${aws:missing}/*", "arn:aws:s3:::home//1", false),
            ("arn:aws:iam::${aws:username}:user/a", "arn:aws:iam::ann:user/a", false),
        ] {
            assert_eq!(covers(pattern, asked), expected, "{pattern} {asked}");
        }
    }

    #[test]
    fn what_is_no_arn_is_refused() {
        for bad in ["bucket", "arn:aws", "arn:aws:s*:::b", "arn:azure:s3:::b", "", "arn:aws::x"] {
            assert!(ResourcePattern::parse(bad, true).is_err(), "{bad}");
        }
    }
}
