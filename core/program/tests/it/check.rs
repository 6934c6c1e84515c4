//! Every contradiction is found, and its words name the part.

use postern_names::{Cidr, IpFamily, VpcId};
use postern_program::*;
use std::net::{IpAddr, Ipv4Addr};

const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));

fn vpc() -> Namespace {
    Namespace::Vpc(VpcId::from_bits(1))
}

fn link(near: &str, far_namespace: Namespace, far: &str) -> (Key, Part) {
    let end = |name: &str| LinkEnd { name: name.into(), group: 0, mac: None, proxy_arp: false };
    (
        Key::Link(vpc(), near.into()),
        Part::Link(Link { near: end(near), far_namespace, far: end(far), mtu: 1500, arp: true }),
    )
}

fn address(on: &str) -> (Key, Part) {
    (Key::Address(vpc(), on.into(), ADDRESS), Part::Address(Address { length: 32 }))
}

fn route(over: &str) -> (Key, Part) {
    let kind = RouteKind::Link { link: over.into() };
    (Key::Route(vpc(), 50, Cidr::ALL_V4), Part::Route(Route { kind }))
}

fn rule(table: u32) -> (Key, Part) {
    (Key::RouteRule(vpc(), IpFamily::V4, 1), Part::RouteRule(RouteRule { mark: None, sent_from: None, table }))
}

/// The flaws of a program with these parts, two namespaces and the link `igw` besides.
fn flaws(parts: impl IntoIterator<Item = (Key, Part)>) -> Vec<String> {
    let namespaces = [vpc(), Namespace::Internet].map(|n| (Key::Namespace(n), Part::Namespace { sysctls: vec![] }));
    let given = namespaces.into_iter().chain([link("igw", Namespace::Internet, "vpc1")]).chain(parts);
    check(&Program { parts: given.collect() }).iter().map(ToString::to_string).collect()
}

#[test]
fn a_good_program_has_no_flaw() {
    assert_eq!(flaws([address("lo"), route("igw"), rule(50)]), Vec::<String>::new());
}

#[test]
fn every_contradiction_is_found() {
    let nat = Namespace::Nat(postern_names::NatGatewayId::from_bits(1));
    let cases: Vec<(Vec<(Key, Part)>, &str)> = vec![
        (vec![address("lo"), address("igw")], "the address is on igw too"),
        (vec![address("eni1")], "no such link"),
        (vec![route("eni1")], "leads over eni1, which is not there"),
        (vec![rule(51)], "looks into table 51, which is empty"),
        (vec![link("a-name-much-too-long", Namespace::Internet, "x")], "is no name for a link"),
        (vec![link("eni1", Namespace::Internet, "vpc1")], "two links are called vpc1"),
        (vec![link("eni1", nat, "ens5")], "leads into nat-00000000000000001, which is not in the program"),
        (vec![(rule(50).0, address("lo").1)], "the part is of another kind than its key"),
        (
            vec![(Key::Namespace(nat), Part::Namespace { sysctls: vec![] }), link("x", nat, "")],
            "`` is no name for a link",
        ),
        (vec![(Key::Address(nat, "lo".into(), ADDRESS), address("lo").1)], "the namespace is not in the program"),
    ];
    for (parts, wanted) in cases {
        let found = flaws(parts);
        assert!(found.iter().any(|flaw| flaw.contains(wanted)), "no `{wanted}` in {found:?}");
    }
}
