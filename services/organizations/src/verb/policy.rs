//! Policies: create, update, delete, describe, list.

use super::{Request, nothing};
use crate::content::{Content, Type};
use crate::organizations::Desk;
use crate::page::page;
use crate::state::{Organization, Policy, Shown, State};
use crate::{ids, refuse};
use postern_call::Refusal;
use serde_json::{Value, json};

/// Of one type.
const POLICIES_MAX: usize = 10_000;

pub fn create(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let input = request.input;
    let organization = request.of(desk.state)?;
    let kind = input.kind("Type")?;
    if !organization.all_features {
        let message =
            "You can't use the specified policy type with the feature set currently enabled for this organization.";
        return Err(refuse::other("PolicyTypeNotAvailableForOrganizationException", message));
    }
    let (name, description) = (input.required("Name")?, input.required("Description")?);
    let tags = input.tags()?;
    let content = Content::read(input.required("Content")?, kind)?;
    unused(organization, name, kind)?;
    if organization.policies.values().filter(|policy| policy.kind == kind).count() >= POLICIES_MAX {
        let message = "You attempted to exceed the number of policies that you can have in an organization.";
        return Err(refuse::constraint("POLICY_NUMBER_LIMIT_EXCEEDED", message));
    }
    let id = ids::policy()?;
    let policy = Policy { kind, name: name.to_owned(), description: description.to_owned(), content, tags };
    let organization = desk.organization(request.organization)?;
    organization.policies.insert(id.clone(), policy);
    whole(organization, &id)
}

pub fn update(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let input = request.input;
    let organization = request.of(desk.state)?;
    let id = input.required("PolicyId")?;
    let known = own(organization, id)?;
    let content = input.text("Content").map(|text| Content::read(text, known.kind)).transpose()?;
    let name = input.text("Name").filter(|name| *name != known.name);
    if let Some(name) = name {
        unused(organization, name, known.kind)?;
    }
    let organization = desk.organization(request.organization)?;
    let policy = organization.policies.get_mut(id).ok_or_else(refuse::no_policy)?;
    if let Some(name) = name {
        policy.name = name.to_owned();
    }
    if let Some(description) = input.text("Description") {
        policy.description = description.to_owned();
    }
    policy.content = content.unwrap_or_else(|| policy.content.clone());
    whole(organization, id)
}

pub fn delete(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let organization = request.of(desk.state)?;
    let id = request.input.required("PolicyId")?;
    own(organization, id)?;
    if organization.attached.values().any(|ids| ids.iter().any(|known| known == id)) {
        let message = "The policy is attached to one or more entities. You must detach it from all roots, OUs, and accounts before performing this operation.";
        return Err(refuse::other("PolicyInUseException", message));
    }
    desk.organization(request.organization)?.policies.remove(id);
    nothing()
}

pub fn describe(state: &State, request: &Request<'_>) -> Result<Value, Refusal> {
    whole(request.of(state)?, request.input.required("PolicyId")?)
}

pub fn list(state: &State, request: &Request<'_>) -> Result<Value, Refusal> {
    let organization = request.of(state)?;
    let kind = request.input.kind("Filter")?;
    let own = organization.policies.iter().filter(|(_, policy)| policy.kind == kind).map(|(id, _)| id.as_str());
    let all = std::iter::once(kind.full_access()).chain(own).filter_map(|id| organization.policy(id).ok());
    let shown = all.map(|policy| (policy.id.to_owned(), summary(organization, policy))).collect();
    page(request.input, "Policies", shown)
}

/// A policy's summary as replies have it.
pub fn summary(organization: &Organization, policy: Shown<'_>) -> Value {
    json!({
        "Id": policy.id,
        "Arn": organization.arn(policy.id),
        "Name": policy.name,
        "Description": policy.description,
        "Type": policy.kind.word(),
        "AwsManaged": policy.aws,
    })
}

fn whole(organization: &Organization, id: &str) -> Result<Value, Refusal> {
    let policy = organization.policy(id)?;
    Ok(json!({ "Policy": { "PolicySummary": summary(organization, policy), "Content": policy.content.text() } }))
}

/// A policy that is the customer's to change.
fn own<'o>(organization: &'o Organization, id: &str) -> Result<Shown<'o>, Refusal> {
    let policy = organization.policy(id)?;
    if policy.aws {
        let message = "You specified a policy that is managed by AWS and can't be modified.";
        return Err(refuse::invalid("IMMUTABLE_POLICY", message));
    }
    Ok(policy)
}

fn unused(organization: &Organization, name: &str, kind: Type) -> Result<(), Refusal> {
    let aws = organization.policy(kind.full_access()).is_ok_and(|policy| policy.name == name);
    if aws || organization.policies.values().any(|policy| policy.kind == kind && policy.name == name) {
        return Err(refuse::other("DuplicatePolicyException", "A policy with the same name already exists."));
    }
    Ok(())
}
