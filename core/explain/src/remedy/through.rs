//! Another way for what arrives already: through an endpoint instead of an internet gateway.

use super::{Candidate, name, route};
use crate::ground::Ground;
use crate::trace::*;

/// The sender's table on a gateway endpoint, or the name in private DNS.
pub(super) fn candidates(ground: &Ground<'_>, trace: &Trace) -> Vec<Candidate> {
    let first = trace.steps.iter().find_map(|step| match step.place {
        Place::Table { table, .. } => Some((ground.world.route_tables.get(&table)?, step.packet.destination)),
        _ => None,
    });
    let by_route = first.into_iter().flat_map(|(table, to)| route::endpoint(ground, table, to));
    by_route.chain(name::private_dns(ground.world, trace)).collect()
}
