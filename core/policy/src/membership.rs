//! Where accounts stand in organizations, and the condition keys that tell it.

use crate::context::{Facts, has_owner, knows_endpoint_owner};
use postern_call::Principal;
use postern_names::Via;

/// An account's place in its organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// `o-...`.
    pub organization: String,
    /// `o-.../r-.../ou-.../`: from the organization down to the account's parent.
    pub path: String,
}

/// The places of the accounts that a request touches; `None` for an account outside organizations.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Memberships {
    /// Of the caller.
    pub principal: Option<Membership>,
    /// Of the resource; where the action has none, of the caller.
    pub resource: Option<Membership>,
    /// Of the endpoint that the request came through.
    pub endpoint: Option<Membership>,
    /// Of the resource for which a service calls: the account of `aws:SourceAccount`.
    pub source: Option<Membership>,
}

// What the keys of each word tell, where AWS fills them in.

pub(crate) fn principal<'a>(facts: &Facts<'a>) -> Option<&'a Membership> {
    facts.memberships.principal.as_ref().filter(|_| facts.ask.caller.account().is_some())
}

pub(crate) fn resource<'a>(facts: &Facts<'a>) -> Option<&'a Membership> {
    facts.memberships.resource.as_ref().filter(|_| has_owner(facts.ask))
}

pub(crate) fn endpoint<'a>(facts: &Facts<'a>) -> Option<&'a Membership> {
    let owned = matches!(facts.ask.via, Via::Endpoint { .. }) && knows_endpoint_owner(facts.ask);
    facts.memberships.endpoint.as_ref().filter(|_| owned)
}

pub(crate) fn source<'a>(facts: &Facts<'a>) -> Option<&'a Membership> {
    let service = matches!(facts.ask.caller.principal, Principal::Service { .. });
    facts.memberships.source.as_ref().filter(|_| service)
}
