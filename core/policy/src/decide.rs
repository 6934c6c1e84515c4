//! The whole decision, in AWS's order (reference G.1).
//!
//! First every explicit deny of every kind; then the gates that only narrow (resource control, service control,
//! endpoint); then who grants: the resource's policy, the identity's policies, or across accounts both; a grant of the
//! resource's service alone.

use crate::near::near_misses;
use crate::principal::Reach;
use crate::request::Request;
use crate::statement::Effect;
use crate::{Ask, Attached, Decision, Document, Keys, PolicyKind, PolicySet, StatementRef};
use postern_call::Principal;
use postern_names::Via;

/// Decides what `policies` say to `ask`.
pub fn decide(ask: &Ask<'_>, policies: &PolicySet) -> Decision {
    weigh(&Request::new(ask, policies), ask, policies)
}

/// The same with exactly these condition keys, as a simulation is given them; the network's keys are not worked out.
pub fn decide_given(ask: &Ask<'_>, policies: &PolicySet, keys: Keys) -> Decision {
    weigh(&Request::given(ask, policies, keys), ask, policies)
}

fn weigh(request: &Request<'_>, ask: &Ask<'_>, policies: &PolicySet) -> Decision {
    let gates = Gates::new(ask, policies);
    if let Some(by) = gates.explicit_deny(request) {
        return Decision::ExplicitDeny { by };
    }
    match gates.grant(request) {
        Ok(by) => Decision::Allow { by },
        Err(missing) => Decision::ImplicitDeny { missing, nearly: gates.nearly(request, missing) },
    }
}

/// A document with its kind and name, wherever it came from.
#[derive(Clone, Copy)]
pub(crate) struct Policy<'a> {
    pub kind: PolicyKind,
    pub name: &'a str,
    pub document: &'a Document,
}

impl<'a> Policy<'a> {
    pub fn of(attached: &'a Attached) -> Self {
        Self { kind: attached.kind, name: &attached.name, document: &attached.document }
    }
    pub fn statement_ref(&self, index: usize) -> StatementRef {
        let sid = self.document.statements().get(index).and_then(|statement| statement.sid.clone());
        StatementRef { kind: self.kind, policy: self.name.to_owned(), index, sid }
    }
}

/// The policies that apply to this request, after the rules on who is subject to what.
pub(crate) struct Gates<'a> {
    pub service_control: &'a [Vec<Attached>],
    pub resource_control: &'a [Vec<Attached>],
    pub endpoint: Option<Policy<'a>>,
    pub resource: Option<Policy<'a>>,
    pub identity: &'a [Attached],
    pub boundary: Option<&'a Attached>,
    pub session: &'a [Attached],
}

/// The path of service-linked roles.
const LINKED_ROLES: &str = "/aws-service-role/";

type Granted = Result<Vec<StatementRef>, PolicyKind>;

impl<'a> Gates<'a> {
    pub fn new(ask: &'a Ask<'_>, policies: &'a PolicySet) -> Self {
        // Nobody and a service have no identity side, and no organization's control over them.
        let has_identity = ask.caller.account().is_some();
        // Nor has an organization over what a service does by the role that is linked to it.
        let linked = matches!(&ask.caller.principal, Principal::Role { path, .. } if path.starts_with(LINKED_ROLES));
        let is_root = matches!(ask.caller.principal, Principal::Root { .. });
        let through_endpoint = matches!(ask.via, Via::Endpoint { .. });
        // What STS asks about a role is the role's trust.
        let kind = if ask.action.starts_with("sts:") { PolicyKind::Trust } else { PolicyKind::Resource };
        let own = ask.resource_policy.map(|document| Policy { kind, name: ask.resource, document });
        Self {
            service_control: if has_identity && !linked { &policies.service_control } else { &[] },
            resource_control: if linked { &[] } else { &policies.resource_control },
            endpoint: policies.endpoint.as_ref().filter(|_| through_endpoint).map(Policy::of),
            resource: policies.resource.as_ref().map(Policy::of).or(own),
            identity: if has_identity && !is_root { &policies.identity } else { &[] },
            boundary: policies.boundary.as_ref().filter(|_| has_identity && !is_root),
            session: if has_identity { &policies.session } else { &[] },
        }
    }

