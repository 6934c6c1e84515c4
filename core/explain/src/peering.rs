//! Peering connections: what goes in is for the other VPC's ranges, what comes out is for an interface there. No gateway of
//! the other side and no third VPC takes it on.

use crate::packet::Packet;
use crate::trace::*;
use crate::walk::Walk;
use crate::{network_acl_in, network_acl_out, route_table};
use postern_model::NetworkInterface;
use postern_names::{Stop, VpcId, VpcPeeringConnectionId};
use std::net::IpAddr;

/// Into the connection; gives back the VPC at its other side.
pub(crate) fn pass(walk: &mut Walk<'_, '_>, id: VpcPeeringConnectionId, from: VpcId, packet: Packet) -> Option<VpcId> {
    let far = walk.ground.beyond(from, id)?;
    let is_inside = far.ranges().any(|range| range.contains(packet.destination));
    walk.meet(Stop::Peering, Place::Peering(id), packet, (!is_inside).then_some(Cause::NotInPeersRange));
    is_inside.then_some(far.id)
}

/// Out of the connection: resolver and routers are for the VPC's own interfaces.
pub(crate) fn arrive(walk: &mut Walk<'_, '_>, id: VpcPeeringConnectionId, far: VpcId, packet: Packet) -> Option<()> {
    let world = walk.ground.world;
    let IpAddr::V4(to) = packet.destination else { return Some(()) };
    let is_resolver = world.vpcs.get(&far).and_then(|vpc| vpc.resolver()) == Some(to);
    let can_be = u32::from(to) % 16 == 1;
    let is_router = can_be && world.subnets.values().any(|s| s.vpc == far && s.router() == Some(to));
    if is_resolver || is_router {
        walk.meet(Stop::Peering, Place::Peering(id), packet, Some(Cause::NotServed));
        return None;
    }
    Some(())
}

/// The answer of an interface endpoint to an interface of another VPC: only a route over a connection leads there.
/// What another route has is lost: a gateway would not know it.
pub(crate) fn answer(walk: &mut Walk<'_, '_>, by: &NetworkInterface, to: &NetworkInterface, back: Packet) {
    match route_table::choose(walk, by, back) {
        Some(Next::Peering(id)) => {
            pass(walk, id, by.vpc, back);
            network_acl_out::check(walk, by.subnet, back);
            network_acl_in::check(walk, to.subnet, back);
        }
        Some(_) => {
            let table = walk.steps.last().map_or(Place::Nowhere, |step| step.place);
            walk.meet(Stop::RouteTable, table, back, Some(Cause::NoRoute));
        }
        None => {}
    }
}

pub(crate) fn tell(step: &Step) -> String {
    let Place::Peering(id) = step.place else { return String::new() };
    let to = step.packet.destination;
    match step.cause {
        None => format!("{id} takes it to the other VPC"),
        Some(Cause::NotInPeersRange) => {
            format!("{id} leads to the other VPC and no further: {to} is not in its ranges")
        }
        Some(_) => format!("{id} does not lead to the other VPC's own services at {to}"),
    }
}

pub(crate) fn code(_: Cause) -> &'static str {
    "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR"
}
