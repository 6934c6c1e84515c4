//! The account's password policy. It is kept and told; there are no console passwords that it could bind.

use super::{Request, compact, nothing};
use crate::iam::Desk;
use crate::refuse;
use crate::save::Touched;
use postern_call::Refusal;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What it demands of passwords.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordPolicy {
    minimum_length: i64,
    symbols: bool,
    numbers: bool,
    uppercase: bool,
    lowercase: bool,
    may_change: bool,
    /// Days; none: passwords do not expire.
    max_age: Option<i64>,
    reuse_prevention: Option<i64>,
    hard_expiry: Option<bool>,
}

/// What the request leaves out goes back to its default, as in AWS.
pub fn update(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let input = request.input;
    let truth = |member: &str| input.truth(member).unwrap_or(false);
    let policy = PasswordPolicy {
        minimum_length: input.bounded("MinimumPasswordLength", 6, 128)?.unwrap_or(6),
        symbols: truth("RequireSymbols"),
        numbers: truth("RequireNumbers"),
        uppercase: truth("RequireUppercaseCharacters"),
        lowercase: truth("RequireLowercaseCharacters"),
        may_change: truth("AllowUsersToChangePassword"),
        max_age: input.bounded("MaxPasswordAge", 1, 1095)?,
        reuse_prevention: input.bounded("PasswordReusePrevention", 1, 24)?,
        hard_expiry: input.truth("HardExpiry"),
    };
    desk.account().root.password_policy = Some(policy);
    desk.touch(Touched::Root);
    nothing()
}

pub fn get(desk: &mut Desk<'_>, _: &Request<'_>) -> Result<Value, Refusal> {
    let id = desk.account_id.to_string();
    let policy = desk.account().root.password_policy.as_ref().ok_or_else(|| none(&id))?;
    Ok(json!({ "PasswordPolicy": compact(json!({
        "MinimumPasswordLength": policy.minimum_length,
        "RequireSymbols": policy.symbols,
        "RequireNumbers": policy.numbers,
        "RequireUppercaseCharacters": policy.uppercase,
        "RequireLowercaseCharacters": policy.lowercase,
        "AllowUsersToChangePassword": policy.may_change,
        "ExpirePasswords": policy.max_age.is_some(),
        "MaxPasswordAge": policy.max_age,
        "PasswordReusePrevention": policy.reuse_prevention,
        "HardExpiry": policy.hard_expiry,
    })) }))
}

pub fn delete(desk: &mut Desk<'_>, _: &Request<'_>) -> Result<Value, Refusal> {
    let id = desk.account_id.to_string();
    desk.account().root.password_policy.take().ok_or_else(|| none(&id))?;
    desk.touch(Touched::Root);
    nothing()
}

fn none(account: &str) -> Refusal {
    refuse::no_entity(format!("The Password Policy with domain name {account} cannot be found."))
}
