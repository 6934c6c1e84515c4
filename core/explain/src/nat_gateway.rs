//! NAT gateways: what passes leaves with the gateway's address, and only answers come back.

use crate::packet::Packet;
use crate::trace::*;
use crate::walk::Walk;
use postern_model::NetworkInterface;
use postern_names::Stop;
use std::net::IpAddr;

fn place(walk: &Walk<'_, '_>, eni: &NetworkInterface) -> Option<Place> {
    walk.ground.nat_of(eni.id).map(|nat| Place::NatGateway { id: nat.id, interface: eni.id })
}

/// The packet as it leaves the gateway; `None` if it is for the gateway itself.
pub(crate) fn translate(
    walk: &mut Walk<'_, '_>,
    eni: &NetworkInterface,
    packet: Packet,
    is_own: bool,
) -> Option<Packet> {
    let place = place(walk, eni)?;
    walk.meet(Stop::NatGateway, place, packet, is_own.then_some(Cause::NotAskedFor));
    let source = eni.primary_address()?.into();
    (!is_own).then_some(Packet { source, ..packet })
}

/// The first sender of what an answer answers, if the question came through this gateway.
pub(crate) fn give_back(
    walk: &mut Walk<'_, '_>,
    eni: &NetworkInterface,
    back: Packet,
    asked_for: Option<IpAddr>,
) -> Option<IpAddr> {
    let place = place(walk, eni)?;
    walk.meet(Stop::NatGateway, place, back, asked_for.is_none().then_some(Cause::NotAskedFor));
    asked_for
}

/// An answer that a route leads to the gateway, which knows nothing of it.
pub(crate) fn refuse(walk: &mut Walk<'_, '_>, eni: &NetworkInterface, back: Packet) {
    if let Some(place) = place(walk, eni) {
        walk.meet(Stop::NatGateway, place, back, Some(Cause::NotAskedFor));
    }
}

pub(crate) fn tell(step: &Step) -> String {
    let Place::NatGateway { id, .. } = step.place else { return String::new() };
    match (step.cause, step.way) {
        (None, Way::Outward) => format!("{id} sends it on with its own address"),
        (None, Way::Back) => format!("{id} gives the answer to the one that asked"),
        (Some(_), Way::Outward) => format!("{id} takes nothing that is for itself"),
        (Some(_), Way::Back) => format!("{id} gets an answer to nothing that it asked"),
    }
}

pub(crate) fn code(_: Cause) -> &'static str {
    "NGW_REQUIRES_SOURCE_IN_VPC"
}
