//! One file per verb, or per family of one-line verbs.

use crate::{Context, Draft, Request};
use postern_call::Refusal;
use postern_names::{AccountId, Region};
use serde_json::Value;

/// Serves one operation: reads the request, changes the draft, gives the reply. On a refusal the draft is rolled back.
pub type Verb = fn(&mut Draft<'_>, &Context<'_>, &Request<'_>) -> Result<Value, Refusal>;

pub(crate) mod compute;
pub(crate) mod insights;
pub(crate) mod network;

/// The verb of an operation, by model name.
pub fn verb(operation: &str) -> Option<Verb> {
    verbs().find(|(name, _)| *name == operation).map(|(_, verb)| verb)
}

/// Every operation with its verb.
pub fn verbs() -> impl Iterator<Item = (&'static str, Verb)> {
    network::VERBS.iter().chain(insights::VERBS).copied().chain(compute::verbs())
}

/// Makes what an account has in a region from the beginning: the default DHCP options and the default VPC with a subnet
/// per zone, internet gateway, main table, default group and ACL. Does nothing when it is there.
pub fn seed_account(draft: &mut Draft<'_>, context: &Context<'_>) -> Result<(), Refusal> {
    network::seed(draft, context)
}

/// Whether an owner's thing in a region is visible to the caller.
pub(crate) fn is_visible(context: &Context<'_>, owner: AccountId, region: &Region) -> bool {
    context.account == owner && context.region == region
}
