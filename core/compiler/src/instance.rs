//! Instances: the veth of each interface, what lies in the guest, and the source/destination check.

use crate::appliance;
use crate::parts::{FIRST_DEVICE_TABLE, INNER_TABLE, MAIN_TABLE, Parts, VPC_MTU, drop_rule, rule, set};
use crate::view::{Holder, Interface, View};
use postern_names::{Ipv4Cidr, Stop};
use postern_program::*;
use std::net::Ipv4Addr;

/// Links with their own addresses.
const OWN_SET: &str = "s_own";

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
                    mac: None,
                    proxy_arp: true,
                },
                far_namespace: guest,
                far: LinkEnd { name: device.clone(), group: 0, mac: Some(interface.eni.mac), proxy_arp: false },
                mtu: VPC_MTU,
                arp: true,
            },
        );
        for address in interface.addresses() {
            let kind = RouteKind::Link { link: interface.link.clone() };
            parts.route(vpc, INNER_TABLE, Ipv4Cidr::host(address), kind);
        }
        if let Holder::Instance(_, index) = interface.holder {
            for address in interface.addresses() {
                parts.address(guest, &device, address, interface.subnet.cidr.length());
            }
            match (index, interface.subnet.router()) {
                (_, None) => {}
                (0, Some(gateway)) => {
                    parts.route(guest, MAIN_TABLE, Ipv4Cidr::ALL, RouteKind::Via { gateway, link: device });
                }
                (index, Some(gateway)) => further_device(interface, index, gateway, parts),
            }
        }
    }
}

/// The second device and those after it: what has their addresses leaves by them, as Amazon Linux sets its devices up. An
/// answer by the first device would not be the interface's own, and be dropped.
fn further_device(interface: &Interface<'_>, index: u32, gateway: Ipv4Addr, parts: &mut Parts) {
    let (guest, link, table) = (interface.namespace(), interface.device(), FIRST_DEVICE_TABLE + index);
    parts.route(guest, table, interface.subnet.cidr, RouteKind::Link { link: link.clone() });
    parts.route(guest, table, Ipv4Cidr::ALL, RouteKind::Via { gateway, link });
    for (number, address) in (0..).zip(interface.addresses()) {
        parts.source_rule(guest, index * ADDRESSES_MAX + number, address, table);
    }
}

pub(crate) fn own_addresses(view: &View<'_>) -> Set {
    let own = view.interfaces.iter().flat_map(|interface| {
        interface.addresses().map(|address| vec![Atom::Link(interface.link.clone()), Atom::Address(address)])
    });
    set(OWN_SET, &[Field::InLink, Field::Source], own.collect())
}

/// Every packet that enters the namespace: an interface sends from its own addresses only.
pub(crate) fn source_check() -> Vec<Rule> {
    let own = Match::In { fields: vec![Field::InLink, Field::Source], set: OWN_SET.to_owned() };
    vec![
        rule(vec![Match::InLink("lo".to_owned())], Action::Accept),
        rule(vec![own], Action::Accept),
        rule(vec![appliance::is_unchecked(Field::InLink)], Action::Accept),
        drop_rule(vec![], format!("{} sends from an address that is not its own", Stop::Instance)),
    ]
}

/// Every packet on its way out of the namespace: an interface gets packets for its own addresses only.
pub(crate) fn destination_check() -> Rule {
    let foreign = Match::NotIn { fields: vec![Field::OutLink, Field::Destination], set: OWN_SET.to_owned() };
    drop_rule(
        vec![foreign, appliance::is_checked(Field::OutLink)],
        format!("{} gets no packet for an address that is not its own", Stop::Instance),
    )
}
