//! GetAccountAuthorizationDetails: every identity with its policies, in one list.

use super::{Request, boundary_shape, compact, group, last_used, policy, policy_version, profile, role, user};
use crate::document::Doc;
use crate::entity::Policies;
use crate::iam::Desk;
use crate::managed;
use crate::page::page;
use crate::state::{Account, key};
use crate::usage::Usage;
use postern_call::Refusal;
use postern_names::AccountId;
use serde_json::{Value, json};

const LISTS: [(&str, &str); 4] =
    [("User", "UserDetailList"), ("Group", "GroupDetailList"), ("Role", "RoleDetailList"), ("Policy", "Policies")];

pub fn get(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let filter: Vec<&str> = request.input.list("Filter").iter().filter_map(Value::as_str).collect();
    let wanted = |kind: &str| filter.is_empty() || filter.contains(&kind);
    let id = desk.account_id;
    let usage = desk.usage;
    let account = desk.account();
    let mut items = Vec::new();
    if wanted("User") {
        items.extend(users(id, account));
    }
    if wanted("Group") {
        items.extend(groups(id, account));
    }
    if wanted("Role") {
        items.extend(roles(id, account, usage));
    }
    if wanted("LocalManagedPolicy") {
        items.extend(account.policies.iter().map(|(arn, entity)| {
            let mut detail = policy::shape(account, arn, entity, true);
            let versions = entity.versions.iter().map(|v| policy_version::shape(v, entity.default, true));
            detail["PolicyVersionList"] = versions.collect();
            (format!("4{arn}"), json!(["Policy", detail]))
        }));
    }
    if wanted("AWSManagedPolicy") {
        items.extend(managed::all().filter(|p| !account.bearers_of(&p.arn).is_empty()).map(|entity| {
            let mut detail = policy::aws_shape(account, entity);
            detail["PolicyVersionList"] = json!([{ "Document": entity.document.encoded(),
                "VersionId": managed::VERSION, "IsDefaultVersion": true,
                "CreateDate": super::time_text(managed::CREATED) }]);
            (format!("5{}", entity.arn), json!(["Policy", detail]))
        }));
    }
    let mut reply = page(request.input, "All", items)?;
    let all = reply.as_object_mut().and_then(|reply| reply.shift_remove("All"));
    let all = all.as_ref().and_then(Value::as_array).cloned().unwrap_or_default();
    for (kind, member) in LISTS {
        reply[member] = all.iter().filter(|item| item[0] == kind).map(|item| item[1].clone()).collect();
    }
    Ok(reply)
}

fn users(id: AccountId, account: &Account) -> impl Iterator<Item = (String, Value)> {
    account.users.iter().map(move |(name, entity)| {
        let mut detail = user::shape(id, entity, true);
        detail["UserPolicyList"] = inline(&entity.policies);
        detail["AttachedManagedPolicies"] = attached(&entity.policies);
        let groups = account.groups.values().filter(|group| group.members.contains(name));
        detail["GroupList"] = groups.map(|group| json!(group.name)).collect();
        (format!("1{name}"), json!(["User", detail]))
    })
}

fn groups(id: AccountId, account: &Account) -> impl Iterator<Item = (String, Value)> {
    account.groups.iter().map(move |(name, entity)| {
        let mut detail = group::shape(id, entity);
        detail["GroupPolicyList"] = inline(&entity.policies);
        detail["AttachedManagedPolicies"] = attached(&entity.policies);
        (format!("2{name}"), json!(["Group", detail]))
    })
}

fn roles<'a>(id: AccountId, account: &'a Account, usage: &'a Usage) -> impl Iterator<Item = (String, Value)> + use<'a> {
    account.roles.iter().map(move |(name, entity)| {
        let mut detail = role::shape(id, entity, true);
        if let Some(members) = detail.as_object_mut() {
            members.shift_remove("Description");
            members.shift_remove("MaxSessionDuration");
        }
        detail["RoleLastUsed"] = last_used::of_role(usage, &entity.id);
        let profiles = account.profiles.values().filter(|p| p.role.as_deref().map(key).as_ref() == Some(name));
        detail["InstanceProfileList"] = profiles.map(|p| profile::shape(id, account, p)).collect();
        detail["RolePolicyList"] = inline(&entity.policies);
        detail["AttachedManagedPolicies"] = attached(&entity.policies);
        detail["PermissionsBoundary"] = boundary_shape(entity.boundary.as_ref());
        (format!("3{name}"), json!(["Role", compact(detail)]))
    })
}

fn inline(policies: &Policies) -> Value {
    let shape = |(name, document): (&String, &Doc)| json!({ "PolicyName": name, "PolicyDocument": document.encoded() });
    policies.inline.iter().map(shape).collect()
}

fn attached(policies: &Policies) -> Value {
    let shape = |arn: &String| json!({ "PolicyName": arn.rsplit('/').next(), "PolicyArn": arn });
    policies.attached.iter().map(shape).collect()
}
