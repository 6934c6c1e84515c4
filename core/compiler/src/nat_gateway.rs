//! NAT gateways: a namespace of their own with one interface, whose packets then meet their own subnet's ACL and routes.

use crate::parts::{INNER_TABLE, Parts, drop_rule, hooked, rule};
use crate::view::{Holder, Interface, View};
use postern_model::NatGateway;
use postern_names::{Cidr, IpFamily, Protocol, Stop};
use postern_program::*;
use std::net::IpAddr;

/// AWS forgets a connection after 350 seconds of silence.
const SYSCTLS: &[(&str, &str)] = &[
    ("net.ipv4.ip_forward", "1"),
    ("net.netfilter.nf_conntrack_tcp_loose", "0"),
    ("net.netfilter.nf_conntrack_tcp_timeout_established", "350"),
    ("net.netfilter.nf_conntrack_udp_timeout", "350"),
    ("net.netfilter.nf_conntrack_udp_timeout_stream", "350"),
];

const FILTER: i32 = 0;
const SOURCE_NAT: i32 = 100;

pub(crate) fn compile(view: &View<'_>, parts: &mut Parts) {
    for interface in &view.interfaces {
        let Holder::NatGateway(gateway) = interface.holder else { continue };
        let (Some(address), Some(router)) = (interface.eni.primary_address(), interface.subnet.router()) else {
            continue;
        };
        one(gateway, interface, address.into(), router.into(), parts);
    }
}

fn one(gateway: &NatGateway, interface: &Interface<'_>, address: IpAddr, router: IpAddr, parts: &mut Parts) {
    let (namespace, device) = (interface.namespace(), interface.device());
    parts.namespace(namespace, SYSCTLS);
    parts.single_address(namespace, &device, address);
    parts.inner_rule(namespace, IpFamily::V4);
    parts.route(namespace, INNER_TABLE, Cidr::ALL_V4, RouteKind::Via { gateway: router, link: device.clone() });
    parts.ruleset(namespace, vec![table(gateway, &device, address)]);
}

/// Only TCP, UDP and ICMP pass, only from the inside; nothing is for the gateway itself.
fn table(gateway: &NatGateway, device: &str, address: IpAddr) -> Table {
    let words = |what: &str| format!("{} {} {what}", Stop::NatGateway, gateway.id);
    let known = [Protocol::Tcp, Protocol::Udp, Protocol::Icmp].into_iter().filter_map(Protocol::number);
    let mut forward = vec![drop_rule(vec![Match::State(ConnectionState::Invalid)], words("of no connection"))];
    forward.extend(known.map(|number| rule(vec![Match::Protocol(number)], Action::Accept)));
    forward.push(drop_rule(vec![], words("neither TCP, UDP nor ICMP")));
    let translate = rule(vec![Match::OutLink(device.to_owned())], Action::Masquerade { to: address });
    Table {
        family: Family::Ip,
        name: "t_nat".to_owned(),
        sets: vec![],
        maps: vec![],
        chains: vec![
            hooked(
                "c_in",
                HookKind::Input,
                FILTER,
                Policy::Drop,
                vec![
                    rule(vec![Match::InLink("lo".to_owned())], Action::Accept),
                    drop_rule(vec![], words("nobody asked for it")),
                ],
            ),
            hooked("c_fwd", HookKind::Forward, FILTER, Policy::Drop, forward),
            hooked("c_nat", HookKind::SourceNat, SOURCE_NAT, Policy::Accept, vec![translate]),
        ],
    }
}
