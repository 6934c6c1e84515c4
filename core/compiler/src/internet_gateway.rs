//! Internet gateways: a link into the internet's namespace, with one-to-one translation on the link itself.
//!
//! The translation has no state and happens before and after everything else in the VPC, so groups and ACLs see private
//! addresses of this side and public ones of the other, also when a packet comes back into the same VPC.

use crate::parts::{INNER_TABLE, INTERNET_MTU, Parts, drop_rule, map, plain_end, rule, set};
use crate::view::{Holder, Interface, View};
use postern_names::{Cidr, IpFamily, Stop, VpcId};
use postern_program::*;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The link in the VPC's namespace.
pub(crate) const LINK: &str = "igw";
/// The next hop on the internet's side, the same for every VPC.
pub(crate) const INTERNET_SIDE: IpAddr = IpAddr::V4(Ipv4Addr::new(169, 254, 1, 1));
/// The next hop on the VPC's side.
pub(crate) const VPC_SIDE: IpAddr = IpAddr::V4(Ipv4Addr::new(169, 254, 1, 2));

/// The same on the link alone, for IPv6.
const INTERNET_SIDE_V6: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 2);
pub(crate) const VPC_SIDE_V6: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 3);
const LINK_LENGTH_V6: u8 = 64;

const VPC_SET: &str = "s_vpc";
const PRIVATE_SET: &str = "s_private";
const PUBLIC_SET: &str = "s_public";
const TO_PUBLIC_MAP: &str = "m_to_public";
const TO_PRIVATE_MAP: &str = "m_to_private";

pub(crate) fn way(family: IpFamily) -> RouteKind {
    let gateway = match family {
        IpFamily::V4 => INTERNET_SIDE,
        IpFamily::V6 => INTERNET_SIDE_V6.into(),
    };
    RouteKind::Via { gateway, link: LINK.to_owned() }
}

/// The link, and the internet's way back to each public address.
pub(crate) fn compile(view: &View<'_>, parts: &mut Parts) {
    if view.internet_gateway.is_none() {
        return;
    }
    let far = far_name(view.vpc.id);
    let [near_mac, far_mac] = [2, 6].map(|beginning| mac(beginning, view.vpc.id));
    parts.link(
        view.namespace(),
        Link {
            near: LinkEnd { mac: Some(near_mac), ..plain_end(LINK) },
            far_namespace: Namespace::Internet,
            far: LinkEnd { mac: Some(far_mac), ..plain_end(&far) },
            mtu: INTERNET_MTU,
            arp: true,
        },
    );
    for range in view.cidrs(IpFamily::V6) {
        parts.address(view.namespace(), LINK, VPC_SIDE_V6, LINK_LENGTH_V6);
        parts.address(Namespace::Internet, &far, INTERNET_SIDE_V6, LINK_LENGTH_V6);
        parts.neighbour(view.namespace(), LINK, INTERNET_SIDE_V6, far_mac);
        parts.neighbour(Namespace::Internet, &far, VPC_SIDE_V6, near_mac);
        let kind = RouteKind::Via { gateway: VPC_SIDE_V6.into(), link: far.clone() };
        parts.route(Namespace::Internet, INNER_TABLE, range, kind);
    }
    for (_, public) in mappings(view) {
        let kind = RouteKind::Via { gateway: VPC_SIDE, link: far.clone() };
        parts.route(Namespace::Internet, INNER_TABLE, Cidr::host(public), kind);
    }
}

