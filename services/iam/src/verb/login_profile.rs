//! Login profiles: a user's password, within the account's password policy.

use super::{PasswordPolicy, Request, nothing, time_text};
use crate::entity::User;
use crate::iam::Desk;
use crate::password::Password;
use crate::refuse;
use crate::save::Touched;
use crate::state::{Account, key};
use postern_call::{Principal, Refusal};
use serde_json::{Value, json};

pub fn create(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let name = request.user()?;
    let text = request.input.required("Password")?;
    let reset = request.input.truth("PasswordResetRequired").unwrap_or(false);
    let account = desk.account();
    if account.user(name)?.password.is_some() {
        return Err(refuse::already(format!("Login Profile for user {name} already exists.")));
    }
    obeys(account, text)?;
    let user = account.user_mut(name)?;
    user.password = Some(Password::new(text, reset, request.now)?);
    let reply = shape(user)?;
    desk.touch(Touched::User(key(name)));
    Ok(reply)
}

pub fn get(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    shape(desk.account().user(request.user()?)?)
}

pub fn update(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let name = request.input.name("UserName", 128)?;
    let text = request.input.text("Password");
    let reset = request.input.truth("PasswordResetRequired");
    let account = desk.account();
    shape(account.user(name)?)?;
    text.map(|text| obeys(account, text)).transpose()?;
    let user = account.user_mut(name)?;
    let Some(password) = &mut user.password else { return Err(none(name)) };
    if let Some(text) = text {
        password.change(text, request.now)?;
    }
    password.reset_required = reset.unwrap_or(password.reset_required);
    desk.touch(Touched::User(key(name)));
    nothing()
}

pub fn delete(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let name = request.user()?;
    desk.account().user_mut(name)?.password.take().ok_or_else(|| none(name))?;
    desk.touch(Touched::User(key(name)));
    nothing()
}

/// A user changes the own password.
pub fn change(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let Principal::User { name, .. } = &request.caller.principal else {
        return Err(refuse::invalid_user_type("Only IAM Users can change their own password"));
    };
    let (old, new) = (request.input.required("OldPassword")?, request.input.required("NewPassword")?);
    let account = desk.account();
    let policy = account.root.password_policy.clone();
    let denied = |message: &str| Err(Refusal::new("AccessDenied", message).status(403));
    let user = account.user(name)?;
    let Some(password) = &user.password else { return Err(none(name)) };
    if !password.is(old) {
        return denied("The old password was incorrect.");
    }
    obeys(account, new)?;
    if let Some(latest) = policy.and_then(|policy| policy.reuse_prevention())
        && password.was(new, latest)
    {
        return Err(violation("Policy constraint violation with password reuse prevention during password change"));
    }
    let Some(password) = &mut account.user_mut(name)?.password else { return Err(none(name)) };
    password.change(new, request.now)?;
    password.reset_required = false;
    desk.touch(Touched::User(key(name)));
    nothing()
}

/// Whether the text is a password that the account's policy, or AWS's default one, lets through.
fn obeys(account: &Account, text: &str) -> Result<(), Refusal> {
    if !(1..=128).contains(&text.chars().count()) {
        let rule = "Member must have length between 1 and 128";
        return Err(crate::input::constraint("*****", "Password", rule));
    }
    let wanting = match &account.root.password_policy {
        Some(policy) => policy.wanting(text),
        None => PasswordPolicy::wanting_by_default(text, &account.root.alias.clone().unwrap_or_default()),
    };
    wanting.map_or(Ok(()), |wanting| Err(violation(&wanting)))
}

fn violation(message: &str) -> Refusal {
    Refusal::new("PasswordPolicyViolation", message)
}

fn none(name: &str) -> Refusal {
    refuse::no_entity(format!("Login Profile for User {name} cannot be found."))
}

fn shape(user: &User) -> Result<Value, Refusal> {
    let password = user.password.as_ref().ok_or_else(|| none(&user.name))?;
    Ok(json!({ "LoginProfile": {
        "UserName": user.name,
        "CreateDate": time_text(password.created),
        "PasswordResetRequired": password.reset_required,
    }}))
}
