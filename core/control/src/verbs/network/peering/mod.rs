//! The verbs of VPC peering connections. Both owners see a connection, each in the region of its own side.

mod answer;
mod create;
mod describe;
mod options;

pub use answer::{accept_vpc_peering_connection, delete_vpc_peering_connection, reject_vpc_peering_connection};
pub use create::create_vpc_peering_connection;
pub use describe::describe_vpc_peering_connections;
pub use options::modify_vpc_peering_connection_options;

use crate::verbs::is_visible;
use crate::view::peering::is_forgotten;
use crate::{Context, Draft, quota, refuse};
use postern_call::Refusal;
use postern_model::{PeeringSide, PeeringState, VpcPeeringConnection, World};
use postern_names::{Ipv4Cidr, VpcId, VpcPeeringConnectionId};

/// The caller's connection of that id, or AWS's `...NotFound`.
pub(super) fn find_peering<'w>(
    world: &'w World,
    context: &Context<'_>,
    id: VpcPeeringConnectionId,
) -> Result<&'w VpcPeeringConnection, Refusal> {
    let found = world.peerings.get(&id).filter(|peering| own_side(context, peering).is_some());
    let seen = found.filter(|peering| !is_forgotten(peering, context.account, context.now));
    seen.ok_or_else(|| refuse::not_found(VpcPeeringConnectionId::PREFIX, id))
}

/// The side that the caller owns and is in the region of; the requester's if both are.
fn own_side<'p>(context: &Context<'_>, peering: &'p VpcPeeringConnection) -> Option<&'p PeeringSide> {
    [&peering.requester, &peering.accepter].into_iter().find(|side| is_visible(context, side.owner, &side.region))
}

/// Whether two VPCs' ranges overlap; a VPC that is gone has none.
fn overlap(world: &World, a: VpcId, b: VpcId) -> bool {
    let ranges = |id: VpcId| -> Vec<Ipv4Cidr> {
        world.vpcs.get(&id).map(|vpc| vpc.cidrs.iter().map(|c| c.cidr).collect()).unwrap_or_default()
    };
    ranges(a).iter().any(|near| ranges(b).iter().any(|far| near.overlaps(*far)))
}

fn already_exists(a: VpcId, b: VpcId, id: VpcPeeringConnectionId) -> Refusal {
    let message = "A VPC peering connection between the VPCs already exists.";
    Refusal::new("VpcPeeringConnectionAlreadyExists", message).hint(format!("{id} joins {a} and {b}"))
}

fn check_limit(world: &World, context: &Context<'_>, vpc: VpcId) -> Result<(), Refusal> {
    let message = || format!("You have reached the limit of active VPC peering connections for the VPC '{vpc}'.");
    let refusal = || Refusal::new("VpcPeeringConnectionsPerVpcLimitExceeded", message());
    quota::check(context.quotas.peerings_per_vpc, world.peerings_of(vpc), refusal)
}

/// Drops what nobody sees any more.
fn forget(draft: &mut Draft<'_>, context: &Context<'_>) {
    let gone = |peering: &&VpcPeeringConnection| {
        let sides = [&peering.requester, &peering.accepter];
        sides.into_iter().all(|side| is_forgotten(peering, side.owner, context.now))
    };
    let ids: Vec<_> = draft.peerings.values().filter(gone).map(|peering| peering.id).collect();
    ids.into_iter().for_each(|id| draft.remove(id));
}

/// The connection in its last state.
fn ended(peering: &VpcPeeringConnection, context: &Context<'_>, state: PeeringState) -> VpcPeeringConnection {
    let (ended, ended_by) = (Some(context.now), Some(context.account));
    VpcPeeringConnection { state, ended, ended_by, ..peering.clone() }
}

/// Requests that go with their VPC. Active connections keep theirs.
pub(super) fn withdraw_requests(draft: &mut Draft<'_>, context: &Context<'_>, vpc: VpcId) {
    let pending = |p: &&VpcPeeringConnection| p.state == PeeringState::PendingAcceptance && p.side(vpc).is_some();
    let requests: Vec<_> = draft.peerings.values().filter(pending).cloned().collect();
    requests.iter().for_each(|request| draft.put(ended(request, context, PeeringState::Deleted)));
}