/// The translation, both ways. What has no public address does not pass.
pub(crate) fn table(view: &View<'_>) -> Option<Table> {
    let gateway = view.internet_gateway?;
    let mappings = mappings(view);
    let one = |address: IpAddr| vec![Atom::Address(address)];
    let private = mappings.iter().map(|(private, _)| one(*private)).collect();
    let public = mappings.iter().map(|(_, public)| one(*public)).collect();
    let to_public = mappings.iter().map(|(private, public)| (one(*private), MapValue::Address(*public))).collect();
    let to_private = mappings.iter().map(|(private, public)| (one(*public), MapValue::Address(*private))).collect();
    let no_source = Match::NotIn { fields: vec![Field::Source], set: PRIVATE_SET.to_owned() };
    let no_destination = Match::NotIn { fields: vec![Field::Destination], set: PUBLIC_SET.to_owned() };
    let nobody = |what: &str| format!("{} {gateway} {what}", Stop::InternetGateway);
    Some(Table {
        family: Family::Netdev,
        name: "t_igw".to_owned(),
        sets: vec![set(PRIVATE_SET, &[Field::Source], private), set(PUBLIC_SET, &[Field::Destination], public)],
        maps: vec![
            map(TO_PUBLIC_MAP, &[Field::Source], to_public),
            map(TO_PRIVATE_MAP, &[Field::Destination], to_private),
        ],
        chains: vec![
            on_link(
                "c_leave",
                HookKind::Egress,
                vec![
                    drop_rule(vec![no_source], nobody("no public address")),
                    rule(vec![], Action::SourceFrom { map: TO_PUBLIC_MAP.to_owned() }),
                ],
            ),
            on_link(
                "c_enter",
                HookKind::Ingress,
                vec![
                    drop_rule(vec![no_destination], nobody("nobody has the public address")),
                    rule(vec![], Action::DestinationFrom { map: TO_PRIVATE_MAP.to_owned() }),
                ],
            ),
        ],
    })
}

/// IPv6 is not translated: what leaves is from the VPC's own ranges.
pub(crate) fn source_check(view: &View<'_>, ip: IpFamily) -> Option<Rule> {
    let gateway = view.internet_gateway.filter(|_| ip == IpFamily::V6)?;
    let foreign = Match::NotIn { fields: vec![Field::Source], set: VPC_SET.to_owned() };
    let words = format!("{} {gateway} takes only what is from its VPC", Stop::InternetGateway);
    Some(drop_rule(vec![Match::OutLink(LINK.to_owned()), foreign], words))
}

/// Nothing from the internet gets to an endpoint, though its IPv6 addresses are public ones.
pub(crate) fn nothing_for_endpoints(view: &View<'_>, ip: IpFamily) -> Option<Rule> {
    let gateway = view.internet_gateway.filter(|_| ip == IpFamily::V6)?;
    let words = format!("{} {gateway} leads to no endpoint", Stop::InternetGateway);
    Some(drop_rule(vec![Match::InLink(LINK.to_owned())], words))
}

/// The ranges that the gateway takes packets from.
pub(crate) fn sets(view: &View<'_>, ip: IpFamily) -> Option<Set> {
    view.internet_gateway.filter(|_| ip == IpFamily::V6)?;
    let ranges = view.cidrs(ip).map(|range| vec![Atom::Range(range)]).collect();
    Some(Set { interval: true, ..set(VPC_SET, &[Field::Source], ranges) })
}

/// The link in the internet's namespace: at most 15 characters, from the VPC's id.
fn far_name(vpc: VpcId) -> String {
    format!("vpc{:012x}", vpc.digits().bits() & 0xffff_ffff_ffff)
}

/// Locally administered, from the VPC's id.
fn mac(beginning: u8, vpc: VpcId) -> [u8; 6] {
    let [.., a, b, c, d, e] = vpc.digits().bits().to_be_bytes();
    [beginning, a, b, c, d, e]
}

fn on_link(name: &str, kind: HookKind, rules: Vec<Rule>) -> Chain {
    let hook = Hook { kind, priority: 0, policy: Policy::Accept, device: Some(LINK.to_owned()) };
    Chain { name: name.to_owned(), hook: Some(hook), rules }
}

/// Private and public address of every interface that has both, in the order of the private ones.
fn mappings(view: &View<'_>) -> Vec<(IpAddr, IpAddr)> {
    let of_interface = |interface: &Interface<'_>| {
        let pairs =
            interface.addresses(IpFamily::V4).filter_map(|private| Some((private, public(view, interface, private)?)));
        pairs.collect::<Vec<_>>()
    };
    let mut all: Vec<_> = view.interfaces.iter().flat_map(of_interface).collect();
    all.sort();
    all
}

fn public(view: &View<'_>, interface: &Interface<'_>, private: IpAddr) -> Option<IpAddr> {
    let IpAddr::V4(private) = private else { return None };
    let of_gateway = match interface.holder {
        Holder::NatGateway(gateway) if gateway.private_ip == private => gateway.public_ip,
        _ => None,
    };
    view.world.public_address(interface.eni.id, private).or(of_gateway).map(IpAddr::V4)
}
