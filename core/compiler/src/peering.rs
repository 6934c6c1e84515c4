//! Peering connections: a wire between the namespaces of two VPCs, and what may pass it.
//!
//! Only the route tables of the side that sends lead over it. What comes out at the other side is for an interface there, or
//! for nobody: it has no route table, so no gateway of that VPC and no third VPC takes it on. The answers of interface
//! endpoints follow the table of the endpoint's subnet, as an instance's would.

use crate::parts::{Parts, VPC_MTU, drop_rule, set};
use crate::route_table;
use crate::view::{Peer, View};
use postern_model::VpcPeeringConnection;
use postern_names::{Cidr, IpFamily, Stop, SubnetId};
use postern_program::*;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

/// The next hop over every wire. Nobody has the address: what is sent on a wire arrives.
const BEYOND: IpAddr = IpAddr::V4(Ipv4Addr::new(169, 254, 1, 3));
/// The largest packet between two regions.
const BETWEEN_REGIONS_MTU: u32 = 8500;

/// The wires' ends in this namespace.
const LINK_SET: &str = "s_peering";

/// The way over a connection.
pub(crate) fn way(peer: &Peer<'_>) -> RouteKind {
    RouteKind::Via { gateway: BEYOND, link: peer.link.clone() }
}

/// The wire belongs to the requester's VPC.
pub(crate) fn compile(view: &View<'_>, parts: &mut Parts) {
    for peer in view.peers.iter().filter(|peer| peer.peering.requester.vpc == view.vpc.id) {
        let end = || LinkEnd {
            name: peer.link.clone(),
            group: 0,
            mac: Some(hardware_address(peer.peering)),
            proxy_arp: false,
        };
        let mtu = if peer.peering.is_in_one_region() { VPC_MTU } else { BETWEEN_REGIONS_MTU };
        let link = Link { near: end(), far_namespace: Namespace::Vpc(peer.other.vpc), far: end(), mtu, arp: false };
        parts.link(view.namespace(), link);
    }
    for (subnet, routes) in answers(view) {
        let Some(subnet) = view.subnets.get(&subnet) else { continue };
        let table = parts.answer_rule(view.namespace(), subnet.number, subnet.cidr);
        for (to, kind) in routes {
            parts.route(view.namespace(), table, to, kind);
        }
    }
}

/// Locally administered, from the connection's id.
fn hardware_address(peering: &VpcPeeringConnection) -> [u8; 6] {
    let [.., a, b, c, d, e] = peering.id.digits().bits().to_be_bytes();
    [2, a, b, c, d, e]
}

/// For each subnet with interface endpoints whose table leads over a connection: the table's routes that concern a peer.
fn answers(view: &View<'_>) -> BTreeMap<SubnetId, Vec<(Cidr, RouteKind)>> {
    let mut found = BTreeMap::new();
    for subnet in view.doors.iter().map(|door| door.subnet.id) {
        let Some(table) = view.table_of(subnet) else { continue };
        let routes = route_table::routes(view, table, IpFamily::V4);
        let over: Vec<Cidr> = routes.iter().filter(|(_, kind)| is_over_a_wire(view, kind)).map(|(to, _)| *to).collect();
        // A longer route that leads elsewhere goes before; what is inside the VPC is none of a peer's business.
        let is_inner = |to: &Cidr| view.cidrs(IpFamily::V4).any(|cidr| cidr.covers(*to));
        let concerns = |to: &Cidr, kind: &RouteKind| {
            over.iter().any(|o| o.covers(*to)) && (*kind == RouteKind::Throw || !is_inner(to))
        };
        // An answer goes over a connection or is lost: no gateway knows it, and no appliance is asked whether it wants it.
        let or_lost = |kind: RouteKind| match kind {
            RouteKind::Throw => kind,
            kind if is_over_a_wire(view, &kind) => kind,
            _ => RouteKind::Blackhole,
        };
        let kept = routes.into_iter().filter(|(to, kind)| concerns(to, kind));
        let kept: Vec<_> = kept.map(|(to, kind)| (to, or_lost(kind))).collect();
        if !kept.is_empty() {
            found.insert(subnet, kept);
        }
    }
    found
}

fn is_over_a_wire(view: &View<'_>, kind: &RouteKind) -> bool {
    kind.link().is_some_and(|link| view.peers.iter().any(|peer| peer.link == link))
}

/// The wires' ends, and each peer's ranges.
/// Of IPv6 nothing passes: no route can lead it here.
pub(crate) fn sets(view: &View<'_>, ip: IpFamily) -> Vec<Set> {
    if view.peers.is_empty() {
        return Vec::new();
    }
    let links = view.peers.iter().map(|peer| vec![Atom::Link(peer.link.clone())]).collect();
    let ranges = view.peers.iter().map(|peer| {
        let ranges = peer.ranges.iter().filter(|range| range.family() == ip);
        let elements = ranges.map(|range| vec![Atom::Range(*range)]).collect();
        Set { interval: true, ..set(&peer.set(), &[Field::Source], elements) }
    });
    std::iter::once(set(LINK_SET, &[Field::InLink], links)).chain(ranges).collect()
}

/// What comes out of a wire is from the peer's ranges.
pub(crate) fn source_check(view: &View<'_>) -> Vec<Rule> {
    let one = |peer: &Peer<'_>| {
        let foreign = Match::NotIn { fields: vec![Field::Source], set: peer.set() };
        let words = format!("{} {} brings only what {} sends", Stop::Peering, peer.peering.id, peer.other.vpc);
        drop_rule(vec![Match::InLink(peer.link.clone()), foreign], words)
    };
    view.peers.iter().map(one).collect()
}

/// What goes into a wire is for the peer's ranges.
pub(crate) fn destination_check(view: &View<'_>) -> Vec<Rule> {
    let one = |peer: &Peer<'_>| {
        let foreign = Match::NotIn { fields: vec![Field::Destination], set: peer.set() };
        let words = format!("{} {} leads to {} and no further", Stop::Peering, peer.peering.id, peer.other.vpc);
        drop_rule(vec![Match::OutLink(peer.link.clone()), foreign], words)
    };
    view.peers.iter().map(one).collect()
}

/// Resolver, metadata and routers are for the VPC's own interfaces.
pub(crate) fn nothing_for_the_router(view: &View<'_>, router_set: &str) -> Option<Rule> {
    let from = Match::In { fields: vec![Field::InLink], set: LINK_SET.to_owned() };
    let router = Match::In { fields: vec![Field::Destination], set: router_set.to_owned() };
    let words = format!("{} does not lead to a VPC's own services", Stop::Peering);
    (!view.peers.is_empty()).then(|| drop_rule(vec![from, router], words))
}
