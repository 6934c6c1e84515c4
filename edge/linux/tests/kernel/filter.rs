//! Packet filters: in force when `apply` returns, replaced whole, counted.

use crate::support::*;
use postern_names::PortRange;
use postern_program::*;
use std::sync::atomic::{AtomicBool, Ordering};

/// New connections to these TCP ports pass the router.
pub fn allow_ports(router: Namespace, ports: &[u16]) -> (Key, Part) {
    let allow = |port: &u16| Rule {
        matches: vec![Match::Protocol(6), Match::DestinationPort(PortRange { first: *port, last: *port })],
        action: Action::Accept,
        comment: None,
        counter: false,
    };
    let mut rules = vec![Rule {
        matches: vec![Match::State(ConnectionState::EstablishedOrRelated)],
        action: Action::Accept,
        comment: None,
        counter: false,
    }];
    rules.extend(ports.iter().map(allow));
    rules.push(Rule {
        matches: Vec::new(),
        action: Action::Drop,
        comment: Some("security_group_in sg-1".into()),
        counter: true,
    });
    let hook = Hook { kind: HookKind::Forward, priority: 0, policy: Policy::Drop, device: None };
    let chain = Chain { name: "c_forward".into(), hook: Some(hook), rules };
    let table =
        Table { family: Family::Ip, name: "vpc".into(), sets: Vec::new(), maps: Vec::new(), chains: vec![chain] };
    (Key::Ruleset(router), Part::Ruleset(Ruleset { tables: vec![table] }))
}

fn drops(lab: &Lab) -> u64 {
    let counters = lab.host.counters(vpc(1)).unwrap();
    counters.iter().find(|(c, _)| c == "security_group_in sg-1").map_or(0, |(_, packets)| *packets)
}

#[test]
fn a_ruleset_is_in_force_when_apply_returns_and_counts_what_it_drops() {
    privileged("filter::a_ruleset_is_in_force_when_apply_returns_and_counts_what_it_drops", || {
        let mut lab = Lab::new();
        lab.serve(guest(2), 80, "b80");
        lab.serve(guest(2), 81, "b81");
        assert_eq!(lab.ask(guest(1), B, 81), Ok(format!("b81 to {A}")));
        lab.add(vec![allow_ports(vpc(1), &[80])]);
        assert_eq!(lab.ask(guest(1), B, 80), Ok(format!("b80 to {A}")));
        assert_eq!(drops(&lab), 0);
        assert!(lab.ask(guest(1), B, 81).is_err());
        let counted = drops(&lab);
        assert!(counted > 0);
        lab.add(vec![allow_ports(vpc(1), &[81])]);
        assert_eq!(lab.ask(guest(1), B, 81), Ok(format!("b81 to {A}")));
        assert_eq!(drops(&lab), counted, "counts outlive a replacement");
        assert!(lab.ask(guest(1), B, 80).is_err());
        assert!(drops(&lab) > counted);
        lab.remove(&[Key::Ruleset(vpc(1))]);
        assert_eq!(lab.ask(guest(1), B, 80), Ok(format!("b80 to {A}")));
    });
}

#[test]
fn no_packet_passes_or_is_lost_between_two_rulesets() {
    privileged("filter::no_packet_passes_or_is_lost_between_two_rulesets", || {
        let mut lab = Lab::new();
        lab.serve(guest(2), 80, "b80");
        lab.serve(guest(2), 81, "b81");
        lab.add(vec![allow_ports(vpc(1), &[80])]);
        let over = AtomicBool::new(false);
        // A lost SYN shows: it is sent again only after a second, past the patience of `listen_to`.
        let (sent, got, wrong) = std::thread::scope(|scope| {
            let (host, over) = (&lab.host, &over);
            let probe = scope.spawn(move || {
                let mut asked = 0;
                let mut answered = 0;
                let mut leaked = 0;
                while !over.load(Ordering::Relaxed) {
                    asked += 1;
                    let to = format!("{B}:80").parse().unwrap();
                    answered += u32::from(host.in_namespace(guest(1), || listen_to(to)).unwrap().is_ok());
                    let to = format!("{B}:81").parse().unwrap();
                    let quick = std::time::Duration::from_millis(30);
                    leaked += u32::from(
                        host.in_namespace(guest(1), || std::net::TcpStream::connect_timeout(&to, quick))
                            .unwrap()
                            .is_ok(),
                    );
                }
                (asked, answered, leaked)
            });
            for round in 0..60u16 {
                let (key, part) = allow_ports(vpc(1), &[80, 9000 + round]);
                host.apply(&[Step::Replace(key, part)]).unwrap();
            }
            over.store(true, Ordering::Relaxed);
            probe.join().unwrap()
        });
        assert!(sent > 5, "{sent} rounds are too few to tell");
        assert_eq!((got, wrong), (sent, 0));
    });
}

#[test]
fn a_ruleset_that_the_kernel_refuses_names_the_step_and_leaves_the_former_in_force() {
    privileged("filter::a_ruleset_that_the_kernel_refuses_names_the_step_and_leaves_the_former_in_force", || {
        let mut lab = Lab::new();
        lab.serve(guest(2), 80, "b80");
        lab.serve(guest(2), 81, "b81");
        lab.add(vec![allow_ports(vpc(1), &[80])]);
        let (key, mut part) = allow_ports(vpc(1), &[81]);
        let Part::Ruleset(rules) = &mut part else { panic!() };
        rules.tables[0].chains[0].rules[0].action = Action::Jump("c_missing".into());
        let more = address(vpc(1), "lo", "10.0.0.2/32");
        let steps = [Step::Add(more.0.clone(), more.1), Step::Replace(key, part)];
        let error = lab.host.apply(&steps).unwrap_err();
        assert_eq!(error.done, [0]);
        assert!(error.step.starts_with("replace ruleset of vpc-"), "{error}");
        assert!(error.call == "nft" && error.word.contains("c_missing"), "{error}");
        assert!(lab.host.program().unwrap().parts.contains_key(&more.0));
        assert_eq!(lab.ask(guest(1), B, 80), Ok(format!("b80 to {A}")));
        assert!(lab.ask(guest(1), B, 81).is_err());
    });
}
