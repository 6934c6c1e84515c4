//! Security groups: the rules of all groups of an interface as one union, asked for the question only.

use crate::ground::Ground;
use crate::instance::is_guest;
use crate::packet::Packet;
use crate::rule::covers;
use crate::trace::*;
use crate::walk::Walk;
use postern_model::*;
use postern_names::*;
use std::net::IpAddr;

/// Asks the groups of an interface; a gateway's has none and is not filtered.
pub(crate) fn check(walk: &mut Walk<'_, '_>, stop: Stop, eni: &NetworkInterface, other: Option<VpcId>, packet: Packet) {
    if !is_guest(eni) && eni.kind != InterfaceKind::VpcEndpoint {
        return;
    }
    let (direction, peer) = match stop {
        Stop::SecurityGroupOut => (RuleDirection::Egress, packet.destination),
        _ => (RuleDirection::Ingress, packet.source),
    };
    let world = walk.ground.world;
    let groups = eni.groups.iter().filter_map(|id| world.security_groups.get(id));
    let mut any = false;
    let mut found = None;
    'groups: for group in groups {
        for rule in group.rules.iter().filter(|rule| rule.direction == direction) {
            any = true;
            if covers(rule.protocol, rule.ports, rule.icmp, &packet)
                && is_peer(walk.ground, eni, other, &rule.peer, peer)
            {
                found = Some((group.id, rule.id));
                break 'groups;
            }
        }
    }
    let cause = match (found, any) {
        (Some(_), _) => None,
        (None, true) => Some(Cause::NoRule),
        (None, false) => Some(Cause::NoRules),
    };
    walk.meet(stop, Place::Groups { interface: eni.id, rule: found }, packet, cause);
}

fn is_peer(
    ground: &Ground<'_>,
    eni: &NetworkInterface,
    other: Option<VpcId>,
    peer: &GroupPeer,
    address: IpAddr,
) -> bool {
    match peer {
        GroupPeer::Cidr(cidr) => Cidr::V4(*cidr).contains(address),
        GroupPeer::Ipv6Cidr(cidr) => Cidr::V6(*cidr).contains(address),
        GroupPeer::PrefixList(id) => ground.list(*id).iter().any(|range| range.contains(address)),
        GroupPeer::Group { id, .. } => {
            let Some(home) = ground.world.security_groups.get(id).map(|group| group.vpc) else { return false };
            // A group of a peered VPC means its members over the connection, inside a region.
            let region = |vpc: VpcId| ground.world.vpcs.get(&vpc).map(|vpc| &vpc.region);
            let is_in_reach = home == eni.vpc || other == Some(home) && region(home) == region(eni.vpc);
            let member = ground.holder(home, address).filter(|_| is_in_reach);
            member.is_some_and(|member| ground.is_up(member) && member.groups.contains(id))
        }
    }
}

pub(crate) fn tell(ground: &Ground<'_>, step: &Step) -> String {
    let Place::Groups { interface, rule } = step.place else { return String::new() };
    let (verb, peer) = match step.stop {
        Stop::SecurityGroupOut => ("out to", step.packet.destination),
        _ => ("in from", step.packet.source),
    };
    let what = what(&step.packet);
    let groups = ground.world.network_interfaces.get(&interface).map(|eni| list(&eni.groups)).unwrap_or_default();
    match (rule, step.cause) {
        (Some((group, rule)), _) => format!("{rule} of {group} lets {what} {verb} {peer}"),
        (None, Some(Cause::NoRules)) => format!("{groups} of {interface} has no rule that lets anything {verb} {peer}"),
        (None, _) => format!("no rule of {groups} of {interface} lets {what} {verb} {peer}"),
    }
}

/// The packet's protocol and port in words: `tcp 443`.
pub(crate) fn what(packet: &Packet) -> String {
    match packet.protocol {
        Protocol::Tcp => format!("tcp {}", packet.port),
        Protocol::Udp => format!("udp {}", packet.port),
        _ => "ping".to_owned(),
    }
}

fn list(groups: &[SecurityGroupId]) -> String {
    groups.iter().map(SecurityGroupId::to_string).collect::<Vec<_>>().join(", ")
}

pub(crate) fn code(cause: Cause) -> &'static str {
    match cause {
        Cause::NoRules => "SG_HAS_NO_RULES",
        _ => "ENI_SG_RULES_MISMATCH",
    }
}
