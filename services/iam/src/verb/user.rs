//! Users: create, get, list, update, delete.

use super::{Request, bound, boundary, boundary_shape, compact, nothing, tag_list, time_text};
use crate::entity::{Policies, User};
use crate::iam::Desk;
use crate::page::page;
use crate::save::Touched;
use crate::state::{Holder, key};
use crate::{ids, refuse};
use postern_call::{Principal, Refusal};
use postern_names::AccountId;
use serde_json::{Value, json};

const USERS_MAX: usize = 5000;

pub fn create(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let name = request.input.name("UserName", 64)?;
    let path = request.input.path("Path")?;
    let tags = request.input.tags()?;
    let limit = boundary::named(desk, request)?;
    let account_id = desk.account_id;
    let account = desk.account();
    if account.users.contains_key(&key(name)) {
        return Err(refuse::exists("User", name));
    }
    if account.users.len() >= USERS_MAX {
        return Err(refuse::quota("UsersPerAccount", USERS_MAX));
    }
    let user = User {
        name: name.to_owned(),
        path: path.to_owned(),
        id: ids::unique("AIDA")?,
        created: request.now,
        tags,
        boundary: limit,
        policies: Policies::default(),
        keys: Vec::new(),
        password: None,
        ssh_keys: Vec::new(),
        certificates: Vec::new(),
    };
    let reply = json!({ "User": shape(account_id, &user, true) });
    account.users.insert(key(name), user);
    desk.touch(Touched::User(key(name)));
    Ok(reply)
}

pub fn get(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let account_id = desk.account_id;
    if let (None, Principal::Root { account }) = (request.input.text("UserName"), &request.caller.principal) {
        let created = time_text(desk.account().root.created);
        let arn = format!("arn:aws:iam::{account}:root");
        return Ok(json!({ "User": { "UserId": account.to_string(), "Arn": arn, "CreateDate": created } }));
    }
    Ok(json!({ "User": shape(account_id, desk.account().user(request.user()?)?, true) }))
}

pub fn list(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let (id, prefix) = (desk.account_id, request.input.path_prefix()?);
    let users = desk.account().users.iter().filter(|(_, user)| user.path.starts_with(prefix));
    let users = users.map(|(key, user)| (key.clone(), shape(id, user, false))).collect();
    page(request.input, "Users", users)
}

pub fn update(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let input = request.input;
    let old = input.name("UserName", 128)?;
    let new = input.text("NewUserName").map(|_| input.name("NewUserName", 64)).transpose()?.unwrap_or(old);
    let path = input.text("NewPath").map(|_| input.path("NewPath")).transpose()?;
    let account_id = desk.account_id;
    let account = desk.account();
    account.user(old)?;
    if key(new) != key(old) && account.users.contains_key(&key(new)) {
        return Err(refuse::exists("User", new));
    }
    let Some(mut user) = account.users.remove(&key(old)) else { return Err(refuse::no_such("user", old)) };
    let old_arn = user.arn(account_id);
    user.name = new.to_owned();
    if let Some(path) = path {
        user.path = path.to_owned();
    }
    let new_arn = user.arn(account_id);
    let access_keys: Vec<String> = user.keys.iter().map(|access_key| access_key.id.clone()).collect();
    account.users.insert(key(new), user);
    let mut groups = Vec::new();
    for (name, group) in &mut account.groups {
        if key(new) != key(old) && group.members.remove(&key(old)) {
            group.members.insert(key(new));
            groups.push(name.clone());
        }
    }
    let mut devices = Vec::new();
    for (serial, device) in &mut account.mfa_devices {
        if key(new) != key(old) && device.user == Some(key(old)) {
            device.user = Some(key(new));
            devices.push(serial.clone());
        }
    }
    devices.into_iter().for_each(|serial| desk.touch(Touched::MfaDevice(serial)));
    for id in access_keys {
        desk.state.keys.insert(id, Holder { account: account_id, user: Some(key(new)) });
    }
    groups.into_iter().for_each(|group| desk.touch(Touched::Group(group)));
    bound::rewrite(desk, &old_arn, &new_arn)?;
    desk.touch(Touched::User(key(old)));
    desk.touch(Touched::User(key(new)));
    nothing()
}

pub fn delete(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let name = request.input.name("UserName", 128)?;
    let account_id = desk.account_id;
    let account = desk.account();
    let user = account.user(name)?;
    if !user.policies.attached.is_empty() {
        return Err(refuse::conflict("must detach all policies first"));
    }
    if !user.policies.inline.is_empty() {
        return Err(refuse::conflict("must delete policies first"));
    }
    if !user.keys.is_empty() {
        return Err(refuse::conflict("must delete access keys first"));
    }
    if user.password.is_some() {
        return Err(refuse::conflict("must delete login profile first"));
    }
    if !user.ssh_keys.is_empty() {
        return Err(refuse::conflict("must delete SSH public keys first"));
    }
    if !user.certificates.is_empty() {
        return Err(refuse::conflict("must delete signing certificates first"));
    }
    if account.has_mfa(user) {
        return Err(refuse::conflict("must delete MFA device first"));
    }
    if account.groups.values().any(|group| group.members.contains(&key(name))) {
        return Err(refuse::conflict("must remove users from group first"));
    }
    let (arn, id) = (user.arn(account_id), user.id.clone());
    account.users.remove(&key(name));
    desk.touch(Touched::User(key(name)));
    bound::rewrite(desk, &arn, &id)?;
    nothing()
}

/// A user as replies have it. Lists leave tags and boundary out.
pub fn shape(account: AccountId, user: &User, whole: bool) -> Value {
    compact(json!({
        "Path": user.path,
        "UserName": user.name,
        "UserId": user.id,
        "Arn": user.arn(account),
        "CreateDate": time_text(user.created),
        "PermissionsBoundary": if whole { boundary_shape(user.boundary.as_ref()) } else { Value::Null },
        "Tags": if whole { tag_list(&user.tags) } else { Value::Null },
    }))
}
