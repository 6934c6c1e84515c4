//! The question put to the gate.

use crate::{Decision, Document};
use postern_call::Caller;
use postern_names::{AccountId, Via};
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// Condition keys of a request, by name in lower case; a key with several values is multivalued.
pub type Keys = BTreeMap<String, Vec<String>>;

/// May this caller do this to that? Everything a decision depends on, but for the policies that the judge knows.
#[derive(Debug, Clone)]
pub struct Ask<'a> {
    pub caller: &'a Caller,
    pub via: &'a Via,
    /// `s3:GetObject`.
    pub action: &'a str,
    /// The resource's ARN, or `*` for an action without resources.
    pub resource: &'a str,
    /// Who owns the resource; `None` where the action has none (then the caller's account counts).
    pub resource_account: Option<AccountId>,
    /// The policy attached to the resource, if its service has such policies and one is set; for `sts:` actions the
    /// role's trust policy.
    pub resource_policy: Option<&'a Document>,
    /// Service keys and request keys (`s3:prefix`, `aws:RequestTag/team`): names in lower case.
    /// Keys of the network, the principal and the time are filled in by the judge from the other fields.
    pub keys: Keys,
    /// The region that the request was signed for (`aws:RequestedRegion`).
    pub region: &'a str,
    /// Whether TLS carried it.
    pub secure: bool,
    pub user_agent: Option<&'a str>,
    pub now: OffsetDateTime,
    /// The id of the request that it is asked for, by which the decision is found again; `None` for a question that no
    /// request put. No decision depends on it.
    pub request_id: Option<&'a str>,
}

/// Who decides: knows the identity policies, the endpoint policies and the organization's.
pub trait Judge: Send + Sync {
    fn judge(&self, ask: &Ask<'_>) -> Decision;

    /// Whether both accounts are in one organization: then S3 tells the one why the other's resource is refused.
    fn same_organization(&self, _one: AccountId, _other: AccountId) -> bool {
        false
    }

    /// A denial as the text that `sts:DecodeAuthorizationMessage` opens again. `None`: this judge seals nothing.
    fn sealed(&self, _ask: &Ask<'_>, _decision: &Decision) -> Option<String> {
        None
    }

    /// Opens what [`Judge::sealed`] gave for a caller of this account. `None`: it was not sealed here, or for others.
    fn opened(&self, _text: &str, _account: AccountId) -> Option<String> {
        None
    }
}
