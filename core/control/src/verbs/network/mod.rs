//! Verbs of VPCs, subnets, routes, gateways, addresses, prefix lists and endpoints.

use super::Verb;
use crate::{Context, Draft};
use postern_call::Refusal;

/// Operation and verb.
pub const VERBS: &[(&str, Verb)] = &[];

/// See [`seed_account`](super::seed_account).
pub fn seed(_draft: &mut Draft<'_>, _context: &Context<'_>) -> Result<(), Refusal> {
    Ok(())
}
