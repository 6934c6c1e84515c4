//! Where accounts stand in organizations, and the condition keys that tell it.

use crate::Ask;
use crate::context::{has_owner, knows_endpoint_owner};
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

/// Names in lower case; nobody but the judge may set them.
pub(crate) const ORGANIZATION_KEYS: &[&str] = &[
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:resourceorgid",
    "aws:resourceorgpaths",
    "aws:vpceorgid",
    "aws:vpceorgpaths",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
];

/// Sets the keys that AWS fills in for this request.
pub(crate) fn set(ask: &Ask<'_>, memberships: &Memberships, set: &mut impl FnMut(&str, String)) {
    let service = matches!(ask.caller.principal, Principal::Service { .. });
    let owned = matches!(ask.via, Via::Endpoint { .. }) && knows_endpoint_owner(ask);
    for (word, membership, applies) in [
        ("principal", &memberships.principal, ask.caller.account().is_some()),
        ("resource", &memberships.resource, has_owner(ask)),
        ("vpce", &memberships.endpoint, owned),
        ("source", &memberships.source, service),
    ] {
        if let Some(membership) = membership.as_ref().filter(|_| applies) {
            set(&format!("aws:{word}orgid"), membership.organization.clone());
            set(&format!("aws:{word}orgpaths"), membership.path.clone());
        }
    }
}
