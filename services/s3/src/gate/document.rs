//! What a bucket policy must be beyond a policy document: it names a principal, S3's actions, and this bucket.

use super::public::{statements, texts};
use crate::error::{Answer, refuse_with};
use postern_policy::Document;
use serde_json::Value;

/// Characters that a bucket policy may have.
const LONGEST: usize = 20 * 1024;

/// Reads a policy for the bucket, or says with AWS's sentence what is wrong with it.
pub(crate) fn read(text: &str, bucket: &str) -> Answer<Document> {
    let malformed = |message: &str| refuse_with("MalformedPolicy", message);
    if text.len() > LONGEST {
        return Err(malformed("Policy exceeds the maximum allowed document size."));
    }
    let policy: Value = match serde_json::from_str(text) {
        Ok(policy @ Value::Object(_)) => policy,
        _ => return Err(malformed("Policies must be valid JSON and the first byte must be '{'")),
    };
    if let Some(version) = policy.get("Version")
        && !matches!(version.as_str(), Some("2012-10-17" | "2008-10-17"))
    {
        return Err(malformed("The policy must contain a valid version string"));
    }
    if statements(&policy).is_empty() {
        return Err(malformed("Missing required field Statement"));
    }
    for statement in statements(&policy) {
        check_statement(statement, bucket).map_err(|message| malformed(&message))?;
    }
    Document::parse(text).map_err(|e| malformed(&format!("Policy has invalid syntax: {}", e.reason)))
}

fn check_statement(statement: &Value, bucket: &str) -> Result<(), String> {
    let member = |one: &str, other: &str| {
        let found = statement.get(one).or_else(|| statement.get(other));
        found.map(|v| texts(Some(v))).ok_or_else(|| format!("Missing required field {one}"))
    };
    match statement.get("Effect").and_then(Value::as_str) {
        Some("Allow" | "Deny") => {}
        Some(other) => return Err(format!("Invalid effect: {other}")),
        None => return Err("Missing required field Effect".into()),
    }
    check_principal(statement)?;
    let actions = member("Action", "NotAction")?;
    if actions.is_empty() || !actions.iter().all(|a| *a == "*" || a.to_ascii_lowercase().starts_with("s3:")) {
        return Err("Policy has invalid action".into());
    }
    let resources = member("Resource", "NotResource")?;
    if resources.is_empty() || !resources.iter().all(|r| is_within(r, bucket)) {
        return Err("Policy has invalid resource".into());
    }
    let fits = actions.iter().any(|a| resources.iter().any(|r| applies(a, r)));
    if !fits && statement.get("Action").is_some() && statement.get("Resource").is_some() {
        return Err("Action does not apply to any resource(s) in statement".into());
    }
    Ok(())
}

fn check_principal(statement: &Value) -> Result<(), String> {
    let principal = statement.get("Principal").or_else(|| statement.get("NotPrincipal"));
    let kinds = match principal {
        None => return Err("Missing required field Principal".into()),
        Some(Value::String(all)) if all == "*" => return Ok(()),
        Some(Value::Object(kinds)) if !kinds.is_empty() => kinds,
        Some(_) => return Err("Invalid policy syntax.".into()),
    };
    let known = ["AWS", "Service", "Federated", "CanonicalUser"];
    if !kinds.keys().all(|k| known.contains(&k.as_str())) {
        return Err("Invalid policy syntax.".into());
    }
    let good = |p: &&str| {
        *p == "*" || p.starts_with("arn:") || p.parse::<postern_names::AccountId>().is_ok() || is_unique_id(p)
    };
    if !texts(kinds.get("AWS")).iter().all(good) {
        return Err("Invalid principal in policy".into());
    }
    Ok(())
}

/// What a deleted user or role leaves in a stored policy.
fn is_unique_id(text: &str) -> bool {
    text.len() > 16 && text.starts_with('A') && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// Whether the resource is this bucket or objects in it.
fn is_within(resource: &str, bucket: &str) -> bool {
    let Some(name) = resource.strip_prefix("arn:aws:s3:::") else { return false };
    let name = name.split_once('/').map_or(name, |(name, _)| name);
    name == bucket || (name.contains(['*', '?']) && wild(name, bucket))
}

/// `*` and `?` as in policies.
fn wild(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    // Where the last star stood, and how much of the text it has taken.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(c) if *c == b'?' || text.get(t) == Some(c) => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((at, taken)) = star else { return false };
                star = Some((at, taken + 1));
                p = at + 1;
                t = taken + 1;
            }
        }
    }
    pattern.iter().skip(p).all(|c| *c == b'*')
}

/// Whether an action on objects stands beside objects, or one on the bucket beside the bucket.
fn applies(action: &str, resource: &str) -> bool {
    let name = action.get(3..).unwrap_or_default();
    if action == "*" || name.contains(['*', '?']) {
        return true;
    }
    let resource = resource.strip_prefix("arn:aws:s3:::").unwrap_or_default();
    let objects = resource.contains('/') || resource.ends_with('*');
    let bucket = !resource.contains('/');
    if is_on_objects(name) { objects } else { bucket }
}

fn is_on_objects(action: &str) -> bool {
    let action = action.to_ascii_lowercase();
    let bucket_level = ["getbucketobjectlockconfiguration", "putbucketobjectlockconfiguration"];
    (action.contains("object") && !bucket_level.contains(&action.as_str()))
        || ["abortmultipartupload", "listmultipartuploadparts", "bypassgovernanceretention"].contains(&action.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(action: &str, resource: &str) -> String {
        format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Deny","Principal":"*","Action":"{action}","Resource":"{resource}"}}}}"#
        )
    }

    fn says(text: &str) -> String {
        read(text, "logs").unwrap_err().message
    }

    #[test]
    fn a_policy_speaks_of_its_own_bucket() {
        assert!(read(&with("s3:*", "arn:aws:s3:::logs"), "logs").is_ok());
        assert!(read(&with("s3:GetObject", "arn:aws:s3:::logs/*"), "logs").is_ok());
        assert!(read(&with("s3:GetObject", "arn:aws:s3:::lo*"), "logs").is_ok());
        assert_eq!(says(&with("s3:GetObject", "arn:aws:s3:::other/*")), "Policy has invalid resource");
        assert_eq!(says(&with("ec2:RunInstances", "arn:aws:s3:::logs")), "Policy has invalid action");
        let apart = "Action does not apply to any resource(s) in statement";
        assert_eq!(says(&with("s3:GetObject", "arn:aws:s3:::logs")), apart);
        assert_eq!(says(&with("s3:ListBucket", "arn:aws:s3:::logs/*")), apart);
    }

    #[test]
    fn what_is_no_policy_is_named() {
        assert!(says("hello").starts_with("Policies must be valid JSON"));
        assert!(says("[]").starts_with("Policies must be valid JSON"));
        assert_eq!(says("{}"), "Missing required field Statement");
        let nobody = with("s3:*", "arn:aws:s3:::logs").replace(r#""Principal":"*","#, "");
        assert_eq!(says(&nobody), "Missing required field Principal");
        let wrong = with("s3:*", "arn:aws:s3:::logs").replace(r#""Principal":"*""#, r#""Principal":{"AWS":"bob"}"#);
        assert_eq!(says(&wrong), "Invalid principal in policy");
    }
}
