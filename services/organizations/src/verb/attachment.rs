//! Which policies bind which root, units and accounts.

use super::policy::summary;
use super::{Request, nothing};
use crate::organizations::Desk;
use crate::page::page;
use crate::refuse;
use crate::state::{Organization, State};
use postern_call::Refusal;
use serde_json::{Value, json};

/// Policies of one type on one target.
const ATTACHED_MAX: usize = 5;

pub fn attach(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let organization = request.of(desk.state)?;
    let policy = organization.policy(request.input.required("PolicyId")?)?;
    let target = target(desk.state, organization, request.input.required("TargetId")?)?.id;
    if !organization.enabled.contains(&policy.kind) {
        let message = "The specified policy type isn't currently enabled in this root.";
        return Err(refuse::other("PolicyTypeNotEnabledException", message)
            .hint(format!("enable-policy-type --policy-type {}", policy.kind.word())));
    }
    let mut count = 0;
    for known in organization.attached_to(&target, policy.kind) {
        if known.id == policy.id {
            let message = "The selected policy is already attached to the specified target.";
            return Err(refuse::other("DuplicatePolicyAttachmentException", message));
        }
        count += 1;
    }
    if count >= ATTACHED_MAX {
        let message = "You have attached the maximum number of policies to the specified target.";
        return Err(refuse::constraint("MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED", message));
    }
    let id = policy.id.to_owned();
    desk.organization(request.organization)?.attached.entry(target).or_default().push(id);
    nothing()
}

pub fn detach(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let organization = request.of(desk.state)?;
    let policy = organization.policy(request.input.required("PolicyId")?)?;
    let target = target(desk.state, organization, request.input.required("TargetId")?)?.id;
    let others = organization.attached_to(&target, policy.kind).filter(|known| known.id != policy.id).count();
    if organization.attached_to(&target, policy.kind).count() == others {
        let message = "The policy isn't attached to the specified target in the specified root.";
        return Err(refuse::other("PolicyNotAttachedException", message));
    }
    if policy.aws && policy.kind == crate::content::Type::ResourceControl {
        let message = "RCPFullAWSAccess can't be detached.";
        return Err(refuse::invalid("NON_DETACHABLE_POLICY", message));
    }
    if others == 0 {
        let message = "You cannot remove the last policy attached to the specified target. You must have at least one attached at all times.";
        return Err(refuse::constraint("MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED", message)
            .hint("attach another service control policy first"));
    }
    let id = policy.id.to_owned();
    if let Some(ids) = desk.organization(request.organization)?.attached.get_mut(&target) {
        ids.retain(|known| *known != id);
    }
    nothing()
}

pub fn policies(state: &State, request: &Request<'_>) -> Result<Value, Refusal> {
    let organization = request.of(state)?;
    let kind = request.input.kind("Filter")?;
    let target = target(state, organization, request.input.required("TargetId")?)?.id;
    let found = organization.attached_to(&target, kind);
    let shown = found.map(|policy| (policy.id.to_owned(), summary(organization, policy))).collect();
    page(request.input, "Policies", shown)
}

pub fn targets(state: &State, request: &Request<'_>) -> Result<Value, Refusal> {
    let organization = request.of(state)?;
    let id = organization.policy(request.input.required("PolicyId")?)?.id;
    let mut found = Vec::new();
    for (bound, ids) in &organization.attached {
        if ids.iter().any(|known| known == id) {
            let Target { id, kind, name } = target(state, organization, bound)?;
            let arn = organization.arn(&id);
            found.push((id.clone(), json!({ "TargetId": id, "Arn": arn, "Name": name, "Type": kind })));
        }
    }
    page(request.input, "Targets", found)
}

/// What a policy can bind.
struct Target {
    id: String,
    kind: &'static str,
    name: String,
}

fn target(state: &State, organization: &Organization, id: &str) -> Result<Target, Refusal> {
    let target = |kind, name: &str| Target { id: id.to_owned(), kind, name: name.to_owned() };
    if id == organization.root {
        return Ok(target("ROOT", "Root"));
    }
    if let Some(unit) = organization.units.get(id) {
        return Ok(target("ORGANIZATIONAL_UNIT", &unit.name));
    }
    let (_, account, _) = state.member(&organization.id, id).map_err(|_| refuse::no_target())?;
    Ok(target("ACCOUNT", &account.name))
}
