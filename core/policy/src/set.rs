//! The policies that meet in one decision.

use crate::{Document, Memberships, PolicyKind, Statement, StatementRef};
use std::sync::Arc;

/// A policy where it is attached.
#[derive(Debug, Clone)]
pub struct Attached {
    pub kind: PolicyKind,
    /// ARN of a managed policy, name of an inline one, id of the endpoint, ARN of the resource.
    pub name: String,
    pub document: Arc<Document>,
}

impl Attached {
    pub fn new(kind: PolicyKind, name: impl Into<String>, document: Arc<Document>) -> Self {
        Self { kind, name: name.into(), document }
    }
}

/// Every policy that bears on a request, but for the one that the ask brings itself ([`crate::Ask::resource_policy`]).
#[derive(Debug, Clone, Default)]
pub struct PolicySet {
    pub identity: Vec<Attached>,
    pub boundary: Option<Attached>,
    /// The policies passed when the session was made; none: no limit.
    pub session: Vec<Attached>,
    /// Level by level from the organization's root to the account; no level: the account is in no organization.
    pub service_control: Vec<Vec<Attached>>,
    /// As `service_control`, for the account that owns the resource.
    pub resource_control: Vec<Vec<Attached>>,
    /// The policy of the endpoint that the request came through. Ignored for requests that came another way.
    pub endpoint: Option<Attached>,
    /// The resource's policy, or for `sts:AssumeRole` the role's trust policy (kind `Trust`). Takes the place of
    /// [`crate::Ask::resource_policy`].
    pub resource: Option<Attached>,
    /// Where the accounts of the request stand: what the condition keys of organizations tell.
    pub memberships: Memberships,
}

impl PolicySet {
    /// The statement that a decision speaks of, if its policy is in this set.
    pub fn statement(&self, named: &StatementRef) -> Option<&Statement> {
        let policy = self.all().find(|policy| policy.kind == named.kind && policy.name == named.policy)?;
        policy.document.statements().get(named.index)
    }

    /// All of them, in no order that counts.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Attached> {
        let levels = self.service_control.iter().chain(&self.resource_control).flatten();
        let one = self.boundary.iter().chain(&self.endpoint).chain(&self.resource);
        self.identity.iter().chain(&self.session).chain(one).chain(levels)
    }

    pub(crate) fn all_mut(&mut self) -> impl Iterator<Item = &mut Attached> {
        let levels = self.service_control.iter_mut().chain(&mut self.resource_control).flatten();
        let one = self.boundary.iter_mut().chain(&mut self.endpoint).chain(&mut self.resource);
        self.identity.iter_mut().chain(&mut self.session).chain(one).chain(levels)
    }
}
