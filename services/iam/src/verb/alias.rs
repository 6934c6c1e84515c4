//! The account's alias.

use super::{Request, nothing};
use crate::iam::Desk;
use crate::page::page;
use crate::refuse;
use crate::save::Touched;
use postern_call::Refusal;
use serde_json::{Value, json};

const MEMBER: &str = "AccountAlias";

pub fn create(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let alias = request.input.required(MEMBER)?;
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let good = (3..=63).contains(&alias.len())
        && alias.bytes().all(inner)
        && !alias.starts_with('-')
        && !alias.ends_with('-')
        && !alias.contains("--");
    if !good {
        let rule = "Member must satisfy regular expression pattern: ^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$";
        return Err(crate::input::constraint(alias, MEMBER, rule));
    }
    let id = desk.account_id;
    let taken = desk.state.accounts.iter().any(|(other, a)| *other != id && a.root.alias.as_deref() == Some(alias));
    if taken {
        return Err(refuse::already(format!("The account alias {alias} already exists.")));
    }
    desk.account().root.alias = Some(alias.to_owned());
    desk.touch(Touched::Root);
    nothing()
}

pub fn list(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let alias = desk.account().root.alias.iter().map(|alias| (alias.clone(), json!(alias))).collect();
    page(request.input, "AccountAliases", alias)
}

pub fn delete(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let alias = request.input.required(MEMBER)?;
    let root = &mut desk.account().root;
    if root.alias.as_deref() != Some(alias) {
        return Err(refuse::no_entity(format!("The account alias {alias} does not exist.")));
    }
    root.alias = None;
    desk.touch(Touched::Root);
    nothing()
}
