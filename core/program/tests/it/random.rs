//! Random programs: few namespaces, links and addresses, so that two programs have much in common.

use postern_names::{Cidr, InstanceId, IpFamily, NatGatewayId, VpcId};
use postern_program::*;
use proptest::prelude::*;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

fn namespace() -> impl Strategy<Value = Namespace> {
    prop_oneof![
        Just(Namespace::Internet),
        (1u64..3).prop_map(|n| Namespace::Vpc(VpcId::from_bits(n))),
        Just(Namespace::Nat(NatGatewayId::from_bits(1))),
        (1u64..3).prop_map(|n| Namespace::Instance(InstanceId::from_bits(n))),
    ]
}

fn link_name() -> impl Strategy<Value = String> {
    (0u32..4).prop_map(|n| format!("link{n}"))
}

fn address() -> impl Strategy<Value = IpAddr> {
    (0u8..3, 0u8..4, any::<bool>()).prop_map(|(a, b, is_new)| match is_new {
        false => IpAddr::V4(Ipv4Addr::new(10, 0, a, b)),
        true => IpAddr::V6(Ipv6Addr::new(0x2600, 0, 0, u16::from(a), 0, 0, 0, u16::from(b))),
    })
}

fn kind() -> impl Strategy<Value = RouteKind> {
    prop_oneof![
        link_name().prop_map(|link| RouteKind::Link { link }),
        (address(), link_name()).prop_map(|(gateway, link)| RouteKind::Via { gateway, link }),
        Just(RouteKind::Local),
        Just(RouteKind::Throw),
        Just(RouteKind::Blackhole),
    ]
}

fn end() -> impl Strategy<Value = LinkEnd> {
    (link_name(), 0u32..3, any::<bool>()).prop_map(|(name, group, proxy_arp)| LinkEnd {
        name,
        group,
        mac: None,
        proxy_arp,
    })
}

fn ruleset() -> impl Strategy<Value = Ruleset> {
    proptest::option::of(link_name()).prop_map(|device| Ruleset {
        tables: device
            .map(|device| Table {
                family: Family::Netdev,
                name: "t_device".into(),
                sets: vec![],
                maps: vec![],
                chains: vec![Chain {
                    name: "c_in".into(),
                    hook: Some(Hook {
                        kind: HookKind::Ingress,
                        priority: 0,
                        policy: Policy::Accept,
                        device: Some(device),
                    }),
                    rules: vec![],
                }],
            })
            .into_iter()
            .collect(),
    })
}

fn part() -> impl Strategy<Value = (Key, Part)> {
    prop_oneof![
        namespace().prop_map(|n| (Key::Namespace(n), Part::Namespace { sysctls: vec![] })),
        (namespace(), end(), namespace(), end()).prop_map(|(ns, near, far_namespace, far)| {
            (Key::Link(ns, near.name.clone()), Part::Link(Link { near, far_namespace, far, mtu: 9001, arp: true }))
        }),
        (namespace(), link_name(), address(), 24u8..33)
            .prop_map(|(ns, link, a, length)| (Key::Address(ns, link, a), Part::Address(Address { length }))),
        (namespace(), link_name(), address(), 0u8..3).prop_map(|(ns, link, a, n)| {
            (Key::Neighbour(ns, link, a), Part::Neighbour(Neighbour { mac: [2, 0, 0, 0, 0, n] }))
        }),
        (namespace(), 50u32..52, address(), kind())
            .prop_map(|(ns, table, a, kind)| (Key::Route(ns, table, Cidr::host(a)), Part::Route(Route { kind }))),
        (namespace(), 1u32..3, proptest::option::of(1u32..3)).prop_map(|(ns, priority, mark)| (
            Key::RouteRule(ns, IpFamily::V4, priority),
            Part::RouteRule(RouteRule { mark, sent_from: None, table: 50 })
        )),
        (namespace(), ruleset()).prop_map(|(ns, rules)| (Key::Ruleset(ns), Part::Ruleset(rules))),
        (namespace(), address(), any::<bool>()).prop_map(|(ns, a, transparent)| {
            let key = Key::Listener(ns, Transport::Tcp, a, 80);
            (key, Part::Listener(Listener { role: Role::DoorPlain, transparent }))
        }),
    ]
}

pub fn program() -> impl Strategy<Value = Program> {
    proptest::collection::vec(part(), 0..40).prop_map(|parts| Program { parts: parts.into_iter().collect() })
}
