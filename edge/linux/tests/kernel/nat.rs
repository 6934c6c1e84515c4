//! Address translation: stateless on one link, stateful in a namespace of its own.

use crate::support::*;
use postern_program::*;

/// A host of the internet beyond the VPC's internet gateway: 203.0.113.9, which knows public addresses only.
fn with_internet(lab: &mut Lab) {
    let (r, out) = (vpc(1), Namespace::Internet);
    lab.add(vec![
        namespace(out),
        link(out, plain_end("v1"), r, plain_end("igw")),
        address(out, "lo", "203.0.113.9/32"),
        address(out, "v1", "169.254.1.1/32"),
        rule(out, 200, None, NEAR),
        route(out, NEAR, "198.51.100.0/24", via("169.254.1.2", "v1")),
        address(r, "igw", "169.254.1.2/32"),
        route(r, NEAR, "0.0.0.0/0", via("169.254.1.1", "igw")),
    ]);
}

fn one_to_one() -> (Key, Part) {
    let map = |name: &str, field, from: &str, to: &str| Map {
        name: name.into(),
        key: vec![field],
        elements: vec![(vec![Atom::Address(ip(from))], MapValue::Address(ip(to)))],
    };
    let translate = |action| Rule { matches: Vec::new(), action, comment: None, counter: false };
    let chain = |name: &str, kind, action| Chain {
        name: name.into(),
        hook: Some(Hook { kind, priority: 0, policy: Policy::Accept, device: Some("igw".into()) }),
        rules: vec![translate(action)],
    };
    let table = Table {
        family: Family::Netdev,
        name: "igw".into(),
        sets: Vec::new(),
        maps: vec![map("m_out", Field::Source, A, "198.51.100.5"), map("m_in", Field::Destination, "198.51.100.5", A)],
        chains: vec![
            chain("c_egress", HookKind::Egress, Action::SourceFrom { map: "m_out".into() }),
            chain("c_ingress", HookKind::Ingress, Action::DestinationFrom { map: "m_in".into() }),
        ],
    };
    (Key::Ruleset(vpc(1)), Part::Ruleset(Ruleset { tables: vec![table] }))
}

#[test]
fn a_public_address_stands_for_a_private_one_both_ways() {
    privileged("nat::a_public_address_stands_for_a_private_one_both_ways", || {
        let mut lab = Lab::new();
        with_internet(&mut lab);
        lab.serve(Namespace::Internet, 80, "site");
        lab.serve(guest(1), 80, "a");
        assert!(lab.ask(guest(1), "203.0.113.9", 80).is_err(), "a private source gets no answer");
        lab.add(vec![one_to_one()]);
        assert_eq!(lab.ask(guest(1), "203.0.113.9", 80), Ok("site to 198.51.100.5".into()));
        assert_eq!(lab.ask(Namespace::Internet, "198.51.100.5", 80), Ok("a to 169.254.1.1".into()));
        assert!(lab.ask(guest(2), "203.0.113.9", 80).is_err(), "B has no public address");
        assert!(lab.ask(Namespace::Internet, "198.51.100.6", 80).is_err());
    });
}

#[test]
fn a_gateway_lends_its_address_to_many() {
    privileged("nat::a_gateway_lends_its_address_to_many", || {
        let mut lab = Lab::new();
        with_internet(&mut lab);
        let r = vpc(1);
        lab.serve(Namespace::Internet, 80, "site");
        let masquerade = Rule {
            matches: vec![Match::OutLink("igw".into())],
            action: Action::Masquerade { to: ip("198.51.100.77") },
            comment: None,
            counter: false,
        };
        let hook = Hook { kind: HookKind::SourceNat, priority: 100, policy: Policy::Accept, device: None };
        let chain = Chain { name: "c_snat".into(), hook: Some(hook), rules: vec![masquerade] };
        let table =
            Table { family: Family::Ip, name: "nat".into(), sets: Vec::new(), maps: Vec::new(), chains: vec![chain] };
        lab.add(vec![(Key::Ruleset(r), Part::Ruleset(Ruleset { tables: vec![table] }))]);
        for n in [1, 2, 3] {
            assert_eq!(lab.ask(guest(n), "203.0.113.9", 80), Ok("site to 198.51.100.77".into()));
        }
        lab.serve(guest(1), 80, "a");
        assert!(lab.ask(Namespace::Internet, "198.51.100.77", 80).is_err(), "nobody comes in through it");
    });
}
