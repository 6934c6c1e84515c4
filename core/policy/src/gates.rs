//! What each gate says to a request by itself, and everything that stops it, one stop behind the other.

use crate::decide::{Gates, Policy, allowing};
use crate::near::near_misses;
use crate::request::Request;
use crate::statement::Effect;
use crate::{Ask, Attached, Decision, Document, NearMiss, PolicyKind, PolicySet, StatementRef, decide};
use std::sync::Arc;

/// More stops than this are told by nobody.
const STOPS_MAX: usize = 32;

/// The policies of one kind that a request meets; of an organization's, those of one level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateSays {
    pub kind: PolicyKind,
    /// As in [`StatementRef::policy`].
    pub policies: Vec<String>,
    /// Every statement that denies.
    pub denies: Vec<StatementRef>,
    /// The statement that allows, the one that names the caller most closely.
    pub allows: Option<StatementRef>,
    /// The Allow statements that failed on one test alone; told where none allows.
    pub nearly: Vec<NearMiss>,
}

/// In the order in which AWS draws them: service control, resource control, identity, boundary, session, endpoint, resource.
/// A gate whose policies do not bear on the request is not there.
pub fn gates(ask: &Ask<'_>, policies: &PolicySet) -> Vec<GateSays> {
    let request = Request::new(ask, policies);
    let gates = Gates::new(ask, policies);
    let mut told = Vec::new();
    let mut tell = |of: Vec<Policy<'_>>| told.extend(says(&request, &of));
    for level in gates.service_control.iter().chain(gates.resource_control) {
        tell(level.iter().map(Policy::of).collect());
    }
    tell(gates.identity.iter().map(Policy::of).collect());
    tell(gates.boundary.into_iter().map(Policy::of).collect());
    tell(gates.session.iter().map(Policy::of).collect());
    tell(gates.endpoint.into_iter().collect());
    tell(gates.resource.into_iter().collect());
    told
}

fn says(request: &Request<'_>, policies: &[Policy<'_>]) -> Option<GateSays> {
    let kind = policies.first()?.kind;
    let denies = |policy: &Policy<'_>| {
        let statements = policy.document.statements().iter().enumerate();
        let denying = statements.filter(|(_, s)| s.effect == Effect::Deny && request.meets(s, policy.kind).is_some());
        denying.map(|(index, _)| policy.statement_ref(index)).collect::<Vec<_>>()
    };
    let allows = allowing(request, policies.iter().copied()).map(|(_, statement)| statement);
    Some(GateSays {
        kind,
        policies: policies.iter().map(|policy| policy.name.to_owned()).collect(),
        denies: policies.iter().flat_map(denies).collect(),
        nearly: if allows.is_some() { Vec::new() } else { near_misses(request, policies.iter().copied()) },
        allows,
    })
}

/// The decision, and those that would come after it: each is made when what stopped the request before it is out of the
/// way. The first is [`decide`]'s own; none for a request that is allowed.
pub fn stops(ask: &Ask<'_>, policies: &PolicySet) -> Vec<Decision> {
    let (ask, mut policies) = gathered(ask, policies);
    let mut found = Vec::new();
    while found.len() < STOPS_MAX {
        let decision = decide(&ask, &policies);
        match &decision {
            Decision::Allow { .. } => break,
            Decision::ExplicitDeny { by } => lift_deny(&mut policies, by),
            Decision::ImplicitDeny { missing, .. } => grant(&ask, &mut policies, *missing),
        }
        found.push(decision);
    }
    found
}

/// The same question with the resource's policy among the others.
pub(crate) fn gathered<'a>(ask: &Ask<'a>, policies: &PolicySet) -> (Ask<'a>, PolicySet) {
    let mut policies = policies.clone();
    if let (None, Some(own)) = (&policies.resource, ask.resource_policy) {
        let kind = if ask.action.starts_with("sts:") { PolicyKind::Trust } else { PolicyKind::Resource };
        policies.resource = Some(Attached::new(kind, ask.resource, Arc::new(own.clone())));
    }
    (Ask { resource_policy: None, ..ask.clone() }, policies)
}

fn lift_deny(policies: &mut PolicySet, by: &StatementRef) {
    for policy in policies.all_mut().filter(|policy| policy.kind == by.kind && policy.name == by.policy) {
        policy.document = Arc::new(policy.document.lifted(by.index));
    }
}

/// What the missing kind of policy would have to say.
fn grant(ask: &Ask<'_>, policies: &mut PolicySet, missing: PolicyKind) {
    // A resource's policy that names the account leaves the question to the account's own policies.
    let principal = match ask.caller.account() {
        Some(account) => format!(r#"{{"AWS":"{account}"}}"#),
        None => r#""*""#.to_owned(),
    };
    let bearer = match missing {
        PolicyKind::Resource | PolicyKind::Trust => format!(r#""Principal":{principal},"#),
        PolicyKind::Endpoint | PolicyKind::ResourceControl => r#""Principal":"*","#.to_owned(),
        _ => String::new(),
    };
    let text =
        format!(r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow",{bearer}"Action":"*","Resource":"*"}}}}"#);
    // It is a document by its form.
    let Ok(document) = Document::parse(&text) else { return };
    let granted = Attached::new(missing, "", Arc::new(document));
    match missing {
        PolicyKind::Identity => policies.identity.push(granted),
        PolicyKind::Session => policies.session.push(granted),
        PolicyKind::Boundary => policies.boundary = Some(granted),
        PolicyKind::Endpoint => policies.endpoint = Some(granted),
        PolicyKind::Resource | PolicyKind::Trust => policies.resource = Some(granted),
        PolicyKind::ServiceControl => policies.service_control.iter_mut().for_each(|level| level.push(granted.clone())),
        PolicyKind::ResourceControl => {
            policies.resource_control.iter_mut().for_each(|level| level.push(granted.clone()));
        }
    }
}
