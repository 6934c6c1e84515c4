//! Whether a resource policy gives a secret to everybody: what BlockPublicPolicy refuses.

use postern_policy::{Condition, Document, Effect, Statement};

/// Keys that pin who asks or by which way, in lower case.
const PINS: &[&str] = &[
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceip",
    "aws:sourceorgid",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:userid",
    "aws:vpceaccount",
    "aws:vpceorgid",
];

pub fn is_public(document: &Document) -> bool {
    document.statements().iter().any(opens)
}

fn opens(statement: &Statement) -> bool {
    let everybody = statement
        .principals
        .as_ref()
        .is_some_and(|who| who.negated || who.listed.contains(&postern_policy::PrincipalName::Everyone));
    statement.effect == Effect::Allow && everybody && !statement.conditions.iter().any(pins)
}

/// A positive test for fixed values of a key that tells the caller.
fn pins(condition: &Condition) -> bool {
    let operator = condition.operator.to_lowercase();
    let word = operator.rsplit(':').next().unwrap_or_default();
    let positive = matches!(
        word,
        "stringequals" | "stringequalsignorecase" | "stringlike" | "arnequals" | "arnlike" | "ipaddress"
    );
    let fixed = |value: &String| !value.contains(['*', '?']) && !value.ends_with("/0");
    // A wildcard within an ARN still names an account.
    let arn = |value: &String| value.split(':').nth(4).is_some_and(|account| account.len() == 12);
    PINS.contains(&condition.key.to_lowercase().as_str())
        && positive
        && condition.values.iter().all(|value| fixed(value) || arn(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(principal: &str, condition: &str) -> Document {
        Document::parse_resource(&format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{principal},"Action":"secretsmanager:GetSecretValue","Resource":"*"{condition}}}]}}"#
        ))
        .unwrap()
    }

    #[test]
    fn everybody_without_a_pin_is_public() {
        assert!(is_public(&policy("\"*\"", "")));
        assert!(is_public(&policy(r#"{"AWS":"*"}"#, "")));
        assert!(is_public(&policy("\"*\"", r#","Condition":{"StringLike":{"aws:PrincipalOrgID":"o-*"}}"#)));
        assert!(is_public(&policy("\"*\"", r#","Condition":{"StringNotEquals":{"aws:SourceVpce":"vpce-1"}}"#)));
        assert!(is_public(&policy("\"*\"", r#","Condition":{"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}}"#)));
        assert!(is_public(&policy("\"*\"", r#","Condition":{"Bool":{"aws:SecureTransport":"true"}}"#)));
    }

    #[test]
    fn who_is_named_or_pinned_is_not_everybody() {
        assert!(!is_public(&policy(r#"{"AWS":"123456789012"}"#, "")));
        assert!(!is_public(&policy("\"*\"", r#","Condition":{"StringEquals":{"aws:SourceVpce":"vpce-1"}}"#)));
        assert!(!is_public(&policy(
            "\"*\"",
            r#","Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::123456789012:role/*"}}"#
        )));
    }
}
