//! Steps between programs.

use crate::random::program;
use postern_names::{Cidr, InstanceId, VpcId};
use postern_program::*;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

proptest! {
    #[test]
    fn a_program_against_itself_gives_no_step(p in program()) {
        prop_assert_eq!(diff(&p, &p), vec![]);
    }

    #[test]
    fn the_steps_lead_to_the_wanted_program(a in program(), b in program()) {
        let steps = diff(&a, &b);
        prop_assert_eq!(apply_to(a, &steps), b);
    }

    #[test]
    fn steps_are_honest_about_what_is_there(a in program(), b in program()) {
        let mut present: BTreeSet<Key> = a.parts.keys().cloned().collect();
        for step in diff(&a, &b) {
            match step {
                Step::Add(key, _) => prop_assert!(present.insert(key)),
                Step::Replace(key, _) => prop_assert!(present.contains(&key)),
                Step::Remove(key) => prop_assert!(present.remove(&key)),
            }
        }
    }

    #[test]
    fn the_same_program_has_the_same_text(p in program()) {
        prop_assert_eq!(p.text(), p.clone().text());
    }

    /// A kernel that takes down everything over a removed link still ends with every wanted part.
    #[test]
    fn what_hangs_on_a_link_comes_back_with_it(a in program(), b in program()) {
        let mut kernel = a.clone();
        for step in diff(&a, &b) {
            if let (Step::Remove(Key::Link(near, name)), Some(Part::Link(link))) = (&step, kernel.parts.get(step.key()).cloned()) {
                let ends = [(*near, name.clone()), (link.far_namespace, link.far.name)];
                kernel.parts.retain(|key, part| match (key, part) {
                    (Key::Address(ns, on, _), _) => !ends.contains(&(*ns, on.clone())),
                    (key, Part::Route(r)) => !r.kind.link().is_some_and(|l| ends.contains(&(key.namespace(), l.to_owned()))),
                    (key, Part::Ruleset(r)) => !r.devices().any(|d| ends.contains(&(key.namespace(), d.to_owned()))),
                    _ => true,
                });
            }
            kernel = apply_to(kernel, &[step]);
        }
        prop_assert_eq!(kernel, b);
    }
}

fn end(name: &str) -> LinkEnd {
    LinkEnd { name: name.into(), group: 1, mac: None, proxy_arp: false }
}

#[test]
fn a_link_to_another_namespace_takes_its_address_and_routes_along() {
    let vpc = Namespace::Vpc(VpcId::from_bits(1));
    let guest = |n| Namespace::Instance(InstanceId::from_bits(n));
    let to = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 5));
    let program = |n| Program {
        parts: [
            (
                Key::Link(vpc, "eni1".into()),
                Part::Link(Link { near: end("eni1"), far_namespace: guest(n), far: end("ens5"), mtu: 9001, arp: true }),
            ),
            (Key::Route(vpc, 50, Cidr::host(to)), Part::Route(Route { kind: RouteKind::Link { link: "eni1".into() } })),
            (Key::Address(guest(n), "ens5".into(), to), Part::Address(Address { length: 24 })),
        ]
        .into(),
    };
    let verbs: Vec<String> = diff(&program(1), &program(2))
        .iter()
        .map(|step| match step {
            Step::Add(key, _) => format!("add {key}"),
            Step::Replace(key, _) => format!("replace {key}"),
            Step::Remove(key) => format!("remove {key}"),
        })
        .collect();
    assert_eq!(
        verbs,
        [
            "remove route table 50 10.0.0.5/32",
            "remove address ens5 10.0.0.5",
            "remove link eni1",
            "add link eni1",
            "add address ens5 10.0.0.5",
            "add route table 50 10.0.0.5/32",
        ]
    );
}

#[test]
fn a_link_that_only_changes_its_group_stays() {
    let vpc = Namespace::Vpc(VpcId::from_bits(1));
    let program = |group| Program {
        parts: [(
            Key::Link(vpc, "eni1".into()),
            Part::Link(Link {
                near: LinkEnd { group, ..end("eni1") },
                far_namespace: Namespace::Internet,
                far: end("v1"),
                mtu: 9001,
                arp: true,
            }),
        )]
        .into(),
    };
    assert!(matches!(diff(&program(1), &program(2)).as_slice(), [Step::Replace(..)]));
}
