//! The operations, by what they are about.

pub mod list;
pub mod permission;
pub mod publish;
pub mod subscribe;
pub mod subscription;
pub mod tags;
pub mod topic;

use postern_call::{Call, Refusal};
use postern_names::AccountId;
use serde_json::{Map, Value};

/// A reply without members.
fn nothing() -> Result<Value, Refusal> {
    Ok(Value::Object(Map::new()))
}

/// The caller's account.
fn account(call: &Call) -> Result<AccountId, Refusal> {
    call.caller.account().ok_or_else(|| {
        Refusal::new("MissingAuthenticationToken", "Request is missing Authentication Token").status(403)
    })
}
