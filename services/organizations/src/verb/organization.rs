//! The organization itself, its root, and the types of policy in force.

use super::{Request, nothing};
use crate::content::Type;
use crate::ids;
use crate::organizations::Desk;
use crate::page::page;
use crate::refuse;
use crate::state::{Member, Organization, State};
use postern_call::Refusal;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

pub fn create(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let all_features = request.input.text("FeatureSet").is_none_or(|set| set == "ALL");
    if !request.organization.is_empty() {
        let message = "This account is already a member of an organization. An account can belong to only one organization at a time.";
        return Err(refuse::other("AlreadyInOrganizationException", message));
    }
    let (id, root) = (ids::organization()?, ids::root()?);
    let account = desk.state.accounts.get_mut(&request.account).ok_or_else(refuse::no_account)?;
    let (organization, parent) = (id.clone(), root.clone());
    account.member = Some(Member { organization, parent, joined: request.now, invited: true });
    desk.touch_account(request.account);
    let made = Organization {
        id: id.clone(),
        management: request.account,
        all_features,
        root,
        root_tags: Vec::new(),
        units: BTreeMap::new(),
        enabled: BTreeSet::new(),
        policies: BTreeMap::new(),
        attached: BTreeMap::new(),
        requests: Vec::new(),
        handshakes: BTreeMap::new(),
        trusted_services: BTreeMap::new(),
    };
    desk.state.organizations.insert(id.clone(), made);
    desk.touch_organization(&id);
    shape(desk.state, &id)
}

pub fn describe(state: &State, request: &Request<'_>) -> Result<Value, Refusal> {
    shape(state, request.organization)
}

pub fn delete(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    if desk.state.members(request.organization).count() > 1 {
        let message =
            "To delete an organization you must first remove all member accounts (except the management account).";
        return Err(refuse::other("OrganizationNotEmptyException", message));
    }
    if let Some(account) = desk.state.accounts.get_mut(&request.account) {
        account.member = None;
    }
    desk.touch_account(request.account);
    desk.state.organizations.remove(request.organization);
    desk.touch_organization(request.organization);
    nothing()
}

pub fn roots(state: &State, request: &Request<'_>) -> Result<Value, Refusal> {
    let organization = request.of(state)?;
    page(request.input, "Roots", vec![(organization.root.clone(), root(organization))])
}

/// Puts a type of policy in force: the policy that allows everything is attached everywhere.
pub fn enable(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let kind = of_root(desk.state, request)?;
    let organization = request.of(desk.state)?;
    if organization.enabled.contains(&kind) {
        let message = "The specified policy type is already enabled in the specified root.";
        return Err(refuse::other("PolicyTypeAlreadyEnabledException", message));
    }
    let accounts: Vec<String> = desk.state.members(request.organization).map(|(id, ..)| id.to_string()).collect();
    let organization = desk.organization(request.organization)?;
    organization.enabled.insert(kind);
    let units: Vec<String> = organization.units.keys().cloned().collect();
    for target in std::iter::once(organization.root.clone()).chain(units).chain(accounts) {
        organization.attached.entry(target).or_default().push(kind.full_access().to_owned());
    }
    Ok(json!({ "Root": root(organization) }))
}

/// Takes a type out of force: its policies are detached everywhere.
pub fn disable(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let kind = of_root(desk.state, request)?;
    if !request.of(desk.state)?.enabled.contains(&kind) {
        let message = "The specified policy type isn't currently enabled in this root.";
        return Err(refuse::other("PolicyTypeNotEnabledException", message));
    }
    let organization = desk.organization(request.organization)?;
    organization.enabled.remove(&kind);
    let mut attached = std::mem::take(&mut organization.attached);
    for ids in attached.values_mut() {
        ids.retain(|id| organization.policy(id).is_ok_and(|policy| policy.kind != kind));
    }
    organization.attached = attached;
    Ok(json!({ "Root": root(organization) }))
}

/// The type asked for, once root and features are right.
fn of_root(state: &State, request: &Request<'_>) -> Result<Type, Refusal> {
    let organization = request.of(state)?;
    if request.input.required("RootId")? != organization.root {
        return Err(refuse::no_root());
    }
    let kind = request.input.kind("PolicyType")?;
    if !organization.all_features {
        let message =
            "You can't use the specified policy type with the feature set currently enabled for this organization.";
        return Err(refuse::other("PolicyTypeNotAvailableForOrganizationException", message));
    }
    Ok(kind)
}

fn shape(state: &State, id: &str) -> Result<Value, Refusal> {
    let organization = state.organizations.get(id).ok_or_else(refuse::not_in_use)?;
    let management = organization.management;
    let available = match organization.all_features {
        true => json!([{ "Type": Type::ServiceControl.word(), "Status": "ENABLED" }]),
        false => json!([]),
    };
    Ok(json!({ "Organization": {
        "Id": id,
        "Arn": organization.arn(id),
        "FeatureSet": if organization.all_features { "ALL" } else { "CONSOLIDATED_BILLING" },
        "MasterAccountArn": organization.arn(&management.to_string()),
        "MasterAccountId": management.to_string(),
        "MasterAccountEmail": state.accounts.get(&management).map(|account| account.email.clone()),
        "AvailablePolicyTypes": available,
    } }))
}

fn root(organization: &Organization) -> Value {
    let enabled = organization.enabled.iter();
    let types: Vec<Value> = enabled.map(|kind| json!({ "Type": kind.word(), "Status": "ENABLED" })).collect();
    let arn = organization.arn(&organization.root);
    json!({ "Id": organization.root, "Arn": arn, "Name": "Root", "PolicyTypes": types })
}
