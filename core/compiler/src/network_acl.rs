//! Network ACLs: one chain per ACL and direction, run for every packet that crosses a subnet's border.

use crate::parts::{drop_rule, rule, set};
use crate::security_group::protocol_matches;
use crate::view::View;
use crate::{network_acl_in, network_acl_out};
use postern_model::{AclAction, AclEntry, NetworkAcl};
use postern_names::*;
use postern_program::*;
use std::collections::BTreeMap;

/// Runs the ACLs of both borders; returns if they let the packet pass.
pub(crate) const CHAIN: &str = "c_acl";

/// The same for what comes to the sockets of the namespace: the sender's border, and an interface endpoint's.
pub(crate) const ENDPOINT_CHAIN: &str = "c_in_acl";

const SAME_SUBNET_SET: &str = "s_same_subnet";
/// Subnets' device groups with the addresses that interface endpoints have in them.
const ENDPOINT_SUBNET_SET: &str = "s_endpoint_subnet";

/// How one direction is called and which end of a packet its entries look at.
pub(crate) struct Way {
    pub stop: Stop,
    pub prefix: &'static str,
    pub map: &'static str,
    pub egress: bool,
    pub group: Field,
    /// By address, for the borders of interface endpoints.
    pub endpoint_map: &'static str,
    pub endpoint: Field,
    pub peer: fn(Cidr) -> Match,
}

/// Pairs of device groups that are one subnet: no border between them.
pub(crate) fn same_subnet(view: &View<'_>) -> Set {
    let pairs = view.subnets.values().map(|subnet| vec![Atom::Group(subnet.number), Atom::Group(subnet.number)]);
    set(SAME_SUBNET_SET, &[Field::InGroup, Field::OutGroup], pairs.collect())
}

pub(crate) fn chain() -> Chain {
    let same = Match::In { fields: vec![Field::InGroup, Field::OutGroup], set: SAME_SUBNET_SET.to_owned() };
    crate::parts::chain(
        CHAIN,
        vec![rule(vec![same], Action::Return), network_acl_out::check(), network_acl_in::check()],
    )
}

/// Addresses of interface endpoints that are in one subnet with a link.
pub(crate) fn endpoint_subnets(view: &View<'_>, ip: IpFamily) -> Set {
    let pairs = view.doors(ip).map(|door| vec![Atom::Group(door.subnet.number), Atom::Address(door.address)]);
    set(ENDPOINT_SUBNET_SET, &[Field::InGroup, Field::Destination], pairs.collect())
}

pub(crate) fn endpoint_chain() -> Chain {
    let same = Match::In { fields: vec![Field::InGroup, Field::Destination], set: ENDPOINT_SUBNET_SET.to_owned() };
    let rules = vec![rule(vec![same], Action::Return), network_acl_out::check(), network_acl_in::endpoint_check()];
    crate::parts::chain(ENDPOINT_CHAIN, rules)
}

/// The answers of the namespace's sockets.
pub(crate) fn answers() -> Vec<Rule> {
    let same = Match::In { fields: vec![Field::OutGroup, Field::Source], set: ENDPOINT_SUBNET_SET.to_owned() };
    vec![rule(vec![same], Action::Accept), network_acl_out::endpoint_check(), network_acl_in::check()]
}

pub(crate) fn check(way: &Way) -> Rule {
    rule(vec![], Action::Verdict { fields: vec![way.group], map: way.map.to_owned() })
}

pub(crate) fn endpoint_check(way: &Way) -> Rule {
    rule(vec![], Action::Verdict { fields: vec![way.endpoint], map: way.endpoint_map.to_owned() })
}

/// The chain of the subnet that an interface endpoint's address is in.
pub(crate) fn endpoint_map(view: &View<'_>, way: &Way, ip: IpFamily) -> Map {
    let elements = view.doors(ip).filter_map(|door| {
        let acl = view.acl_of(door.subnet.id)?;
        Some((vec![Atom::Address(door.address)], MapValue::Jump(chain_name(way, acl))))
    });
    crate::parts::map(way.endpoint_map, &[way.endpoint], elements.collect())
}

/// The chain of each subnet, by the device group of its links.
pub(crate) fn map(view: &View<'_>, way: &Way) -> Map {
    let elements = view.subnets.values().filter_map(|subnet| {
        let acl = view.acl_of(subnet.id)?;
        Some((vec![Atom::Group(subnet.number)], MapValue::Jump(chain_name(way, acl))))
    });
    crate::parts::map(way.map, &[way.group], elements.collect())
}

pub(crate) fn chains(view: &View<'_>, way: &Way, ip: IpFamily) -> Vec<Chain> {
    let acls: BTreeMap<_, _> = view.subnets.keys().filter_map(|id| view.acl_of(*id)).map(|acl| (acl.id, acl)).collect();
    acls.values().map(|acl| crate::parts::chain(&chain_name(way, acl), rules(acl, way, ip))).collect()
}

fn chain_name(way: &Way, acl: &NetworkAcl) -> String {
    format!("{}{}", way.prefix, acl.id.digits())
}

/// The lowest number that matches decides; the last rule denies what is left.
fn rules(acl: &NetworkAcl, way: &Way, ip: IpFamily) -> Vec<Rule> {
    let is_meant = |entry: &&AclEntry| entry.egress == way.egress && entry.cidr.family() == ip;
    let mut entries: Vec<&AclEntry> = acl.entries.iter().filter(is_meant).collect();
    entries.sort_by_key(|entry| entry.number);
    let mut rules: Vec<Rule> = entries
        .into_iter()
        .map(|entry| {
            let comment = format!("{} {} {}", way.stop, acl.id, entry.number);
            match entry.action {
                AclAction::Allow => Rule {
                    matches: matches(entry, way),
                    action: Action::Return,
                    comment: Some(comment),
                    counter: false,
                },
                AclAction::Deny => drop_rule(matches(entry, way), comment),
            }
        })
        .collect();
    rules.push(drop_rule(vec![], format!("{} {} *", way.stop, acl.id)));
    rules
}

fn matches(entry: &AclEntry, way: &Way) -> Vec<Match> {
    let peer = (entry.cidr.length() > 0).then(|| (way.peer)(entry.cidr));
    peer.into_iter().chain(protocol_matches(entry.protocol, entry.ports, entry.icmp)).collect()
}
