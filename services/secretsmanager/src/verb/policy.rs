//! PutResourcePolicy, GetResourcePolicy, DeleteResourcePolicy, ValidateResourcePolicy.

use super::{durable, named};
use crate::desk::{Desk, set};
use crate::public;
use crate::refuse;
use postern_call::Refusal;
use postern_policy::{Document, Keys};
use serde_json::{Value, json};

/// Characters of a resource policy.
const CHARACTERS_MAX: usize = 20_480;

fn read(text: &str) -> Result<Document, Refusal> {
    if text.chars().count() > CHARACTERS_MAX {
        return Err(refuse::malformed_policy(format!("The policy is longer than {CHARACTERS_MAX} characters.")));
    }
    Document::parse_resource(text).map_err(|error| refuse::malformed_policy(error.reason))
}

pub async fn put(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let block = desk.input.truth("BlockPublicPolicy").unwrap_or(false);
    let mut keys = Keys::new();
    set(&mut keys, "blockpublicpolicy", Some(block));
    let secret = desk.living("PutResourcePolicy", keys)?;
    let text = desk.input.required("ResourcePolicy")?;
    let document = read(text)?;
    if block && public::is_public(&document) {
        let message = "You can't attach a resource policy that grants broad access to your secret.";
        return Err(Refusal::new("PublicPolicyException", message)
            .hint("a statement allows everybody and has no condition that pins the caller"));
    }
    let ((), pending) = desk.secrets.change(&secret, |change| {
        change.record.policy = Some(text.to_owned());
        Ok(())
    })?;
    durable(pending).await?;
    Ok(named(&secret.record))
}

pub fn get(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let secret = desk.living("GetResourcePolicy", Keys::new())?;
    let mut reply = named(&secret.record);
    if let Some(policy) = &secret.record.policy {
        reply["ResourcePolicy"] = json!(policy);
    }
    Ok(reply)
}

pub async fn delete(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let secret = desk.living("DeleteResourcePolicy", Keys::new())?;
    let ((), pending) = desk.secrets.change(&secret, |change| {
        change.record.policy = None;
        Ok(())
    })?;
    durable(pending).await?;
    Ok(named(&secret.record))
}

/// Whether PutResourcePolicy with BlockPublicPolicy would take the policy.
pub fn validate(desk: &Desk<'_>) -> Result<Value, Refusal> {
    match desk.input.text("SecretId") {
        Some(_) => {
            desk.living("ValidateResourcePolicy", Keys::new())?;
        }
        None => desk.ask("ValidateResourcePolicy", "*", desk.account()?, None, Keys::new())?,
    }
    let error = |name: &str, message: String| json!({ "CheckName": name, "ErrorMessage": message });
    let errors = match read(desk.input.required("ResourcePolicy")?) {
        Err(refusal) => vec![error("MALFORMED_POLICY", refusal.message)],
        Ok(document) if public::is_public(&document) => {
            vec![error("PUBLIC_POLICY", "The policy grants broad access to the secret.".to_owned())]
        }
        Ok(_) => Vec::new(),
    };
    Ok(json!({ "PolicyValidationPassed": errors.is_empty(), "ValidationErrors": errors }))
}
