//! Instances: whether the sender and the receiver run, who has an address, and what listens on it.

use crate::packet::Packet;
use crate::question::What;
use crate::trace::*;
use crate::walk::Walk;
use postern_model::{InterfaceKind, NetworkInterface};
use postern_names::{Protocol, Stop, VpcId};

fn place(eni: &NetworkInterface) -> Place {
    Place::Interface { id: eni.id, instance: eni.attachment.as_ref().and_then(|a| a.instance) }
}

fn why_down(walk: &Walk<'_, '_>, eni: &NetworkInterface) -> Option<Cause> {
    if walk.ground.is_up(eni) {
        return walk.ground.is_dark(eni).then_some(Cause::ZoneDown);
    }
    Some(if eni.attachment.is_some() { Cause::NotRunning } else { Cause::NotAttached })
}

/// The question's first stop.
pub(crate) fn send(walk: &mut Walk<'_, '_>, eni: &NetworkInterface, packet: Packet) {
    let has_none = packet.source.is_unspecified().then_some(Cause::NoAddress);
    let cause = why_down(walk, eni).or(has_none);
    walk.meet(Stop::Instance, place(eni), packet, cause);
}

/// Who has the address inside the VPC. One that has it and is down bars the way; the way is followed all the same.
pub(crate) fn holder<'w>(walk: &mut Walk<'_, 'w>, vpc: VpcId, packet: Packet) -> Option<&'w NetworkInterface> {
    match walk.ground.holder(vpc, packet.destination) {
        None => {
            walk.meet(Stop::Instance, Place::Nowhere, packet, Some(Cause::NobodyThere));
            None
        }
        Some(eni) => {
            if let Some(cause) = why_down(walk, eni) {
                walk.meet(Stop::Instance, place(eni), packet, Some(cause));
            }
            Some(eni)
        }
    }
}

/// A route may lead to an interface by its id: nothing gets into a zone that is down.
pub(crate) fn check_zone(walk: &mut Walk<'_, '_>, to: &NetworkInterface, packet: Packet) {
    let is_known = walk.steps.last().is_some_and(|step| step.cause == Some(Cause::ZoneDown));
    if walk.ground.is_dark(to) && !is_known {
        walk.meet(Stop::Instance, place(to), packet, Some(Cause::ZoneDown));
    }
}

/// The packet is for this instance.
pub(crate) fn receive(walk: &mut Walk<'_, '_>, eni: &NetworkInterface, packet: Packet) {
    let what = match packet.protocol {
        Protocol::Tcp => What::Tcp(packet.port),
        Protocol::Udp => What::Udp(packet.port),
        _ => What::Ping,
    };
    let instance = eni.attachment.as_ref().and_then(|a| a.instance);
    let known = instance.and_then(|id| walk.listening.get(&id)).filter(|_| what != What::Ping);
    let is_deaf = known.is_some_and(|listening| !listening.contains(&what));
    walk.meet(Stop::Instance, place(eni), packet, is_deaf.then_some(Cause::NoListener));
}

/// The answer is back with the one that asked.
pub(crate) fn take_answer(walk: &mut Walk<'_, '_>, eni: &NetworkInterface, back: Packet) {
    walk.meet(Stop::Instance, place(eni), back, None);
}

pub(crate) fn tell(step: &Step) -> String {
    let name = match step.place {
        Place::Interface { id, instance: Some(instance) } => format!("{instance} ({id})"),
        Place::Interface { id, instance: None } => id.to_string(),
        _ => step.packet.destination.to_string(),
    };
    match step.cause {
        None if step.way == Way::Back => format!("{name} gets the answer"),
        None if matches!(step.place, Place::Interface { .. }) && step.packet.destination == step.packet.source => name,
        None => format!("{name} runs"),
        Some(Cause::NotRunning) => format!("{name} does not run"),
        Some(Cause::ZoneDown) => format!("{name} is in a zone that is down"),
        Some(Cause::NotAttached) => "no running instance has the interface".to_owned(),
        Some(Cause::NobodyThere) => format!("nobody has the address {}", step.packet.destination),
        Some(Cause::NoAddress) => {
            let family = if step.packet.destination.is_ipv6() { "IPv6" } else { "IPv4" };
            format!("{name} has no {family} address to speak from")
        }
        Some(Cause::NoListener) => format!("nothing on {name} listens on port {}", step.packet.port),
        Some(Cause::NotItsAddress) => {
            format!("{name} gets no packet for {}: its source/destination check is on", step.packet.destination)
        }
        Some(Cause::AnswerAstray) => {
            format!("the answer comes to {name} from {}, which is not the address that was asked", step.packet.source)
        }
        Some(other) => format!("{name}: {other:?}"),
    }
}

pub(crate) fn code(cause: Cause) -> &'static str {
    match cause {
        Cause::NotItsAddress => "ENI_SOURCE_DEST_CHECK_RESTRICTION",
        Cause::NotRunning | Cause::ZoneDown => "BAD_STATE",
        Cause::NotAttached => "UNASSOCIATED_COMPONENT",
        Cause::AnswerAstray | Cause::NoAddress => "ENI_ADDRESS_RESTRICTION",
        _ => "NO_POSSIBLE_DESTINATION",
    }
}

/// Whether the interface is an instance's.
pub(crate) fn is_guest(eni: &NetworkInterface) -> bool {
    eni.kind == InterfaceKind::Interface
}
