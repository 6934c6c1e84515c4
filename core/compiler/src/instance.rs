//! Instances: the veth of each interface, what lies in the guest, and the source/destination check.

use crate::appliance;
use crate::parts::{FIRST_DEVICE_TABLE, INNER_TABLE, MAIN_TABLE, Parts, VPC_MTU, drop_rule, rule, set};
use crate::view::{Holder, Interface, View};
use postern_names::{Cidr, IpFamily, Protocol, Stop};
use postern_program::*;
use std::net::{IpAddr, Ipv6Addr};

/// Links with their own addresses.
const OWN_SET: &str = "s_own";

/// The router's own address on every link whose interface has IPv6.
pub(crate) const ROUTER_V6: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);
const ROUTER_MAC_BEGINNING: u8 = 0xfe;
const LINK_LOCAL_LENGTH: u8 = 64;
/// fe80::/10.
pub(crate) const LINK_LOCAL_V6: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0);
const NEIGHBOUR_SOLICITATION: u8 = 135;
const NEIGHBOUR_ADVERTISEMENT: u8 = 136;

/// More addresses than an interface can have.
const ADDRESSES_MAX: u32 = 256;

/// Links, the guests' addresses and default routes, and the way to every interface.
///
/// A guest sees its subnet as on AWS, with the router at the subnet's first address. Neighbours of the subnet are reached
/// through the router too: it answers ARP for those that are there and for no other.
pub(crate) fn compile(view: &View<'_>, parts: &mut Parts) {
    let vpc = view.namespace();
    for interface in &view.interfaces {
        let (guest, device) = (interface.namespace(), interface.device());
        parts.link(
            vpc,
            Link {
                near: LinkEnd {
                    name: interface.link.clone(),
                    group: interface.subnet.number,
                    mac: Some(router_mac(interface)),
                    proxy_arp: true,
                },
                far_namespace: guest,
                far: LinkEnd { name: device.clone(), group: 0, mac: Some(interface.eni.mac), proxy_arp: false },
                mtu: VPC_MTU,
                arp: true,
            },
        );
        for address in interface.eni.every_address() {
            let kind = RouteKind::Link { link: interface.link.clone() };
            parts.route(vpc, INNER_TABLE, Cidr::host(address), kind);
        }
        let has_v6 = interface.addresses(IpFamily::V6).next().is_some();
        if has_v6 {
            parts.address(vpc, &interface.link, ROUTER_V6, LINK_LOCAL_LENGTH);
            for address in interface.addresses(IpFamily::V6) {
                parts.neighbour(vpc, &interface.link, address, interface.eni.mac);
            }
        }
        if let Holder::Instance(_, index) = interface.holder {
            for address in interface.addresses(IpFamily::V4) {
                parts.address(guest, &device, address, interface.subnet.cidr.length());
            }
            for address in interface.addresses(IpFamily::V6) {
                parts.single_address(guest, &device, address);
            }
            if has_v6 {
                parts.neighbour(guest, &device, ROUTER_V6, router_mac(interface));
            }
            let router = interface.subnet.router().map(IpAddr::V4);
            let routers = router.into_iter().chain(has_v6.then_some(IpAddr::V6(ROUTER_V6)));
            for gateway in routers {
                let everything = IpFamily::of(gateway).everything();
                if index == 0 {
                    parts.route(guest, MAIN_TABLE, everything, RouteKind::Via { gateway, link: device.clone() });
                } else {
                    further_device(interface, index, gateway, parts);
                }
            }
        }
    }
}

/// The router's hardware address on an interface's link: the interface's own with another beginning, locally administered.
fn router_mac(interface: &Interface<'_>) -> [u8; 6] {
    let [_, rest @ ..] = interface.eni.mac;
    let [a, b, c, d, e] = rest;
    [ROUTER_MAC_BEGINNING, a, b, c, d, e]
}

/// The second device and those after it: what has their addresses leaves by them, as Amazon Linux sets its devices up. An
/// answer by the first device would not be the interface's own, and be dropped.
fn further_device(interface: &Interface<'_>, index: u32, gateway: IpAddr, parts: &mut Parts) {
    let (guest, link, table) = (interface.namespace(), interface.device(), FIRST_DEVICE_TABLE + index);
    let family = IpFamily::of(gateway);
    if family == IpFamily::V4 {
        parts.route(guest, table, interface.subnet.cidr, RouteKind::Link { link: link.clone() });
    }
    parts.route(guest, table, family.everything(), RouteKind::Via { gateway, link });
    for (number, address) in (0..).zip(interface.addresses(family)) {
        parts.source_rule(guest, index * ADDRESSES_MAX + number, address, table);
    }
}

pub(crate) fn own_addresses(view: &View<'_>, ip: IpFamily) -> Set {
    let own = view.interfaces.iter().flat_map(|interface| {
        interface.addresses(ip).map(|address| vec![Atom::Link(interface.link.clone()), Atom::Address(address)])
    });
    set(OWN_SET, &[Field::InLink, Field::Source], own.collect())
}

/// Every packet that enters the namespace: an interface sends from its own addresses only.
pub(crate) fn source_check(ip: IpFamily) -> Vec<Rule> {
    let own = Match::In { fields: vec![Field::InLink, Field::Source], set: OWN_SET.to_owned() };
    let mut rules = vec![rule(vec![Match::InLink("lo".to_owned())], Action::Accept), rule(vec![own], Action::Accept)];
    rules.extend(neighbours(ip));
    rules.extend(stays_on_its_link(ip));
    rules.extend([
        rule(vec![appliance::is_unchecked(Field::InLink)], Action::Accept),
        drop_rule(vec![], format!("{} sends from an address that is not its own", Stop::Instance)),
    ]);
    rules
}

/// What IPv6 asks and tells neighbours on a link; the kernel takes it from the link alone and forwards none of it. Nobody but
/// the router is at a link's other end.
pub(crate) fn neighbours(ip: IpFamily) -> Vec<Rule> {
    let one = |kind| {
        let icmp = Protocol::Icmpv6.number().map(Match::Protocol);
        rule(icmp.into_iter().chain([Match::Icmp { kind: Some(kind), code: None }]).collect(), Action::Accept)
    };
    if ip == IpFamily::V4 { Vec::new() } else { vec![one(NEIGHBOUR_SOLICITATION), one(NEIGHBOUR_ADVERTISEMENT)] }
}

/// A guest's other link-local talk (its questions for routers, its groups): nobody answers it, and it is nobody's mistake.
fn stays_on_its_link(ip: IpFamily) -> Vec<Rule> {
    let ranges = [Cidr::new(LINK_LOCAL_V6, 10), Some(Cidr::host(Ipv6Addr::UNSPECIFIED))];
    let quietly = |range| {
        let words = format!("{} stays on its link", Stop::Instance);
        Rule { counter: false, ..drop_rule(vec![Match::Source(range)], words) }
    };
    let ranges = ranges.into_iter().flatten().filter(|range| range.family() == ip);
    ranges.map(quietly).collect()
}

/// Every packet on its way out of the namespace: an interface gets packets for its own addresses only.
pub(crate) fn destination_check() -> Rule {
    let foreign = Match::NotIn { fields: vec![Field::OutLink, Field::Destination], set: OWN_SET.to_owned() };
    drop_rule(
        vec![foreign, appliance::is_checked(Field::OutLink)],
        format!("{} gets no packet for an address that is not its own", Stop::Instance),
    )
}
