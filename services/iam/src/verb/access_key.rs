//! Access keys of users and of the account's root.

use super::{Request, is_active, nothing, time_text};
use crate::entity::AccessKey;
use crate::iam::Desk;
use crate::page::page;
use crate::save::Touched;
use crate::state::{Holder, key};
use crate::{ids, refuse};
use postern_call::{Principal, Refusal};
use serde_json::{Value, json};

const KEYS_PER_USER: usize = 2;

/// Whose keys a request is about.
struct Owner {
    /// `None` for root.
    user: Option<String>,
    shown: String,
}

pub fn create(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let owner = owner(desk, request)?;
    let account = desk.account_id;
    let keys = keys(desk, &owner)?;
    if keys.len() >= KEYS_PER_USER {
        return Err(refuse::quota("AccessKeysPerUser", KEYS_PER_USER));
    }
    let made = AccessKey { id: ids::access_key("AKIA")?, secret: ids::secret()?, active: true, created: request.now };
    keys.push(made.clone());
    touch(desk, &owner);
    desk.state.keys.insert(made.id.clone(), Holder { account, user: owner.user });
    Ok(json!({ "AccessKey": {
        "UserName": owner.shown,
        "AccessKeyId": made.id,
        "Status": "Active",
        "SecretAccessKey": made.secret,
        "CreateDate": time_text(made.created),
    }}))
}

pub fn list(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let owner = owner(desk, request)?;
    let shape = |(place, access_key): (usize, &AccessKey)| {
        let status = if access_key.active { "Active" } else { "Inactive" };
        let shape = json!({
            "UserName": owner.shown,
            "AccessKeyId": access_key.id,
            "Status": status,
            "CreateDate": time_text(access_key.created),
        });
        (format!("{place:04}"), shape)
    };
    let items = keys(desk, &owner)?.iter().enumerate().map(shape).collect();
    page(request.input, "AccessKeyMetadata", items)
}

pub fn update(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let id = request.input.required("AccessKeyId")?;
    let active = is_active(request)?;
    let owner = owner(desk, request)?;
    let found = keys(desk, &owner)?.iter_mut().find(|access_key| access_key.id == id);
    found.ok_or_else(|| refuse::no_such_key(id))?.active = active;
    touch(desk, &owner);
    nothing()
}

pub fn delete(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let id = request.input.required("AccessKeyId")?;
    let owner = owner(desk, request)?;
    let keys = keys(desk, &owner)?;
    if !keys.iter().any(|access_key| access_key.id == id) {
        return Err(refuse::no_such_key(id));
    }
    keys.retain(|access_key| access_key.id != id);
    desk.state.keys.remove(id);
    touch(desk, &owner);
    nothing()
}

/// The user named; else the owner of the key named; else the sender.
fn owner(desk: &Desk<'_>, request: &Request<'_>) -> Result<Owner, Refusal> {
    if request.input.text("UserName").is_none() {
        if let Principal::Root { .. } = request.caller.principal {
            return Ok(Owner { user: None, shown: "root".into() });
        }
        let named = request.input.text("AccessKeyId").and_then(|id| desk.state.keys.get(id));
        if let Some(Holder { account, user: Some(user) }) = named
            && *account == desk.account_id
        {
            return Ok(Owner { user: Some(user.clone()), shown: user.clone() });
        }
    }
    let name = request.user()?;
    Ok(Owner { user: Some(key(name)), shown: name.to_owned() })
}

fn keys<'d>(desk: &'d mut Desk<'_>, owner: &Owner) -> Result<&'d mut Vec<AccessKey>, Refusal> {
    let account = desk.account();
    Ok(match &owner.user {
        Some(_) => &mut account.user_mut(&owner.shown)?.keys,
        None => &mut account.root.keys,
    })
}

fn touch(desk: &mut Desk<'_>, owner: &Owner) {
    desk.touch(owner.user.clone().map_or(Touched::Root, Touched::User));
}
