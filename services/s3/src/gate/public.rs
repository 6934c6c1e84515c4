//! Whether a bucket policy is public in AWS's sense: somebody unknown is allowed, and no condition pins who or whence.

use serde_json::Value;

/// Condition keys that make a statement non-public when they are held to fixed values.
const PINNING: &[&str] = &[
    "aws:sourceip",
    "aws:sourcearn",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:sourceowner",
    "aws:sourceaccount",
    "aws:userid",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:principalarn",
    "aws:principalaccount",
    "aws:vpceaccount",
    "aws:vpceorgid",
    "aws:vpceorgpaths",
    "aws:vpcsourceip",
    "aws:resourceorgid",
    "s3:dataaccesspointarn",
    "s3:dataaccesspointaccount",
    "s3:x-amz-server-side-encryption-aws-kms-key-id",
];

/// Judges the policy's text; one that is not JSON allows nobody.
pub(crate) fn is_public(text: &str) -> bool {
    let Ok(policy) = serde_json::from_str::<Value>(text) else { return false };
    statements(&policy).into_iter().any(statement_is_public)
}

/// The statements, one or many.
pub(crate) fn statements(policy: &Value) -> Vec<&Value> {
    match policy.get("Statement") {
        Some(Value::Array(many)) => many.iter().collect(),
        Some(one) => vec![one],
        None => Vec::new(),
    }
}

/// The texts of a member that may be one text or a list.
pub(crate) fn texts(value: Option<&Value>) -> Vec<&str> {
    match value {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn statement_is_public(statement: &Value) -> bool {
    let allows = statement.get("Effect").and_then(Value::as_str) == Some("Allow");
    allows && principal_is_anyone(statement) && !is_pinned(statement)
}

fn principal_is_anyone(statement: &Value) -> bool {
    if statement.get("NotPrincipal").is_some() {
        return true;
    }
    match statement.get("Principal") {
        Some(Value::String(all)) => all == "*",
        Some(Value::Object(kinds)) => texts(kinds.get("AWS")).contains(&"*"),
        _ => false,
    }
}

fn is_pinned(statement: &Value) -> bool {
    let Some(Value::Object(operators)) = statement.get("Condition") else { return false };
    operators.iter().any(|(operator, keys)| {
        let operator = operator.to_ascii_lowercase();
        let pins = ["stringequals", "stringlike", "arnequals", "arnlike", "ipaddress"];
        let binding = pins.iter().any(|p| operator == *p || operator == format!("foranyvalue:{p}"));
        let Value::Object(keys) = keys else { return false };
        binding && keys.iter().any(|(key, values)| key_pins(&key.to_ascii_lowercase(), values))
    })
}

fn key_pins(key: &str, values: &Value) -> bool {
    let values = texts(Some(values));
    let fixed = |value: &&str| match key {
        "aws:sourceip" | "aws:vpcsourceip" => !is_wide(value),
        _ => !value.contains(['*', '?']) && !value.contains("${"),
    };
    PINNING.contains(&key) && !values.is_empty() && values.iter().all(fixed)
}

/// AWS calls IPv4 ranges wider than /8 and IPv6 ranges wider than /32 public.
fn is_wide(range: &str) -> bool {
    let Some((address, bits)) = range.split_once('/') else { return false };
    let narrowest = if address.contains(':') { 32 } else { 8 };
    bits.parse::<u8>().is_ok_and(|bits| bits < narrowest)
}

#[cfg(test)]
mod tests {
    use super::is_public;

    fn policy(principal: &str, condition: &str) -> String {
        format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{principal},"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"{condition}}}]}}"#
        )
    }

    #[test]
    fn anyone_without_a_pin_is_public() {
        assert!(is_public(&policy("\"*\"", "")));
        assert!(is_public(&policy(r#"{"AWS":"*"}"#, "")));
        assert!(is_public(&policy(r#"{"AWS":["*"]}"#, r#","Condition":{"StringLike":{"aws:SourceVpce":"vpce-*"}}"#)));
        assert!(is_public(&policy("\"*\"", r#","Condition":{"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}}"#)));
        assert!(is_public(&policy("\"*\"", r#","Condition":{"StringNotEquals":{"aws:SourceVpce":"vpce-1"}}"#)));
    }

    #[test]
    fn a_pin_or_a_name_is_not() {
        assert!(!is_public(&policy(r#"{"AWS":"arn:aws:iam::123456789012:root"}"#, "")));
        assert!(!is_public(&policy("\"*\"", r#","Condition":{"StringEquals":{"aws:SourceVpce":"vpce-1"}}"#)));
        assert!(!is_public(&policy("\"*\"", r#","Condition":{"IpAddress":{"aws:SourceIp":["10.0.0.0/8"]}}"#)));
        assert!(!is_public(&policy("\"*\"", "").replace("Allow", "Deny")));
        assert!(!is_public("not json"));
    }
}
