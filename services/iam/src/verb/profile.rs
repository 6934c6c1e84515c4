//! Instance profiles: the box in which an instance carries its role.

use super::{Request, compact, nothing, role, tag_list, time_text};
use crate::entity::Profile;
use crate::iam::Desk;
use crate::page::page;
use crate::save::Touched;
use crate::state::{Account, key};
use crate::{ids, refuse};
use postern_call::Refusal;
use postern_names::AccountId;
use serde_json::{Value, json};

const PROFILES_MAX: usize = 1000;
const MEMBER: &str = "InstanceProfileName";

pub fn create(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let name = request.input.name(MEMBER, 128)?;
    let path = request.input.path("Path")?;
    let tags = request.input.tags()?;
    let account_id = desk.account_id;
    let account = desk.account();
    if account.profiles.contains_key(&key(name)) {
        return Err(refuse::already(format!("Instance Profile {name} already exists.")));
    }
    if account.profiles.len() >= PROFILES_MAX {
        return Err(refuse::quota("InstanceProfilesPerAccount", PROFILES_MAX));
    }
    let profile = Profile {
        name: name.to_owned(),
        path: path.to_owned(),
        id: ids::unique("AIPA")?,
        created: request.now,
        role: None,
        tags,
    };
    let reply = json!({ "InstanceProfile": shape(account_id, account, &profile) });
    account.profiles.insert(key(name), profile);
    desk.touch(Touched::Profile(key(name)));
    Ok(reply)
}

pub fn get(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let name = request.input.name(MEMBER, 128)?;
    let id = desk.account_id;
    let account = desk.account();
    Ok(json!({ "InstanceProfile": shape(id, account, account.profile(name)?) }))
}

pub fn list(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let (id, prefix) = (desk.account_id, request.input.path_prefix()?);
    let account = desk.account();
    let profiles = account.profiles.iter().filter(|(_, profile)| profile.path.starts_with(prefix));
    let profiles = profiles.map(|(key, profile)| (key.clone(), shape(id, account, profile))).collect();
    page(request.input, "InstanceProfiles", profiles)
}

pub fn list_for_role(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let name = request.input.name("RoleName", 64)?;
    let id = desk.account_id;
    let account = desk.account();
    let role = account.role(name)?.name.clone();
    let profiles = account.profiles.iter().filter(|(_, profile)| profile.role.as_ref() == Some(&role));
    let profiles = profiles.map(|(key, profile)| (key.clone(), shape(id, account, profile))).collect();
    page(request.input, "InstanceProfiles", profiles)
}

pub fn delete(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let name = request.input.name(MEMBER, 128)?;
    let account = desk.account();
    if account.profile(name)?.role.is_some() {
        return Err(refuse::conflict("must remove roles from instance profile first"));
    }
    account.profiles.remove(&key(name));
    desk.touch(Touched::Profile(key(name)));
    nothing()
}

pub fn add_role(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let (name, role) = (request.input.name(MEMBER, 128)?, request.input.name("RoleName", 64)?);
    let account = desk.account();
    account.profile(name)?;
    let role = account.role(role)?.name.clone();
    let profile = account.profile_mut(name)?;
    if profile.role.is_some() {
        return Err(refuse::quota("InstanceSessionsPerInstanceProfile", 1));
    }
    profile.role = Some(role);
    desk.touch(Touched::Profile(key(name)));
    nothing()
}

pub fn remove_role(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let (name, role) = (request.input.name(MEMBER, 128)?, request.input.name("RoleName", 64)?);
    let profile = desk.account().profile_mut(name)?;
    if profile.role.as_deref().map(key) != Some(key(role)) {
        return Err(refuse::no_such("role", role));
    }
    profile.role = None;
    desk.touch(Touched::Profile(key(name)));
    nothing()
}

pub fn shape(id: AccountId, account: &Account, profile: &Profile) -> Value {
    let role = profile.role.as_deref().and_then(|name| account.role(name).ok());
    compact(json!({
        "Path": profile.path,
        "InstanceProfileName": profile.name,
        "InstanceProfileId": profile.id,
        "Arn": profile.arn(id),
        "CreateDate": time_text(profile.created),
        "Roles": role.into_iter().map(|role| role::shape(id, role, false)).collect::<Vec<Value>>(),
        "Tags": tag_list(&profile.tags),
    }))
}
