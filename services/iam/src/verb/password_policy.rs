//! The account's password policy. It binds the passwords of login profiles.

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

impl PasswordPolicy {
    /// Days after which a password must be changed.
    pub fn max_age(&self) -> Option<i64> {
        self.max_age
    }

    /// How many of the latest passwords may not come again.
    pub fn reuse_prevention(&self) -> Option<usize> {
        self.reuse_prevention.and_then(|latest| usize::try_from(latest).ok())
    }

    /// Whether users may change their own passwords whatever their policies say.
    pub fn may_change(&self) -> bool {
        self.may_change
    }

    /// What the text lacks to be a password; `None`: nothing.
    pub fn wanting(&self, text: &str) -> Option<String> {
        let has = |is: fn(char) -> bool| text.chars().any(is);
        let length = usize::try_from(self.minimum_length).unwrap_or_default();
        [
            (text.chars().count() >= length, format!("minimum length of {length}")),
            (!self.uppercase || has(|c| c.is_ascii_uppercase()), "at least one uppercase character".into()),
            (!self.lowercase || has(|c| c.is_ascii_lowercase()), "at least one lowercase character".into()),
            (!self.numbers || has(|c| c.is_ascii_digit()), "at least one number".into()),
            (!self.symbols || has(is_symbol), "at least one symbol".into()),
        ]
        .into_iter()
        .find_map(|(met, what)| (!met).then(|| format!("Password should have {what}")))
    }

    /// The same of an account without a policy: AWS's own rule.
    pub fn wanting_by_default(text: &str, alias: &str) -> Option<String> {
        let kinds: [fn(char) -> bool; 4] =
            [|c| c.is_ascii_uppercase(), |c| c.is_ascii_lowercase(), |c| c.is_ascii_digit(), is_symbol];
        let mix = kinds.into_iter().filter(|is| text.chars().any(is)).count();
        if text.chars().count() < 8 {
            return Some("Password should have minimum length of 8".into());
        }
        if mix < 3 {
            return Some("Password should have at least three of: uppercase, lowercase, numbers, and symbols".into());
        }
        (!alias.is_empty() && text == alias).then(|| "Password should not be the name of the account".into())
    }
}

/// The symbols that AWS counts.
fn is_symbol(c: char) -> bool {
    "!@#$%^&*()_+-=[]{}|'".contains(c)
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
