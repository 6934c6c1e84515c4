//! Appliances: instances that get packets for addresses that are not their own, if their interface lets them.

use crate::instance::is_guest;
use crate::packet::Packet;
use crate::trace::*;
use crate::walk::Walk;
use postern_model::NetworkInterface;
use postern_names::Stop;

/// The source/destination check of the interface that a packet is led to.
pub(crate) fn destination_check(walk: &mut Walk<'_, '_>, to: &NetworkInterface, packet: Packet) {
    let is_own = to.has_address(packet.destination);
    if is_guest(to) && to.source_dest_check && !is_own {
        let place = Place::Interface { id: to.id, instance: to.attachment.as_ref().and_then(|a| a.instance) };
        walk.meet(Stop::Instance, place, packet, Some(Cause::NotItsAddress));
    }
}

/// The way ends here as far as it is known: forwarding is the appliance's own matter.
pub(crate) fn hand_over(walk: &mut Walk<'_, '_>, to: &NetworkInterface, packet: Packet) {
    let place = Place::Interface { id: to.id, instance: to.attachment.as_ref().and_then(|a| a.instance) };
    walk.meet(Stop::Appliance, place, packet, Some(Cause::HandedOver));
}

pub(crate) fn tell(step: &Step) -> String {
    match step.place {
        Place::Interface { id, instance: Some(instance) } => format!(
            "{instance} ({id}) gets the packet for {} as an appliance; whether it forwards it is its own matter",
            step.packet.destination
        ),
        _ => format!("an appliance gets the packet for {}", step.packet.destination),
    }
}

pub(crate) fn code(_: Cause) -> &'static str {
    "NO_POSSIBLE_DESTINATION"
}
