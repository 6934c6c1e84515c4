//! SimulatePrincipalPolicy and SimulateCustomPolicy: what a decision would be, by the same engine that makes it; and
//! the condition keys that policies ask for.

use super::{Request, compact};
use crate::entity::Policies;
use crate::iam::Desk;
use crate::input::{Input, constraint};
use crate::page::page;
use crate::refuse;
use crate::state::{Account, key};
use postern_call::{Caller, Principal, Refusal};
use postern_names::{AccountId, Arn, Via};
use postern_policy::{
    Ask, Attached, Decision, Document, Keys, PolicyKind, PolicySet, Position, StatementRef, decide_given, keys_of,
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The policies of a simulation, and of which type each is by its id.
#[derive(Default)]
struct Scene {
    set: PolicySet,
    types: BTreeMap<String, &'static str>,
}

pub fn principal(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let source = request.input.required("PolicySourceArn")?;
    let account_id = desk.account_id;
    let account = desk.account();
    let mut scene = Scene::default();
    scene.add_source(account_id, account, source)?;
    scene.add_inputs(request.input, "PolicyInputList", PolicyKind::Identity)?;
    scene.set.service_control = request.service_control.to_vec();
    let caller = caller_named(account_id, account, request.input.text("CallerArn").unwrap_or(source));
    simulate(account_id, request, scene, &caller)
}

pub fn custom(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let account_id = desk.account_id;
    let mut scene = Scene::default();
    scene.add_inputs(request.input, "PolicyInputList", PolicyKind::Identity)?;
    for (place, level) in request.input.list("OrderedOrganizationPolicyInputList").iter().enumerate() {
        let policies = texts(Input(level), "ServiceControlPolicyInputList");
        let name = format!("OrderedOrganizationPolicyInputList.{}", place + 1);
        let attached =
            policies.map(|text| attached(PolicyKind::ServiceControl, &name, text)).collect::<Result<_, _>>()?;
        scene.set.service_control.push(attached);
    }
    let caller = match request.input.text("CallerArn") {
        Some(arn) => caller_named(account_id, desk.account(), arn),
        None => somebody(account_id, "simulated"),
    };
    simulate(account_id, request, scene, &caller)
}

pub fn context_keys_of_principal(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let source = request.input.required("PolicySourceArn")?;
    let account_id = desk.account_id;
    let mut scene = Scene::default();
    scene.add_source(account_id, desk.account(), source)?;
    scene.add_inputs(request.input, "PolicyInputList", PolicyKind::Identity)?;
    Ok(json!({ "ContextKeyNames": scene.context_keys() }))
}

pub fn context_keys_of_custom(_: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let mut scene = Scene::default();
    scene.add_inputs(request.input, "PolicyInputList", PolicyKind::Identity)?;
    Ok(json!({ "ContextKeyNames": scene.context_keys() }))
}

impl Scene {
    /// The policies of a user (with its groups), group or role, and its boundary.
    fn add_source(&mut self, id: AccountId, account: &Account, source: &str) -> Result<(), Refusal> {
        let invalid = || {
            refuse::invalid_input(format!("Invalid Entity Arn: {source} does not clearly define entity type and name."))
        };
        let arn: Arn = source.parse().map_err(|_| invalid())?;
        let (kind, path) = arn.resource.split_once('/').ok_or_else(invalid)?;
        let name = path.rsplit('/').next().unwrap_or_default();
        if arn.account != id.to_string() {
            return Err(refuse::no_such(kind, name));
        }
        let mut boundary = None;
        match kind {
            "user" => {
                let user = account.user(name)?;
                self.add(account, "user", &user.name, &user.policies);
                for group in account.groups.values().filter(|group| group.members.contains(&key(name))) {
                    self.add(account, "group", &group.name, &group.policies);
                }
                boundary.clone_from(&user.boundary);
            }
            "group" => {
                let group = account.group(name)?;
                self.add(account, "group", &group.name, &group.policies);
            }
            "role" => {
                let role = account.role(name)?;
                self.add(account, "role", &role.name, &role.policies);
                boundary.clone_from(&role.boundary);
            }
            _ => return Err(invalid()),
        }
        if let Some((arn, document)) = boundary.and_then(|arn| Some((arn.clone(), account.managed_document(&arn)?))) {
            self.set.boundary = Some(Attached::new(PolicyKind::Boundary, arn, document.0));
        }
        Ok(())
    }

    fn add(&mut self, account: &Account, kind: &'static str, bearer: &str, policies: &Policies) {
        for (name, document) in &policies.inline {
            let id = format!("{kind}_{bearer}_{name}");
            self.set.identity.push(Attached::new(PolicyKind::Identity, id.clone(), document.0.clone()));
            self.types.insert(id, kind);
        }
        for arn in &policies.attached {
            if let Some(document) = account.managed_document(arn) {
                let id = arn.rsplit('/').next().unwrap_or_default().to_owned();
                let owner = if arn.starts_with("arn:aws:iam::aws:") { "aws-managed" } else { "user-managed" };
                self.set.identity.push(Attached::new(PolicyKind::Identity, id.clone(), document.0));
                self.types.insert(id, owner);
            }
        }
    }

    fn add_inputs(&mut self, input: Input<'_>, member: &str, kind: PolicyKind) -> Result<(), Refusal> {
        for (place, text) in texts(input, member).enumerate() {
            let id = format!("{member}.{}", place + 1);
            self.set.identity.push(attached(kind, &id, text)?);
            self.types.insert(id, "none");
        }
        Ok(())
    }

    /// The organization's policies alone, over somebody who may do everything; `None` outside organizations.
    fn organization(&self) -> Option<PolicySet> {
        let service_control = self.set.service_control.clone();
        (!service_control.is_empty()).then(|| PolicySet { service_control, ..everything() })
    }

    /// The boundary alone, around somebody who may do everything.
    fn boundary(&self) -> Option<PolicySet> {
        self.set.boundary.clone().map(|boundary| PolicySet { boundary: Some(boundary), ..everything() })
    }

    fn documents(&self) -> impl Iterator<Item = &Document> {
        let levels = self.set.service_control.iter().flatten();
        let rest = self.set.identity.iter().chain(&self.set.boundary).chain(&self.set.resource);
        levels.chain(rest).map(|attached| attached.document.as_ref())
    }

    /// Every condition key and variable that the policies speak of, each once.
    fn context_keys(&self) -> Vec<String> {
        let mut names: BTreeMap<String, String> = BTreeMap::new();
        for document in self.documents() {
            for condition in document.statements().iter().flat_map(|statement| &statement.conditions) {
                names.entry(condition.lower_key().to_owned()).or_insert_with(|| condition.key.clone());
            }
            for rest in document.text().split("${").skip(1) {
                let name = rest.split(['}', ',']).next().unwrap_or_default().trim();
                if name.contains(':') {
                    names.entry(name.to_lowercase()).or_insert_with(|| name.to_owned());
                }
            }
        }
        names.into_values().collect()
    }

    fn shape(&self, statement: &StatementRef) -> Value {
        let kind = match statement.kind {
            PolicyKind::Resource | PolicyKind::Trust => "resource",
            _ => self.types.get(&statement.policy).copied().unwrap_or("none"),
        };
        let place = self.document_of(statement).and_then(|document| document.place_of(statement.index));
        // AWS counts columns from 1.
        let shape = |at: Position| json!({ "Line": at.line, "Column": at.column + 1 });
        compact(json!({
            "SourcePolicyId": statement.policy,
            "SourcePolicyType": kind,
            "StartPosition": place.map(|(start, _)| shape(start)),
            "EndPosition": place.map(|(_, end)| shape(end)),
        }))
    }

    fn document_of(&self, statement: &StatementRef) -> Option<&Document> {
        let levels = self.set.service_control.iter().flatten();
        let mut all = levels.chain(self.set.identity.iter().chain(&self.set.boundary).chain(&self.set.resource));
        let found = all.find(|attached| attached.kind == statement.kind && attached.name == statement.policy)?;
        Some(&found.document)
    }
}

fn everything() -> PolicySet {
    let text = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
    let identity = attached(PolicyKind::Identity, "everything", text).into_iter().collect();
    PolicySet { identity, ..PolicySet::default() }
}

fn simulate(account: AccountId, request: &Request<'_>, mut scene: Scene, caller: &Caller) -> Result<Value, Refusal> {
    let input = request.input;
    if let Some(text) = texts(input, "PermissionsBoundaryPolicyInputList").next() {
        scene.set.boundary = Some(attached(PolicyKind::Boundary, "PermissionsBoundaryPolicyInputList.1", text)?);
    }
    if let Some(text) = input.text("ResourcePolicy") {
        let document = Document::parse_resource(text).map_err(|error| refuse::invalid_input(error.reason))?;
        scene.set.resource = Some(Attached::new(PolicyKind::Resource, "ResourcePolicy", Arc::new(document)));
    }
    let actions: Vec<&str> = texts(input, "ActionNames").collect();
    if actions.is_empty() {
        return Err(constraint("null", "ActionNames", "Member must not be null"));
    }
    if let Some(bad) = actions.iter().find(|action| !action.contains(':')) {
        return Err(refuse::invalid_input(format!("Invalid Action: {bad}")));
    }
    let mut resources: Vec<&str> = texts(input, "ResourceArns").collect();
    if resources.is_empty() {
        resources.push("*");
    }
    let given = given_keys(input)?;
    let mut items = Vec::new();
    for action in actions {
        for resource in &resources {
            let place = format!("{:06}", items.len());
            items.push((place, evaluate(account, request, &scene, caller, &given, action, resource)));
        }
    }
    page(input, "EvaluationResults", items)
}

/// One action on one resource.
fn evaluate(
    account: AccountId,
    request: &Request<'_>,
    scene: &Scene,
    caller: &Caller,
    given: &Keys,
    action: &str,
    resource: &str,
) -> Value {
    // A simulation comes by no way: the network's keys are those that the request gives.
    let via = Via::Service { principal: String::new() };
    let owner = request.input.text("ResourceOwner").and_then(account_in);
    let ask = Ask {
        caller,
        via: &via,
        action,
        resource,
        resource_account: owner.or(Some(account)),
        resource_policy: None,
        keys: Keys::new(),
        region: "us-east-1",
        secure: true,
        user_agent: None,
        now: time::OffsetDateTime::from_unix_timestamp(request.now).unwrap_or(time::OffsetDateTime::UNIX_EPOCH),
        request_id: None,
    };
    let mut keys = keys_of(&ask);
    keys.retain(|name, _| name.starts_with("aws:principal") || ["aws:userid", "aws:username"].contains(&name.as_str()));
    keys.extend(given.clone());
    let known: BTreeSet<String> = keys.keys().cloned().collect();
    let missing: Vec<String> =
        scene.context_keys().into_iter().filter(|name| !known.contains(&name.to_lowercase())).collect();
    let organization = scene.organization().map(|set| decide_given(&ask, &set, keys.clone()));
    let boundary = scene.boundary().map(|set| decide_given(&ask, &set, keys.clone()));
    let allows = |decision: &Decision| matches!(decision, Decision::Allow { .. });
    let (organization_allows, boundary_allows) = (organization.as_ref().map(allows), boundary.as_ref().map(allows));
    // What the organization does not allow is looked at no further.
    let decision = organization.filter(|decision| !allows(decision));
    let decision = decision.unwrap_or_else(|| decide_given(&ask, &scene.set, keys));
    let (word, by) = match &decision {
        Decision::Allow { by } => ("allowed", by.as_slice()),
        Decision::ExplicitDeny { by } => ("explicitDeny", std::slice::from_ref(by)),
        Decision::ImplicitDeny { .. } => ("implicitDeny", [].as_slice()),
    };
    let told = by.iter().filter(|statement| statement.kind != PolicyKind::ServiceControl);
    let matched: Vec<Value> = told.map(|statement| scene.shape(statement)).collect();
    let organization = organization_allows.map(|yes| json!({ "AllowedByOrganizations": yes }));
    let boundary = boundary_allows.map(|yes| json!({ "AllowedByPermissionsBoundary": yes }));
    compact(json!({
        "EvalActionName": action,
        "EvalResourceName": resource,
        "EvalDecision": word,
        "MatchedStatements": matched,
        "MissingContextValues": missing,
        "OrganizationsDecisionDetail": organization,
        "PermissionsBoundaryDecisionDetail": boundary,
    }))
}

fn given_keys(input: Input<'_>) -> Result<Keys, Refusal> {
    let mut keys = Keys::new();
    for entry in input.list("ContextEntries") {
        let entry = Input(entry);
        let name = entry.required("ContextKeyName")?;
        let values = texts(entry, "ContextKeyValues").map(str::to_owned).collect();
        keys.insert(name.to_lowercase(), values);
    }
    Ok(keys)
}

/// The caller of a user's or role's ARN, with the unique id if it is known.
fn caller_named(id: AccountId, account: &Account, arn: &str) -> Caller {
    let resource = arn.splitn(6, ':').nth(5).unwrap_or_default();
    let name = resource.rsplit('/').next().unwrap_or_default();
    let owner = account_in(arn).unwrap_or(id);
    if resource == "root" {
        return Caller::of(Principal::Root { account: owner });
    }
    if let (true, Ok(role)) = (resource.starts_with("role/"), account.role(name)) {
        return Caller::of(Principal::Role {
            account: owner,
            path: role.path.clone(),
            name: role.name.clone(),
            id: role.id.clone(),
            session: "simulated".into(),
        });
    }
    match account.user(name) {
        Ok(user) if resource.starts_with("user/") => Caller::of(Principal::User {
            account: owner,
            path: user.path.clone(),
            name: user.name.clone(),
            id: user.id.clone(),
        }),
        _ => somebody(owner, name),
    }
}

fn somebody(account: AccountId, name: &str) -> Caller {
    Caller::of(Principal::User { account, path: "/".into(), name: name.into(), id: "AIDASIMULATEDSIMULATE".into() })
}

fn account_in(arn: &str) -> Option<AccountId> {
    arn.split(':').nth(4)?.parse().ok()
}

fn attached(kind: PolicyKind, id: &str, text: &str) -> Result<Attached, Refusal> {
    let document = Document::parse_identity(text).map_err(|error| refuse::invalid_input(error.reason))?;
    Ok(Attached::new(kind, id, Arc::new(document)))
}

fn texts<'a>(input: Input<'a>, member: &str) -> impl Iterator<Item = &'a str> {
    input.list(member).iter().filter_map(Value::as_str)
}
