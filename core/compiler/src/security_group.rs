//! Security groups: one chain per distinct list of groups and direction, run once a connection.
//!
//! A chain returns at the first rule that allows and drops at its end, so a union over groups is a list of their rules.

use crate::parts::{chain, drop_rule, set};
use crate::view::View;
use crate::{security_group_in, security_group_out};
use postern_model::{GroupPeer, NetworkInterface, RuleDirection, SecurityGroupRule};
use postern_names::*;
use postern_program::*;
use std::collections::{BTreeMap, BTreeSet};

/// Chains named after more than this many groups are named after a hash of them.
const NAMED_GROUPS_MAX: usize = 8;
/// Groups that a comment can hold.
const COMMENT_GROUPS_MAX: usize = 4;

/// What all groups of a VPC add to its filter.
pub(crate) struct Groups {
    pub sets: Vec<Set>,
    pub chains: Vec<Chain>,
    /// By link, the chain for what the interface sends.
    pub out: Vec<(Vec<Atom>, MapValue)>,
    /// By link, the chain for what the interface gets.
    pub into: Vec<(Vec<Atom>, MapValue)>,
    /// By address, the chain for what an interface endpoint gets.
    pub endpoints: Vec<(Vec<Atom>, MapValue)>,
}

type Verdicts = Vec<(Vec<Atom>, MapValue)>;

/// How one direction is called and which end of a packet its peers are.
pub(crate) struct Way {
    pub stop: Stop,
    pub prefix: &'static str,
    pub direction: RuleDirection,
    pub peer: Field,
}

/// The interfaces of instances and of endpoints have groups; gateways have none and are not filtered.
pub(crate) fn collect(view: &View<'_>, ip: IpFamily) -> Groups {
    let mut sets = BTreeMap::new();
    let mut chains = Vec::new();
    let links = || {
        let instances = view.interfaces.iter().filter(|i| matches!(i.holder, crate::view::Holder::Instance(..)));
        instances.map(|i| (Atom::Link(i.link.clone()), i.eni.groups.as_slice()))
    };
    let doors = view.doors(ip).map(|door| (Atom::Address(door.address), door.eni.groups.as_slice()));
    let out = one_way(view, ip, &security_group_out::WAY, links(), &mut sets, &mut chains);
    let mut into = one_way(view, ip, &security_group_in::WAY, links().chain(doors), &mut sets, &mut chains);
    let endpoints = into.split_off(out.len());
    Groups { sets: sets.into_values().collect(), chains, out, into, endpoints }
}

/// For each receiver or sender, with its groups, the chain of those groups; each chain is made once.
fn one_way<'v>(
    view: &View<'_>,
    ip: IpFamily,
    way: &Way,
    ends: impl Iterator<Item = (Atom, &'v [SecurityGroupId])>,
    sets: &mut BTreeMap<String, Set>,
    chains: &mut Vec<Chain>,
) -> Verdicts {
    let mut made: BTreeSet<Vec<SecurityGroupId>> = BTreeSet::new();
    let mut verdicts = Vec::new();
    for (end, groups) in ends {
        let mut groups = groups.to_vec();
        groups.sort();
        groups.dedup();
        let name = chain_name(way, &groups);
        verdicts.push((vec![end], MapValue::Jump(name.clone())));
        if made.insert(groups.clone()) {
            chains.push(chain(&name, rules(view, ip, way, &groups, sets)));
        }
    }
    verdicts
}

fn chain_name(way: &Way, groups: &[SecurityGroupId]) -> String {
    let digits: Vec<String> = groups.iter().map(|id| id.digits().to_string()).collect();
    if digits.len() <= NAMED_GROUPS_MAX {
        return format!("{}{}", way.prefix, digits.join("_"));
    }
    let hash = digits
        .concat()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{}{}_and_{}_{hash:016x}", way.prefix, digits.first().map_or("", String::as_str), digits.len() - 1)
}

fn rules(
    view: &View<'_>,
    ip: IpFamily,
    way: &Way,
    groups: &[SecurityGroupId],
    sets: &mut BTreeMap<String, Set>,
) -> Vec<Rule> {
    let mut rules: Vec<Rule> = Vec::new();
    let found = groups.iter().filter_map(|id| view.world.security_groups.get(id));
    for wanted in found.flat_map(|group| &group.rules).filter(|rule| rule.direction == way.direction) {
        let Some(matches) = matches(view, ip, way, wanted, sets) else { continue };
        if rules.iter().all(|rule| rule.matches != matches) {
            let comment = Some(format!("{} {}", way.stop, wanted.id));
            rules.push(Rule { matches, action: Action::Return, comment, counter: false });
        }
    }
    rules.push(drop_rule(vec![], format!("{} {}", way.stop, list(groups))));
    rules
}

fn list(groups: &[SecurityGroupId]) -> String {
    let mut words: Vec<String> = groups.iter().take(COMMENT_GROUPS_MAX).map(SecurityGroupId::to_string).collect();
    if let Some(more) = groups.len().checked_sub(COMMENT_GROUPS_MAX).filter(|more| *more > 0) {
        words.push(format!("and {more} more"));
    }
    words.join(" ")
}