    /// In the order in which a deny is reported when several policies deny.
    fn all(&self) -> impl Iterator<Item = Policy<'a>> {
        let levels = |levels: &'a [Vec<Attached>]| levels.iter().flatten().map(Policy::of);
        levels(self.service_control)
            .chain(levels(self.resource_control))
            .chain(self.endpoint)
            .chain(self.resource)
            .chain(self.identity.iter().map(Policy::of))
            .chain(self.boundary.map(Policy::of))
            .chain(self.session.iter().map(Policy::of))
    }

    fn explicit_deny(&self, request: &Request<'_>) -> Option<StatementRef> {
        self.all().find_map(|policy| {
            let denies = |(_, statement): &(usize, &crate::Statement)| {
                statement.effect == Effect::Deny && request.meets(statement, policy.kind).is_some()
            };
            let (index, _) = policy.document.statements().iter().enumerate().find(denies)?;
            Some(policy.statement_ref(index))
        })
    }

    /// Who allows it; or the kind of policy that should have and did not.
    fn grant(&self, request: &Request<'_>) -> Granted {
        let mut by = Vec::new();
        self.controls(request, self.resource_control, PolicyKind::ResourceControl, &mut by)?;
        self.controls(request, self.service_control, PolicyKind::ServiceControl, &mut by)?;
        if let Some(endpoint) = self.endpoint {
            by.push(allowing(request, [endpoint].into_iter()).ok_or(PolicyKind::Endpoint)?.1);
        }
        let resource = self.resource.and_then(|policy| allowing(request, [policy].into_iter()));
        let missing = self.resource.map_or(PolicyKind::Resource, |policy| policy.kind);
        if request.ask.caller.account().is_none() {
            // The anonymous and the services have nothing but the resource's word.
            by.push(resource.ok_or(missing)?.1);
            return Ok(by);
        }
        if request.crosses_accounts() && !self.is_granted(request) {
            by.push(resource.ok_or(missing)?.1);
            self.identity_grant(request, None, &mut by)?;
            return Ok(by);
        }
        if self.demands_resource_grant(request) && resource.is_none() {
            return Err(missing);
        }
        let reach = resource.as_ref().map(|(reach, _)| *reach);
        by.extend(resource.map(|(_, statement)| statement));
        if reach != Some(Reach::Direct) {
            self.identity_grant(request, reach, &mut by)?;
        }
        Ok(by)
    }

    /// Whether the resource's service has granted it.
    fn is_granted(&self, request: &Request<'_>) -> bool {
        let statements = self.resource.iter().flat_map(|policy| policy.document.statements());
        let mut granted = statements.filter(|statement| statement.granted && statement.effect == Effect::Allow);
        granted.any(|statement| request.meets(statement, PolicyKind::Resource).is_some())
    }

    /// Keys and roles: their own policy must say yes, whoever asks.
    fn demands_resource_grant(&self, request: &Request<'_>) -> bool {
        self.resource.is_some_and(|policy| {
            policy.kind == PolicyKind::Trust || (request.ask.action.starts_with("kms:") && request.ask.resource != "*")
        })
    }

    /// Each level of an organization's controls must allow.
    fn controls(
        &self,
        request: &Request<'_>,
        levels: &'a [Vec<Attached>],
        kind: PolicyKind,
        by: &mut Vec<StatementRef>,
    ) -> Result<(), PolicyKind> {
        for level in levels {
            by.push(allowing(request, level.iter().map(Policy::of)).ok_or(kind)?.1);
        }
        Ok(())
    }

    /// The caller's own side: an identity policy, or within the account a resource policy that names the caller as
    /// closely; then boundary and session. A resource policy that names only the account passes the question on to
    /// the account's identity policies and is no grant by itself.
    fn identity_grant(
        &self,
        request: &Request<'_>,
        reach: Option<Reach>,
        by: &mut Vec<StatementRef>,
    ) -> Result<(), PolicyKind> {
        let granted_by_resource = matches!(reach, Some(Reach::Everyone | Reach::Role));
        match allowing(request, self.identity.iter().map(Policy::of)) {
            Some((_, statement)) => by.push(statement),
            None if granted_by_resource || request.is_root() => {}
            None => return Err(PolicyKind::Identity),
        }
        if let Some(boundary) = self.boundary {
            by.push(allowing(request, [Policy::of(boundary)].into_iter()).ok_or(PolicyKind::Boundary)?.1);
        }
        if !self.session.is_empty() {
            by.push(allowing(request, self.session.iter().map(Policy::of)).ok_or(PolicyKind::Session)?.1);
        }
        Ok(())
    }

    fn nearly(&self, request: &Request<'_>, missing: PolicyKind) -> Vec<crate::NearMiss> {
        let told = |kind| kind == missing || (missing == PolicyKind::Identity && kind == PolicyKind::Resource);
        near_misses(request, self.all().filter(|policy| told(policy.kind)))
    }
}

/// The matching Allow that names the caller most closely.
pub(crate) fn allowing<'a>(
    request: &Request<'_>,
    policies: impl Iterator<Item = Policy<'a>>,
) -> Option<(Reach, StatementRef)> {
    let mut best: Option<(Reach, Policy<'a>, usize)> = None;
    for policy in policies {
        for (index, statement) in policy.document.statements().iter().enumerate() {
            if statement.effect != Effect::Allow || best.is_some_and(|(reach, ..)| reach == Reach::Direct) {
                continue;
            }
            if let Some(reach) = request.meets(statement, policy.kind)
                && best.is_none_or(|(known, ..)| reach > known)
            {
                best = Some((reach, policy, index));
            }
        }
    }
    best.map(|(reach, policy, index)| (reach, policy.statement_ref(index)))
}
