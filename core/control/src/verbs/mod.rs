//! One file per verb, or per family of one-line verbs.

use crate::{Context, Draft, Request};
use postern_call::{Answer, Refusal};
use postern_names::{AccountId, Region};
use serde_json::Value;

/// Serves one operation: reads the request, changes the draft, gives the reply. On a refusal the draft is rolled back.
#[derive(Clone, Copy)]
pub enum Verb {
    Whole(Whole),
    Lean(Lean),
}

/// A verb whose reply is JSON.
pub type Whole = fn(&mut Draft<'_>, &Context<'_>, &Request<'_>) -> Result<Value, Refusal>;

/// A verb that tells of thousands of things at once.
pub type Lean = fn(&mut Draft<'_>, &Context<'_>, &Request<'_>) -> Result<Answer, Refusal>;

impl Verb {
    pub fn serve(self, draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Answer, Refusal> {
        match self {
            Verb::Whole(serve) => serve(draft, context, request).map(Answer::from),
            Verb::Lean(serve) => serve(draft, context, request),
        }
    }
}

pub(crate) mod compute;
pub(crate) mod insights;
pub(crate) mod network;

/// The verb of an operation, by model name.
pub fn verb(operation: &str) -> Option<Verb> {
    verbs().find(|(name, _)| *name == operation).map(|(_, verb)| verb)
}

/// Every operation with its verb.
pub fn verbs() -> impl Iterator<Item = (&'static str, Verb)> {
    let whole = network::VERBS.iter().chain(insights::VERBS).copied().chain(compute::verbs());
    let lean = network::LEAN.iter().chain(compute::LEAN);
    whole.map(|(name, serve)| (name, Verb::Whole(serve))).chain(lean.map(|(name, serve)| (*name, Verb::Lean(*serve))))
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
