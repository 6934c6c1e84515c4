//! Route tables: each is a table of the kernel, chosen by a mark; the kernel's longest prefix match is AWS's.
//!
//! `throw` is the local target: the packet goes on to the inner table, which knows every interface. What no table knows is
//! dropped without a word, as AWS does it: the client sees a time-out.
//!
//! A route table governs what leaves the subnet. Neighbours in one subnet reach each other without it, even if it has a
//! route for the subnet's own range.

use crate::parts::{FIRST_TABLE, INNER_TABLE, Parts, chain, map, rule};
use crate::view::{Holder, View};
use crate::{appliance, endpoint, instance, internet_gateway, peering};
use postern_model::{RouteDestination, RouteTable, RouteTarget, Subnet};
use postern_names::*;
use postern_program::{Action, Atom, Chain, Field, Map, MapValue, Match, RouteKind, Rule};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

/// From a subnet's device group to the mark of its route table, which is the table's number.
pub(crate) const MAP: &str = "m_table";
/// From a subnet's device group to the chain that keeps the subnet's own traffic out of its table.
const OWN_MAP: &str = "m_own_subnet";

/// Link-local addresses stay on their link; those that AWS keeps for services of the instance's own host stay there even if
/// a user's wider route has them.
const NEVER_FORWARDED: [(IpAddr, u8); 3] = [
    (IpAddr::V4(Ipv4Addr::new(169, 254, 0, 0)), 16),
    (IpAddr::V4(Ipv4Addr::new(169, 254, 168, 0)), 22),
    (IpAddr::V6(instance::LINK_LOCAL_V6), 10),
];

pub(crate) fn compile(view: &View<'_>, parts: &mut Parts) {
    let namespace = view.namespace();
    let tables: BTreeMap<_, _> = governing(view).map(|(_, table)| (table.id, table)).collect();
    for family in view.families() {
        for table in tables.values() {
            parts.table_rule(namespace, family, table.number);
            for (destination, kind) in routes(view, table, family) {
                parts.route(namespace, FIRST_TABLE + table.number, destination, kind);
            }
        }
        parts.inner_rule(namespace, family);
        for nowhere in view.cidrs(family).chain([family.everything()]) {
            parts.route(namespace, INNER_TABLE, nowhere, RouteKind::Blackhole);
        }
    }
}

pub(crate) fn marks(view: &View<'_>) -> Vec<(Vec<Atom>, MapValue)> {
    governing(view).map(|(group, table)| (vec![Atom::Group(group)], MapValue::Mark(table.number))).collect()
}

/// Chooses the table of a packet that comes from a subnet.
pub(crate) fn choice() -> Vec<Rule> {
    let by_group = |map: &str| (vec![Field::InGroup], map.to_owned());
    let (fields, map) = by_group(OWN_MAP);
    let own = rule(vec![], Action::Verdict { fields, map });
    let (fields, map) = by_group(MAP);
    vec![own, rule(vec![], Action::MarkFrom { fields, map })]
}

/// For each subnet whose table would lead astray what stays in the subnet: its device group, and a chain that accepts the
/// packet before it gets a mark.
pub(crate) fn own_subnets(view: &View<'_>, ip: IpFamily) -> (Map, Vec<Chain>) {
    let is_astray = |subnet: &Subnet| {
        let (Some(table), Some(range)) = (view.table_of(subnet.id), subnet.range(ip)) else { return false };
        let inside = |to: &Cidr, kind: &RouteKind| *kind != RouteKind::Throw && to.overlaps(range);
        let is_inner = |to: &Cidr| view.cidrs(ip).any(|cidr| cidr.covers(*to));
        routes(view, table, ip).iter().any(|(to, kind)| is_inner(to) && inside(to, kind))
    };
    let astray: Vec<&Subnet> = view.subnets.values().copied().filter(|subnet| is_astray(subnet)).collect();
    let name = |subnet: &Subnet| format!("c_own_{}", subnet.number);
    let elements = astray.iter().map(|s| (vec![Atom::Group(s.number)], MapValue::Jump(name(s)))).collect();
    let stays = |subnet: &Subnet| rule(subnet.range(ip).map(Match::Destination).into_iter().collect(), Action::Accept);
    let chains = astray.iter().map(|subnet| chain(&name(subnet), vec![stays(subnet)])).collect();
    (map(OWN_MAP, &[Field::InGroup], elements), chains)
}

/// The number of each subnet, with its route table.
fn governing<'v>(view: &'v View<'_>) -> impl Iterator<Item = (u32, &'v RouteTable)> {
    view.subnets.values().filter_map(|subnet| Some((subnet.number, view.table_of(subnet.id)?)))
}

/// Where a route comes from. Of two with the same destination the greater wins; of two of a kind the later one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Origin {
    PrefixList,
    Local,
    Cidr,
}

/// A table's routes of one family, those of the VPC's ranges and of gateway endpoints included.
pub(crate) fn routes(view: &View<'_>, table: &RouteTable, family: IpFamily) -> BTreeMap<Cidr, RouteKind> {
    let mut routes: BTreeMap<Cidr, (Origin, RouteKind)> = BTreeMap::new();
    let mut put = |destination: Cidr, origin, kind| {
        if destination.family() != family {
            return;
        }
        if routes.get(&destination).is_none_or(|(present, _)| *present <= origin) {
            routes.insert(destination, (origin, kind));
        }
    };
    for destination in endpoint::destinations(view, table.id) {
        put(destination, Origin::PrefixList, RouteKind::Local);
    }
    for cidr in view.cidrs(family) {
        put(cidr, Origin::Local, RouteKind::Throw);
    }
    for (network, length) in NEVER_FORWARDED {
        if let Some(range) = Cidr::new(network, length) {
            put(range, Origin::Local, RouteKind::Blackhole);
        }
    }
    for route in &table.routes {
        let kind = way(view, route.target, family);
        match route.destination {
            RouteDestination::Cidr(destination) => put(destination, Origin::Cidr, kind),
            RouteDestination::PrefixList(list) => {
                for destination in view.world.prefix_list_ranges(&table.region, list) {
                    put(destination.into(), Origin::PrefixList, kind.clone());
                }
            }
        }
    }
    routes.into_iter().map(|(destination, (_, kind))| (destination, kind)).collect()
}

/// A target that cannot carry packets is a black hole.
fn way(view: &View<'_>, target: RouteTarget, family: IpFamily) -> RouteKind {
    if !view.world.route_is_active(view.vpc.id, target) {
        return RouteKind::Blackhole;
    }
    let way = match target {
        RouteTarget::Local => Some(RouteKind::Throw),
        RouteTarget::InternetGateway(_) => Some(internet_gateway::way(family)),
        RouteTarget::NatGateway(id) => view
            .interfaces
            .iter()
            .find(|i| matches!(i.holder, Holder::NatGateway(nat) if nat.id == id))
            .and_then(|i| appliance::way(view, i.eni.id, family)),
        RouteTarget::NetworkInterface(id) => appliance::way(view, id, family),
        RouteTarget::Peering(id) if family == IpFamily::V4 => {
            view.peers.iter().find(|peer| peer.peering.id == id).map(peering::way)
        }
        RouteTarget::Peering(_) => None,
        RouteTarget::Endpoint(_) => None,
    };
    way.unwrap_or(RouteKind::Blackhole)
}
