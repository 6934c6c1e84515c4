//! GetKeyPolicy, PutKeyPolicy, ListKeyPolicies: a key has one policy, named `default`.

use super::nothing;
use crate::desk::{By, Desk};
use crate::policy;
use postern_call::Refusal;
use postern_policy::Keys;
use serde_json::{Value, json};

pub fn get(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let named = desk.key("GetKeyPolicy", By::OwnId, Keys::new())?;
    the_default(desk)?;
    Ok(json!({ "Policy": named.key.record.policy, "PolicyName": "default" }))
}

pub fn put(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let bypass = desk.input.truth("BypassPolicyLockoutSafetyCheck").unwrap_or(false);
    let asked = super::keys([("bypasspolicylockoutsafetycheck", if bypass { "true" } else { "false" })]);
    let named = desk.key("PutKeyPolicy", By::OwnId, asked)?;
    the_default(desk)?;
    let record = &named.key.record;
    let text = desk.input.required("Policy")?;
    policy::read(text, &record.arn(), record.account, desk.call, bypass)?;
    let (_, pending) = desk.kms.change(&record.id, |record| {
        record.policy = text.to_owned();
        Ok(())
    })?;
    desk.wait_for([pending]);
    nothing()
}

pub fn list(desk: &Desk<'_>) -> Result<Value, Refusal> {
    desk.key("ListKeyPolicies", By::OwnId, Keys::new())?;
    Ok(json!({ "PolicyNames": ["default"], "Truncated": false }))
}

fn the_default(desk: &Desk<'_>) -> Result<(), Refusal> {
    match desk.input.text("PolicyName") {
        None | Some("default") => Ok(()),
        Some(name) => Err(Refusal::new("NotFoundException", format!("No such policy exists: {name}"))),
    }
}
