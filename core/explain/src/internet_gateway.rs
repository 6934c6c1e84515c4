//! Internet gateways: one-to-one translation between an interface's private and public address.

use crate::packet::Packet;
use crate::trace::*;
use crate::walk::Walk;
use postern_model::NetworkInterface;
use postern_names::{InternetGatewayId, Stop};
use std::net::Ipv4Addr;

/// The source that the internet sees. Without a public address nothing passes; the way is followed with the private one.
pub(crate) fn leave(
    walk: &mut Walk<'_, '_>,
    id: InternetGatewayId,
    eni: &NetworkInterface,
    packet: Packet,
) -> Ipv4Addr {
    let public = walk.ground.public(eni.vpc, packet.source);
    let place = Place::InternetGateway { id: Some(id), private: Some(packet.source), public };
    walk.meet(Stop::InternetGateway, place, packet, public.is_none().then_some(Cause::NoPublicAddress));
    public.unwrap_or(packet.source)
}

/// The interface behind a public address, and its private one.
pub(crate) fn enter<'w>(walk: &mut Walk<'_, 'w>, packet: Packet) -> Option<(&'w NetworkInterface, Ipv4Addr)> {
    let Some((to, private)) = walk.ground.behind_public(packet.destination) else {
        walk.meet(Stop::Service, Place::Service(packet.destination), packet, Some(Cause::NobodyThere));
        return None;
    };
    if !walk.ground.is_up(to) {
        let place = Place::Interface { id: to.id, instance: to.attachment.as_ref().and_then(|a| a.instance) };
        let cause = if to.attachment.is_some() { Cause::NotRunning } else { Cause::NotAttached };
        walk.meet(Stop::Instance, place, packet, Some(cause));
    }
    let id = walk.ground.internet_gateway(to.vpc);
    let place = Place::InternetGateway { id, private: Some(private), public: Some(packet.destination) };
    walk.meet(Stop::InternetGateway, place, packet, None);
    Some((to, private))
}

pub(crate) fn tell(step: &Step) -> String {
    let Place::InternetGateway { id, private, public } = step.place else { return String::new() };
    let id = id.map_or("an internet gateway".to_owned(), |id| id.to_string());
    match (private, public) {
        (Some(private), Some(public)) if step.packet.source == private => {
            format!("{id} lets {private} out as {public}")
        }
        (Some(private), Some(public)) => format!("{id} hands what is for {public} to {private}"),
        (Some(private), None) => format!("{id} takes nothing from {private}, which has no public address"),
        _ => id,
    }
}

pub(crate) fn code(_: Cause) -> &'static str {
    "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS"
}
