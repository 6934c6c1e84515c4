//! Roles: create, get, list, update, delete, and whom they trust.

use super::{Request, bound, boundary, boundary_shape, compact, last_used, linked_role, nothing, tag_list, time_text};
use crate::document::Doc;
use crate::entity::{Policies, Role};
use crate::iam::Desk;
use crate::page::page;
use crate::save::Touched;
use crate::state::key;
use crate::{ids, refuse};
use postern_call::Refusal;
use postern_names::AccountId;
use postern_policy::{Document, PrincipalName};
use serde_json::{Value, json};

const ROLES_MAX: usize = 1000;
const TRUST_CHARACTERS_MAX: usize = 2048;
const SESSION_SECONDS: (i64, i64) = (3600, 43_200);

pub fn create(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let input = request.input;
    let name = input.name("RoleName", 64)?;
    let path = input.path("Path")?;
    if path.starts_with(linked_role::PATH) {
        return Err(refuse::invalid_input(format!(
            "The path {} is reserved for service-linked roles.",
            linked_role::PATH
        )));
    }
    let description = input.limited("Description", 1000)?.map(str::to_owned);
    let session_max = session_max(request)?.unwrap_or(SESSION_SECONDS.0);
    let tags = input.tags()?;
    let trust = trust(desk, request, "AssumeRolePolicyDocument")?;
    let limit = boundary::named(desk, request)?;
    let account_id = desk.account_id;
    let account = desk.account();
    if account.roles.contains_key(&key(name)) {
        return Err(refuse::exists("Role", name));
    }
    if account.roles.len() >= ROLES_MAX {
        return Err(refuse::quota("RolesPerAccount", ROLES_MAX));
    }
    let role = Role {
        name: name.to_owned(),
        path: path.to_owned(),
        id: ids::unique("AROA")?,
        created: request.now,
        description,
        session_max,
        trust,
        tags,
        boundary: limit,
        policies: Policies::default(),
    };
    let reply = json!({ "Role": shape(account_id, &role, true) });
    account.roles.insert(key(name), role);
    desk.touch(Touched::Role(key(name)));
    Ok(reply)
}

pub fn get(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let name = request.input.name("RoleName", 64)?;
    let id = desk.account_id;
    let usage = desk.usage;
    let role = desk.account().role(name)?;
    let mut told = shape(id, role, true);
    told["RoleLastUsed"] = last_used::of_role(usage, &role.id);
    Ok(json!({ "Role": told }))
}

pub fn list(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let (id, prefix) = (desk.account_id, request.input.path_prefix()?);
    let roles = desk.account().roles.iter().filter(|(_, role)| role.path.starts_with(prefix));
    let roles = roles.map(|(key, role)| (key.clone(), shape(id, role, false))).collect();
    page(request.input, "Roles", roles)
}

pub fn update(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let name = request.input.name("RoleName", 64)?;
    let description = request.input.limited("Description", 1000)?;
    let session_max = session_max(request)?;
    let role = desk.account().role_mut(name)?;
    if let Some(description) = description {
        role.description = Some(description.to_owned());
    }
    role.session_max = session_max.unwrap_or(role.session_max);
    desk.touch(Touched::Role(key(name)));
    nothing()
}

pub fn update_description(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    request.input.required("Description")?;
    update(desk, request)?;
    get(desk, request)
}

pub fn update_trust(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let name = request.input.name("RoleName", 64)?;
    desk.account().role(name)?;
    let trust = trust(desk, request, "PolicyDocument")?;
    desk.account().role_mut(name)?.trust = trust;
    desk.touch(Touched::Role(key(name)));
    nothing()
}

pub fn delete(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let name = request.input.name("RoleName", 64)?;
    let account_id = desk.account_id;
    let account = desk.account();
    let role = account.role(name)?;
    if account.profiles.values().any(|profile| profile.role.as_deref() == Some(&role.name)) {
        return Err(refuse::conflict("must remove roles from instance profile first"));
    }
    if !role.policies.attached.is_empty() {
        return Err(refuse::conflict("must detach all policies first"));
    }
    if !role.policies.inline.is_empty() {
        return Err(refuse::conflict("must delete policies first"));
    }
    let (arn, id) = (role.arn(account_id), role.id.clone());
    account.roles.remove(&key(name));
    desk.touch(Touched::Role(key(name)));
    bound::rewrite(desk, &arn, &id)?;
    nothing()
}

/// A role as replies have it. Lists leave tags and boundary out.
pub fn shape(account: AccountId, role: &Role, whole: bool) -> Value {
    compact(json!({
        "Path": role.path,
        "RoleName": role.name,
        "RoleId": role.id,
        "Arn": role.arn(account),
        "CreateDate": time_text(role.created),
        "AssumeRolePolicyDocument": role.trust.encoded(),
        "Description": role.description,
        "MaxSessionDuration": role.session_max,
        "PermissionsBoundary": if whole { boundary_shape(role.boundary.as_ref()) } else { Value::Null },
        "Tags": if whole { tag_list(&role.tags) } else { Value::Null },
    }))
}

fn session_max(request: &Request<'_>) -> Result<Option<i64>, Refusal> {
    request.input.bounded("MaxSessionDuration", SESSION_SECONDS.0, SESSION_SECONDS.1)
}

/// The trust policy: well formed, small enough, and naming principals that exist.
fn trust(desk: &Desk<'_>, request: &Request<'_>, member: &str) -> Result<Doc, Refusal> {
    let document = request.input.document(member, Document::parse_trust)?;
    if document.size() > TRUST_CHARACTERS_MAX {
        return Err(refuse::quota("ACLSizePerRole", TRUST_CHARACTERS_MAX));
    }
    let names = document.0.statements().iter().filter_map(|s| s.principals.as_ref()).flat_map(|p| &p.listed);
    for name in names {
        let (text, known) = match name {
            PrincipalName::Arn(arn) => (arn, bound::exists(desk.state, arn)),
            PrincipalName::UniqueId(id) => (id, bound::has_id(desk.state, id)),
            _ => continue,
        };
        if !known {
            return Err(refuse::malformed(format!("Invalid principal in policy: \"AWS\":\"{text}\"")));
        }
    }
    Ok(document)
}
