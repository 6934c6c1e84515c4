//! Managed policies: the account's own, and AWS's to read.

use super::attachment::{path_of, policy_arn};
use super::{Request, compact, nothing, tag_list, time_text};
use crate::entity::{Policy, Version, arn};
use crate::iam::Desk;
use crate::page::page;
use crate::save::Touched;
use crate::state::Account;
use crate::{ids, managed, refuse};
use postern_call::Refusal;
use postern_policy::Document;
use serde_json::{Value, json};

const POLICIES_MAX: usize = 1500;
pub const POLICY_CHARACTERS_MAX: usize = 6144;

pub fn create(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let input = request.input;
    let name = input.name("PolicyName", 128)?;
    let path = input.path("Path")?;
    let description = input.limited("Description", 1000)?.map(str::to_owned);
    let tags = input.tags()?;
    let document = input.document("PolicyDocument", Document::parse_identity)?;
    if document.size() > POLICY_CHARACTERS_MAX {
        return Err(refuse::quota("PolicySize", POLICY_CHARACTERS_MAX));
    }
    let account_id = desk.account_id;
    let account = desk.account();
    if account.policies.values().any(|policy| policy.name.eq_ignore_ascii_case(name)) {
        return Err(refuse::already(format!(
            "A policy called {name} already exists. Duplicate names are not allowed."
        )));
    }
    if account.policies.len() >= POLICIES_MAX {
        return Err(refuse::quota("PoliciesPerAccount", POLICIES_MAX));
    }
    let policy = Policy {
        name: name.to_owned(),
        path: path.to_owned(),
        id: ids::unique("ANPA")?,
        created: request.now,
        updated: request.now,
        description,
        tags,
        versions: vec![Version { number: 1, document, created: request.now }],
        default: 1,
        next: 2,
    };
    let arn = arn(account_id, "policy", path, name);
    let reply = json!({ "Policy": shape(account, &arn, &policy, true) });
    account.policies.insert(arn.clone(), policy);
    desk.touch(Touched::Policy(arn));
    Ok(reply)
}

pub fn get(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let arn = policy_arn(request)?;
    let account = desk.account();
    if let Some(policy) = managed::find(arn) {
        return Ok(json!({ "Policy": aws_shape(account, policy) }));
    }
    Ok(json!({ "Policy": shape(account, arn, account.policy(arn)?, true) }))
}

pub fn list(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let prefix = request.input.path_prefix()?;
    let scope = request.input.text("Scope").unwrap_or("All");
    let attached = request.input.truth("OnlyAttached").unwrap_or(false);
    let usage = request.input.text("PolicyUsageFilter");
    let account = desk.account();
    let wanted = |arn: &str| {
        let used_as_policy = !account.bearers_of(arn).is_empty();
        let used_as_boundary = account.bounded_by(arn) > 0;
        let usage_fits = match usage {
            Some("PermissionsPolicy") => used_as_policy,
            Some("PermissionsBoundary") => used_as_boundary,
            _ => true,
        };
        path_of(arn).starts_with(prefix) && (!attached || used_as_policy) && usage_fits
    };
    let mut items = Vec::new();
    if scope != "AWS" {
        for (arn, policy) in account.policies.iter().filter(|(arn, _)| wanted(arn)) {
            items.push((format!("1{arn}"), shape(account, arn, policy, false)));
        }
    }
    if scope != "Local" {
        for policy in managed::all().filter(|policy| wanted(&policy.arn)) {
            items.push((format!("2{}", policy.arn), aws_shape(account, policy)));
        }
    }
    page(request.input, "Policies", items)
}

pub fn delete(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let arn = policy_arn(request)?;
    own(arn)?;
    let account = desk.account();
    let policy = account.policy(arn)?;
    if !account.bearers_of(arn).is_empty() || account.bounded_by(arn) > 0 {
        return Err(refuse::delete_conflict("Cannot delete a policy attached to entities.".into()));
    }
    if policy.versions.len() > 1 {
        return Err(refuse::delete_conflict(
            "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.".into(),
        ));
    }
    account.policies.remove(arn);
    desk.touch(Touched::Policy(arn.to_owned()));
    nothing()
}

/// AWS's policies cannot be changed.
pub fn own(arn: &str) -> Result<(), Refusal> {
    if managed::find(arn).is_some() {
        return Err(
            Refusal::new("AccessDenied", format!("Policy {arn} is managed by AWS and cannot be changed.")).status(403)
        );
    }
    Ok(())
}

/// A policy as replies have it. Lists leave description and tags out.
pub fn shape(account: &Account, arn: &str, policy: &Policy, whole: bool) -> Value {
    compact(json!({
        "PolicyName": policy.name,
        "PolicyId": policy.id,
        "Arn": arn,
        "Path": policy.path,
        "DefaultVersionId": format!("v{}", policy.default),
        "AttachmentCount": account.bearers_of(arn).len(),
        "PermissionsBoundaryUsageCount": account.bounded_by(arn),
        "IsAttachable": true,
        "Description": if whole { json!(policy.description) } else { Value::Null },
        "CreateDate": time_text(policy.created),
        "UpdateDate": time_text(policy.updated),
        "Tags": if whole { tag_list(&policy.tags) } else { Value::Null },
    }))
}

pub fn aws_shape(account: &Account, policy: &managed::AwsPolicy) -> Value {
    json!({
        "PolicyName": policy.name,
        "PolicyId": policy.id,
        "Arn": policy.arn,
        "Path": path_of(&policy.arn),
        "DefaultVersionId": managed::VERSION,
        "AttachmentCount": account.bearers_of(&policy.arn).len(),
        "PermissionsBoundaryUsageCount": account.bounded_by(&policy.arn),
        "IsAttachable": true,
        "CreateDate": time_text(managed::CREATED),
        "UpdateDate": time_text(managed::CREATED),
    })
}
