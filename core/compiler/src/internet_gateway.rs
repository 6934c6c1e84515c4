//! Internet gateways: a link into the internet's namespace, with one-to-one translation on the link itself.
//!
//! The translation has no state and happens before and after everything else in the VPC, so groups and ACLs see private
//! addresses of this side and public ones of the other, also when a packet comes back into the same VPC.

use crate::parts::{INNER_TABLE, INTERNET_MTU, Parts, drop_rule, map, plain_end, rule, set};
use crate::view::{Holder, Interface, View};
use postern_names::{Ipv4Cidr, Stop, VpcId};
use postern_program::*;
use std::net::Ipv4Addr;

/// The link in the VPC's namespace.
pub(crate) const LINK: &str = "igw";
/// The next hop on the internet's side, the same for every VPC.
pub(crate) const INTERNET_SIDE: Ipv4Addr = Ipv4Addr::new(169, 254, 1, 1);
/// The next hop on the VPC's side.
pub(crate) const VPC_SIDE: Ipv4Addr = Ipv4Addr::new(169, 254, 1, 2);

const PRIVATE_SET: &str = "s_private";
const PUBLIC_SET: &str = "s_public";
const TO_PUBLIC_MAP: &str = "m_to_public";
const TO_PRIVATE_MAP: &str = "m_to_private";

pub(crate) fn way() -> RouteKind {
    RouteKind::Via { gateway: INTERNET_SIDE, link: LINK.to_owned() }
}

/// The link, and the internet's way back to each public address.
pub(crate) fn compile(view: &View<'_>, parts: &mut Parts) {
    if view.internet_gateway.is_none() {
        return;
    }
    let far = far_name(view.vpc.id);
    parts.link(
        view.namespace(),
        Link {
            near: plain_end(LINK),
            far_namespace: Namespace::Internet,
            far: plain_end(&far),
            mtu: INTERNET_MTU,
            arp: true,
        },
    );
    for (_, public) in mappings(view) {
        let kind = RouteKind::Via { gateway: VPC_SIDE, link: far.clone() };
        parts.route(Namespace::Internet, INNER_TABLE, Ipv4Cidr::host(public), kind);
    }
}

/// The translation, both ways. What has no public address does not pass.
pub(crate) fn table(view: &View<'_>) -> Option<Table> {
    let gateway = view.internet_gateway?;
    let mappings = mappings(view);
    let one = |address: Ipv4Addr| vec![Atom::Address(address)];
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

/// The link in the internet's namespace: at most 15 characters, from the VPC's id.
fn far_name(vpc: VpcId) -> String {
    format!("vpc{:012x}", vpc.digits().bits() & 0xffff_ffff_ffff)
}

fn on_link(name: &str, kind: HookKind, rules: Vec<Rule>) -> Chain {
    let hook = Hook { kind, priority: 0, policy: Policy::Accept, device: Some(LINK.to_owned()) };
    Chain { name: name.to_owned(), hook: Some(hook), rules }
}

/// Private and public address of every interface that has both, in the order of the private ones.
fn mappings(view: &View<'_>) -> Vec<(Ipv4Addr, Ipv4Addr)> {
    let of_interface = |interface: &Interface<'_>| {
        let pairs = interface.addresses().filter_map(|private| Some((private, public(view, interface, private)?)));
        pairs.collect::<Vec<_>>()
    };
    let mut all: Vec<_> = view.interfaces.iter().flat_map(of_interface).collect();
    all.sort();
    all
}

fn public(view: &View<'_>, interface: &Interface<'_>, private: Ipv4Addr) -> Option<Ipv4Addr> {
    view.world.public_address(interface.eni.id, private).or(match interface.holder {
        Holder::NatGateway(gateway) if gateway.private_ip == private => gateway.public_ip,
        _ => None,
    })
}