/// `None` for a rule that no packet of the family can meet.
fn matches(
    view: &View<'_>,
    ip: IpFamily,
    way: &Way,
    rule: &SecurityGroupRule,
    sets: &mut BTreeMap<String, Set>,
) -> Option<Vec<Match>> {
    let mut matches = Vec::new();
    let range = match &rule.peer {
        GroupPeer::Cidr(range) => Some(Cidr::V4(*range)),
        GroupPeer::Ipv6Cidr(range) => Some(Cidr::V6(*range)),
        // Lists hold ranges of IPv4.
        GroupPeer::PrefixList(_) if ip == IpFamily::V6 => return None,
        GroupPeer::PrefixList(_) | GroupPeer::Group { .. } => None,
    };
    if range.is_some_and(|range| range.family() != ip) {
        return None;
    }
    match &rule.peer {
        GroupPeer::Cidr(_) | GroupPeer::Ipv6Cidr(_) => {
            let range = range.filter(|range| range.length() > 0);
            matches.extend(range.map(|range| match way.peer {
                Field::Source => Match::Source(range),
                _ => Match::Destination(range),
            }));
        }
        GroupPeer::PrefixList(id) => {
            let name = format!("s_{}", id.to_string().replace('-', "_"));
            sets.entry(name.clone()).or_insert_with(|| prefix_list(view, &name, *id));
            matches.push(Match::In { fields: vec![way.peer], set: name });
        }
        GroupPeer::Group { id, .. } => {
            matches.extend(over_peering(view, way, *id)?);
            let name = format!("s_{}", id.to_string().replace('-', "_"));
            sets.entry(name.clone()).or_insert_with(|| members(view, &name, *id, ip));
            matches.push(Match::In { fields: vec![way.peer], set: name });
        }
    }
    matches.extend(protocol_matches(rule.protocol, rule.ports, rule.icmp));
    Some(matches)
}

/// A group of a peered VPC means its members over the wire alone: a third VPC may have the same addresses. `None` for a group
/// that is gone or out of reach.
fn over_peering(view: &View<'_>, way: &Way, id: SecurityGroupId) -> Option<Option<Match>> {
    let group = view.world.security_groups.get(&id)?;
    if group.vpc == view.vpc.id {
        return Some(None);
    }
    let peer = view.peers.iter().find(|peer| peer.other.vpc == group.vpc && peer.peering.is_in_one_region())?;
    let link = peer.link.clone();
    Some(Some(match way.direction {
        RuleDirection::Ingress => Match::InLink(link),
        RuleDirection::Egress => Match::OutLink(link),
    }))
}

/// What groups and ACLs say of protocol, ports and ICMP types alike.
pub(crate) fn protocol_matches(
    protocol: Protocol,
    ports: Option<PortRange>,
    icmp: Option<postern_model::IcmpType>,
) -> Vec<Match> {
    let mut matches: Vec<Match> = protocol.number().map(Match::Protocol).into_iter().collect();
    if let Some(ports) = ports.filter(|ports| protocol.has_ports() && *ports != PortRange::ALL) {
        matches.push(Match::DestinationPort(ports));
    }
    if let Some(icmp) = icmp.filter(|icmp| protocol.is_icmp() && (icmp.kind.is_some() || icmp.code.is_some())) {
        matches.push(Match::Icmp { kind: icmp.kind, code: icmp.code });
    }
    matches
}

/// The private addresses of a group's members, of one family.
fn members(view: &View<'_>, name: &str, group: SecurityGroupId, ip: IpFamily) -> Set {
    let members = view.interfaces.iter().filter(|i| i.eni.groups.contains(&group));
    let doors = view.doors(ip).filter(|door| door.eni.groups.contains(&group)).map(|door| door.address);
    let mut addresses: Vec<_> = members.flat_map(|i| i.addresses(ip)).chain(doors).collect();
    if view.world.security_groups.get(&group).is_some_and(|group| group.vpc != view.vpc.id) {
        let far = view.world.network_interfaces.values().filter(|eni| eni.groups.contains(&group));
        let up = far.filter(|eni| view.world.interface_is_up(eni.id));
        addresses.extend(up.flat_map(NetworkInterface::every_address).filter(|a| IpFamily::of(*a) == ip));
    }
    addresses.sort();
    set(name, &[Field::Source], addresses.into_iter().map(|address| vec![Atom::Address(address)]).collect())
}

/// The ranges of a prefix list; a range inside another adds nothing and would not be taken by the kernel.
fn prefix_list(view: &View<'_>, name: &str, id: PrefixListId) -> Set {
    let ranges = view.world.prefix_list_ranges(&view.vpc.region, id);
    let ranges: BTreeSet<Cidr> = ranges.into_iter().map(Cidr::V4).collect();
    let outer = ranges.iter().filter(|range| !ranges.iter().any(|other| other != *range && other.covers(**range)));
    let elements = outer.map(|range| vec![Atom::Range(*range)]).collect();
    Set { interval: true, ..set(name, &[Field::Source], elements) }
}
