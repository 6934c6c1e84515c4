//! Network ACLs: stateless, asked for the question and for its answer; the lowest number that matches decides.

use crate::packet::Packet;
use crate::rule::covers;
use crate::trace::*;
use crate::walk::Walk;
use crate::{security_group, trace};
use postern_model::AclAction;
use postern_names::{Stop, SubnetId};

pub(crate) fn check(walk: &mut Walk<'_, '_>, stop: Stop, subnet: SubnetId, packet: Packet) {
    let Some(acl) = walk.ground.acl(subnet) else { return };
    let egress = stop == Stop::NetworkAclOut;
    let peer = if egress { packet.destination } else { packet.source };
    let entries = walk.ground.entries(acl.id, egress);
    let decides = entries
        .iter()
        .find(|entry| entry.cidr.contains(peer) && covers(entry.protocol, entry.ports, entry.icmp, &packet));
    let cause = match decides.map(|entry| entry.action) {
        Some(AclAction::Allow) => None,
        Some(AclAction::Deny) | None => Some(Cause::Denied),
    };
    let entry = decides.map(|entry| entry.number);
    walk.meet(stop, Place::Acl { acl: acl.id, subnet, entry }, packet, cause);
}

pub(crate) fn tell(step: &Step) -> String {
    let Place::Acl { acl, subnet, entry } = step.place else { return String::new() };
    let number = entry.map_or("*".to_owned(), |number| number.to_string());
    let verb = if step.cause.is_some() { "denies" } else { "allows" };
    let (side, peer) = match step.stop {
        Stop::NetworkAclOut => ("out of", format!("to {}", step.packet.destination)),
        _ => ("into", format!("from {}", step.packet.source)),
    };
    let what = match (step.way, step.packet.icmp) {
        (trace::Way::Back, None) => format!("the answer (to port {})", step.packet.port),
        (trace::Way::Back, Some(_)) => "the answer".to_owned(),
        (trace::Way::Outward, _) => security_group::what(&step.packet),
    };
    format!("entry {number} of {acl} {verb} {what} {side} {subnet} {peer}")
}

pub(crate) fn code(_: Cause) -> &'static str {
    "SUBNET_ACL_RESTRICTION"
}
