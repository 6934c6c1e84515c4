//! AWS's managed policies: written by us to the published effect of each. One that is not here does not exist.

mod further;
mod list;

use crate::document::Doc;
use crate::ids;
use list::{Grant, POLICIES};
use postern_policy::Document;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The only version of each.
pub const VERSION: &str = "v1";
/// 2015-02-06T18:40:00Z, when AWS introduced the first of them.
pub const CREATED: i64 = 1_423_248_000;

/// One of AWS's policies.
pub struct AwsPolicy {
    pub name: String,
    pub arn: String,
    pub id: String,
    pub document: Doc,
}

/// The policy of this ARN.
pub fn find(arn: &str) -> Option<&'static AwsPolicy> {
    BY_ARN.get(arn)
}

/// All of them, by ARN.
pub fn all() -> impl Iterator<Item = &'static AwsPolicy> {
    BY_ARN.values()
}

static BY_ARN: LazyLock<BTreeMap<String, AwsPolicy>> = LazyLock::new(|| {
    let policies = POLICIES.iter().chain(further::POLICIES).filter_map(|(place, grants)| {
        let statements: Vec<Value> = grants.iter().map(statement).collect();
        let text = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
        // The tests parse every one of the list; a text that did not parse would be absent, never permissive.
        let document = Document::parse_identity(&text).ok()?;
        let name = place.rsplit('/').next().unwrap_or(place).to_owned();
        let arn = format!("arn:aws:iam::aws:policy/{place}");
        Some((arn.clone(), AwsPolicy { id: ids::of_name("ANPA", &arn), name, arn, document: Doc::new(document) }))
    });
    policies.collect()
});

fn statement(grant: &Grant) -> Value {
    match grant {
        Grant::Allow(actions) => json!({ "Effect": "Allow", "Action": one_or_all(actions), "Resource": "*" }),
        Grant::AllOthers(actions) => json!({ "Effect": "Allow", "NotAction": actions, "Resource": "*" }),
        Grant::On(actions, resources) => {
            json!({ "Effect": "Allow", "Action": one_or_all(actions), "Resource": one_or_all(resources) })
        }
        Grant::Pass(roles, services) => json!({
            "Effect": "Allow",
            "Action": "iam:PassRole",
            "Resource": one_or_all(roles),
            "Condition": { "StringEquals": { "iam:PassedToService": one_or_all(services) } },
        }),
        Grant::LinkedRole(services) => json!({
            "Effect": "Allow",
            "Action": "iam:CreateServiceLinkedRole",
            "Resource": "*",
            "Condition": { "StringEquals": { "iam:AWSServiceName": one_or_all(services) } },
        }),
    }
}

fn one_or_all(items: &[&str]) -> Value {
    match items {
        [one] => json!(one),
        all => json!(all),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_policy_of_the_list_parses_and_has_its_own_id() {
        assert_eq!(BY_ARN.len(), POLICIES.len() + further::POLICIES.len());
        assert!(BY_ARN.len() >= 60, "{}", BY_ARN.len());
        let ids: std::collections::BTreeSet<&String> = all().map(|policy| &policy.id).collect();
        assert_eq!(ids.len(), BY_ARN.len());
        let basic = find("arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole").unwrap();
        assert_eq!(basic.name, "AWSLambdaBasicExecutionRole");
        assert!(basic.document.text().contains("logs:CreateLogGroup"));
        assert!(find("arn:aws:iam::aws:policy/NoSuchPolicy").is_none());
    }

    #[test]
    fn no_policy_of_the_list_names_what_does_not_exist() {
        use postern_policy::lint::{FindingKind, LintKind, lint};
        for policy in all() {
            let findings = lint(policy.document.text(), LintKind::Identity);
            let errors: Vec<_> = findings.iter().filter(|finding| finding.kind == FindingKind::Error).collect();
            assert!(errors.is_empty(), "{}: {errors:#?}", policy.name);
        }
    }
}
