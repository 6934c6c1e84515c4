//! Internet gateways: one-to-one translation between an interface's private and public address.

use crate::instance;
use crate::packet::Packet;
use crate::trace::*;
use crate::walk::Walk;
use postern_model::{InterfaceKind, NetworkInterface};
use postern_names::{InternetGatewayId, Stop};
use std::net::IpAddr;

/// The source that the internet sees. Without a public address nothing passes; the way is followed with the private one.
pub(crate) fn leave(walk: &mut Walk<'_, '_>, id: InternetGatewayId, eni: &NetworkInterface, packet: Packet) -> IpAddr {
    let public = walk.ground.public(eni.vpc, packet.source);
    let place = Place::InternetGateway { id: Some(id), private: Some(packet.source), public };
    walk.meet(Stop::InternetGateway, place, packet, public.is_none().then_some(Cause::NoPublicAddress));
    public.unwrap_or(packet.source)
}

/// The interface behind a public address, and its private one.
pub(crate) fn enter<'w>(walk: &mut Walk<'_, 'w>, packet: Packet) -> Option<(&'w NetworkInterface, IpAddr)> {
    let Some((to, private)) = walk.ground.behind_public(packet.destination) else {
        if let Some((_, id)) = walk.ground.internet_gateway_to(packet.destination) {
            let own = Some(packet.destination);
            walk.meet(
                Stop::InternetGateway,
                Place::InternetGateway { id: Some(id), private: own, public: own },
                packet,
                None,
            );
            walk.meet(Stop::Instance, Place::Nowhere, packet, Some(Cause::NobodyThere));
            return None;
        }
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
    // Nothing from the internet gets to an endpoint, though its IPv6 addresses are public ones.
    let is_closed = to.kind == InterfaceKind::VpcEndpoint;
    if is_closed && walk.ground.is_dark(to) {
        walk.meet(Stop::InternetGateway, place, packet, None);
        instance::check_zone(walk, to, packet);
        return None;
    }
    walk.meet(Stop::InternetGateway, place, packet, is_closed.then_some(Cause::NotServed));
    Some((to, private)).filter(|_| !is_closed)
}

pub(crate) fn tell(step: &Step) -> String {
    let Place::InternetGateway { id, private, public } = step.place else { return String::new() };
    let id = id.map_or("an internet gateway".to_owned(), |id| id.to_string());
    match (private, public) {
        (Some(_), Some(public)) if step.cause == Some(Cause::NotServed) => {
            format!("{id} lets nothing from the internet to the endpoint at {public}")
        }
        (Some(private), Some(public)) if private == public && step.packet.source == private => {
            format!("{id} lets {private} out")
        }
        (Some(private), Some(public)) if private == public => format!("{id} lets in what is for {private}"),
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
