//! Managed policies on users, groups and roles.

use super::Request;
use super::inline::touched;
use super::nothing;
use crate::iam::Desk;
use crate::page::page;
use crate::refuse;
use crate::state::Bearer;
use postern_call::Refusal;
use serde_json::{Value, json};

const ATTACHED_MAX: usize = 10;

pub fn attach(desk: &mut Desk<'_>, request: &Request<'_>, bearer: Bearer) -> Result<Value, Refusal> {
    let name = request.input.name(bearer.member(), 128)?;
    let arn = policy_arn(request)?;
    let account = desk.account();
    account.policies_of(bearer, name)?;
    if account.managed_document(arn).is_none() {
        return Err(refuse::not_attachable(arn));
    }
    let attached = &mut account.policies_of_mut(bearer, name)?.attached;
    if attached.iter().any(|known| known == arn) {
        return nothing();
    }
    if attached.len() >= ATTACHED_MAX {
        return Err(refuse::quota(&format!("PoliciesPer{}", bearer.word()), ATTACHED_MAX));
    }
    attached.push(arn.to_owned());
    desk.touch(touched(bearer, name));
    nothing()
}

pub fn detach(desk: &mut Desk<'_>, request: &Request<'_>, bearer: Bearer) -> Result<Value, Refusal> {
    let name = request.input.name(bearer.member(), 128)?;
    let arn = policy_arn(request)?;
    let attached = &mut desk.account().policies_of_mut(bearer, name)?.attached;
    let place = attached.iter().position(|known| known == arn).ok_or_else(|| refuse::no_such_policy(arn))?;
    attached.remove(place);
    desk.touch(touched(bearer, name));
    nothing()
}

pub fn list(desk: &mut Desk<'_>, request: &Request<'_>, bearer: Bearer) -> Result<Value, Refusal> {
    let name = request.input.name(bearer.member(), 128)?;
    let prefix = request.input.path_prefix()?;
    let attached = desk.account().policies_of(bearer, name)?.attached.iter();
    let shape = |arn: &String| {
        let name = arn.rsplit('/').next().unwrap_or_default();
        (name.to_owned(), json!({ "PolicyName": name, "PolicyArn": arn }))
    };
    let items = attached.filter(|arn| path_of(arn).starts_with(prefix)).map(shape).collect();
    page(request.input, "AttachedPolicies", items)
}

/// Who has a managed policy: attached, or as a boundary.
pub fn entities(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let arn = policy_arn(request)?;
    let prefix = request.input.path_prefix()?;
    let filter = request.input.text("EntityFilter");
    let as_boundary = request.input.text("PolicyUsageFilter") == Some("PermissionsBoundary");
    let account = desk.account();
    if account.managed_document(arn).is_none() {
        return Err(refuse::no_such_policy(arn));
    }
    let has = |attached: &[String], boundary: Option<&String>| {
        if as_boundary { boundary.is_some_and(|b| b == arn) } else { attached.iter().any(|a| a == arn) }
    };
    let wanted = |kind: &str| filter.is_none_or(|filter| filter == kind);
    let mut items = Vec::new();
    for (key, group) in account.groups.iter().filter(|(_, g)| wanted("Group") && has(&g.policies.attached, None)) {
        if group.path.starts_with(prefix) {
            items.push((format!("1{key}"), json!({ "GroupName": group.name, "GroupId": group.id })));
        }
    }
    for (key, user) in &account.users {
        if wanted("User") && has(&user.policies.attached, user.boundary.as_ref()) && user.path.starts_with(prefix) {
            items.push((format!("2{key}"), json!({ "UserName": user.name, "UserId": user.id })));
        }
    }
    for (key, role) in &account.roles {
        if wanted("Role") && has(&role.policies.attached, role.boundary.as_ref()) && role.path.starts_with(prefix) {
            items.push((format!("3{key}"), json!({ "RoleName": role.name, "RoleId": role.id })));
        }
    }
    let mut reply = page(request.input, "All", items)?;
    let all = reply.as_object_mut().and_then(|reply| reply.shift_remove("All"));
    let all = all.as_ref().and_then(Value::as_array).cloned().unwrap_or_default();
    for (member, name) in [("PolicyGroups", "GroupName"), ("PolicyUsers", "UserName"), ("PolicyRoles", "RoleName")] {
        reply[member] = all.iter().filter(|item| item.get(name).is_some()).cloned().collect();
    }
    Ok(reply)
}

/// The path within a policy's ARN: `/service-role/` of `arn:aws:iam::aws:policy/service-role/X`.
pub fn path_of(arn: &str) -> &str {
    let start = arn.find(":policy").map_or(0, |at| at + ":policy".len());
    let end = arn.rfind('/').map_or(arn.len(), |at| at + 1);
    arn.get(start..end).unwrap_or("/")
}

pub fn policy_arn<'a>(request: &Request<'a>) -> Result<&'a str, Refusal> {
    let arn = request.input.required("PolicyArn")?;
    let fields: Vec<&str> = arn.splitn(6, ':').collect();
    let good = matches!(fields.as_slice(), ["arn", _, "iam", "", _, resource] if resource.starts_with("policy/"));
    if good { Ok(arn) } else { Err(refuse::invalid_input(format!("ARN {arn} is not valid."))) }
}
