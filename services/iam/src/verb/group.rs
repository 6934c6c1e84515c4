//! Groups and who is in them.

use super::{Request, nothing, time_text, user};
use crate::entity::{Group, Policies};
use crate::iam::Desk;
use crate::page::page;
use crate::save::Touched;
use crate::state::key;
use crate::{ids, refuse};
use postern_call::Refusal;
use postern_names::AccountId;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const GROUPS_MAX: usize = 300;
const GROUPS_PER_USER: usize = 10;

pub fn create(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let name = request.input.name("GroupName", 128)?;
    let path = request.input.path("Path")?;
    let account_id = desk.account_id;
    let account = desk.account();
    if account.groups.contains_key(&key(name)) {
        return Err(refuse::exists("Group", name));
    }
    if account.groups.len() >= GROUPS_MAX {
        return Err(refuse::quota("GroupsPerAccount", GROUPS_MAX));
    }
    let group = Group {
        name: name.to_owned(),
        path: path.to_owned(),
        id: ids::unique("AGPA")?,
        created: request.now,
        policies: Policies::default(),
        members: BTreeSet::new(),
    };
    let reply = json!({ "Group": shape(account_id, &group) });
    account.groups.insert(key(name), group);
    desk.touch(Touched::Group(key(name)));
    Ok(reply)
}

pub fn get(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let name = request.input.name("GroupName", 128)?;
    let id = desk.account_id;
    let account = desk.account();
    let group = account.group(name)?;
    let members = group.members.iter().filter_map(|member| Some((member.clone(), account.users.get(member)?)));
    let members = members.map(|(key, member)| (key, user::shape(id, member, false))).collect();
    let mut reply = page(request.input, "Users", members)?;
    reply["Group"] = shape(id, group);
    Ok(reply)
}

pub fn list(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let (id, prefix) = (desk.account_id, request.input.path_prefix()?);
    let groups = desk.account().groups.iter().filter(|(_, group)| group.path.starts_with(prefix));
    let groups = groups.map(|(key, group)| (key.clone(), shape(id, group))).collect();
    page(request.input, "Groups", groups)
}

pub fn list_for_user(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let name = request.input.name("UserName", 128)?;
    let id = desk.account_id;
    let account = desk.account();
    account.user(name)?;
    let groups = account.groups.iter().filter(|(_, group)| group.members.contains(&key(name)));
    page(request.input, "Groups", groups.map(|(key, group)| (key.clone(), shape(id, group))).collect())
}

pub fn update(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let input = request.input;
    let old = input.name("GroupName", 128)?;
    let new = input.text("NewGroupName").map(|_| input.name("NewGroupName", 128)).transpose()?.unwrap_or(old);
    let path = input.text("NewPath").map(|_| input.path("NewPath")).transpose()?;
    let account = desk.account();
    account.group(old)?;
    if key(new) != key(old) && account.groups.contains_key(&key(new)) {
        return Err(refuse::exists("Group", new));
    }
    let Some(mut group) = account.groups.remove(&key(old)) else { return Err(refuse::no_such("group", old)) };
    group.name = new.to_owned();
    if let Some(path) = path {
        group.path = path.to_owned();
    }
    account.groups.insert(key(new), group);
    desk.touch(Touched::Group(key(old)));
    desk.touch(Touched::Group(key(new)));
    nothing()
}

pub fn delete(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let name = request.input.name("GroupName", 128)?;
    let account = desk.account();
    let group = account.group(name)?;
    if !group.members.is_empty() {
        return Err(refuse::conflict("must remove users from group first"));
    }
    if !group.policies.attached.is_empty() {
        return Err(refuse::conflict("must detach all policies first"));
    }
    if !group.policies.inline.is_empty() {
        return Err(refuse::conflict("must delete policies first"));
    }
    account.groups.remove(&key(name));
    desk.touch(Touched::Group(key(name)));
    nothing()
}

pub fn add_user(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let (group, name) = (request.input.name("GroupName", 128)?, request.input.name("UserName", 128)?);
    let account = desk.account();
    account.group(group)?;
    account.user(name)?;
    let others = account.groups.values().filter(|g| g.name != group && g.members.contains(&key(name))).count();
    if others >= GROUPS_PER_USER {
        return Err(refuse::quota("GroupsPerUser", GROUPS_PER_USER));
    }
    account.group_mut(group)?.members.insert(key(name));
    desk.touch(Touched::Group(key(group)));
    nothing()
}

pub fn remove_user(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let (group, name) = (request.input.name("GroupName", 128)?, request.input.name("UserName", 128)?);
    let account = desk.account();
    account.group(group)?;
    account.user(name)?;
    account.group_mut(group)?.members.remove(&key(name));
    desk.touch(Touched::Group(key(group)));
    nothing()
}

pub fn shape(account: AccountId, group: &Group) -> Value {
    json!({
        "Path": group.path,
        "GroupName": group.name,
        "GroupId": group.id,
        "Arn": group.arn(account),
        "CreateDate": time_text(group.created),
    })
}
