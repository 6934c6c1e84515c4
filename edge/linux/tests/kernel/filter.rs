//! Packet filters: in force when `apply` returns, replaced whole, counted.

use crate::support::*;
use postern_names::PortRange;
use postern_program::*;
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

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
                    let quick = Duration::from_millis(30);
                    leaked += u32::from(
                        host.in_namespace(guest(1), || std::net::TcpStream::connect_timeout(&to, quick))
                            .unwrap()
                            .is_ok(),
                    );
                }
                (asked, answered, leaked)
            });
            let began = Instant::now();
            for round in (0..1000u16).cycle().take_while(|_| began.elapsed() < Duration::from_millis(500)) {
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
        assert!(error.call == "nftables" && error.word.starts_with("rule 1 of chain c_forward: "), "{error}");
        assert!(lab.host.program().unwrap().parts.contains_key(&more.0));
        assert_eq!(lab.ask(guest(1), B, 80), Ok(format!("b80 to {A}")));
        assert!(lab.ask(guest(1), B, 81).is_err());
    });
}

#[test]
fn the_kernel_holds_what_nft_would_have_loaded() {
    privileged("filter::the_kernel_holds_what_nft_would_have_loaded", || {
        let region = crate::compiled::Region::new(crate::world::world());
        let mut compared = 0;
        for (key, part) in &region.lab.parts.parts {
            let (Key::Ruleset(ns), Part::Ruleset(rules)) = (key, part) else { continue };
            let ours = listed(&region.lab, *ns);
            region.lab.host.in_namespace(*ns, || load(&postern_program::nft::script(rules))).unwrap();
            assert_eq!(ours, listed(&region.lab, *ns), "{ns}");
            compared += ours.lines().count();
        }
        assert!(compared > 300, "{compared} lines");
        let mut lab = Lab::new();
        let every = (Key::Ruleset(vpc(1)), Part::Ruleset(every_match_and_action()));
        lab.add(vec![every]);
        let ours = listed(&lab, vpc(1));
        let script = postern_program::nft::script(&every_match_and_action());
        lab.host.in_namespace(vpc(1), || load(&script)).unwrap();
        assert_eq!(ours, listed(&lab, vpc(1)));
        assert!(ours.lines().count() > 25, "{ours}");
    });
}

/// After changes on the living tables, the kernel holds what it would hold had each ruleset been loaded whole.
pub fn assert_as_loaded_whole(lab: &Lab, words: &str) {
    for (key, part) in &lab.parts.parts {
        let (Key::Ruleset(ns), Part::Ruleset(rules)) = (key, part) else { continue };
        let changed = blocks(&listed(lab, *ns));
        lab.host.in_namespace(*ns, || load(&postern_program::nft::script(rules))).unwrap();
        assert_eq!(changed, blocks(&listed(lab, *ns)), "{words}: {ns}");
    }
}

/// Chains, sets and maps of a listing, each with its table, in an order of their own: the kernel lists the oldest first.
fn blocks(listing: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut table = "";
    for line in listing.lines() {
        if line.starts_with("table ") {
            table = line;
        }
        if line.starts_with('\t') && !line.starts_with("\t\t") && line.ends_with('{') {
            blocks.push(table.to_owned());
        }
        if let Some(block) = blocks.last_mut().filter(|_| line.starts_with('\t')) {
            block.push('\n');
            block.push_str(line);
        }
    }
    blocks.sort();
    blocks
}

#[test]
fn a_change_touches_only_what_differs() {
    privileged("filter::a_change_touches_only_what_differs", || {
        let region = crate::compiled::Region::new(crate::world::world());
        let mut lab = region.lab;
        let key = Key::Ruleset(vpc(crate::world::HOME));
        let handles = |lab: &Lab| {
            let list = || Command::new("nft").args(["-a", "-s", "list", "ruleset"]).output().unwrap();
            let output = lab.host.in_namespace(vpc(crate::world::HOME), list).unwrap();
            String::from_utf8(output.stdout).unwrap().lines().filter(|l| l.contains(" # handle ")).count()
        };
        let rules_of = |lab: &Lab, chain: &str| {
            let list = || Command::new("nft").args(["-a", "list", "chain", "ip", "t_vpc", chain]).output().unwrap();
            String::from_utf8(lab.host.in_namespace(vpc(crate::world::HOME), list).unwrap().stdout).unwrap()
        };
        let before = (handles(&lab), rules_of(&lab, "c_fwd"), rules_of(&lab, "c_in"));
        let mut wanted = lab.parts.clone();
        let Some(Part::Ruleset(rules)) = wanted.parts.get_mut(&key) else { panic!("no ruleset") };
        let table = rules.tables.iter_mut().find(|table| table.name == "t_vpc").unwrap();
        table.chains.iter_mut().find(|chain| chain.name == "c_in").unwrap().rules.remove(0);
        table.sets.iter_mut().find(|set| set.name == "s_router").unwrap().elements.push(vec![Atom::Address(ip(C))]);
        let map = table.maps.iter_mut().find(|map| map.elements.len() > 1).unwrap();
        map.elements.swap_remove(0);
        lab.become_program(wanted);
        assert_eq!(handles(&lab), before.0 - 1, "one rule fewer");
        assert_eq!(rules_of(&lab, "c_fwd"), before.1, "the very same rules, by their handles");
        assert_ne!(rules_of(&lab, "c_in"), before.2);
        assert_as_loaded_whole(&lab, "one rule, one address, one verdict");
    });
}

fn listed(lab: &Lab, ns: Namespace) -> String {
    let list = || Command::new("nft").args(["-s", "list", "ruleset"]).output().expect("`nft` from nftables");
    let output = lab.host.in_namespace(ns, list).unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

fn load(script: &str) {
    let mut child = Command::new("nft").args(["-f", "-"]).stdin(Stdio::piped()).spawn().expect("`nft` from nftables");
    child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
}

/// What the compiler does not use today, and both ends of every range.
fn every_match_and_action() -> Ruleset {
    let ports = |first, last| PortRange { first, last };
    let rule = |matches, action| Rule { matches, action, comment: None, counter: false };
    let rules = vec![
        rule(vec![Match::InLink("eni1".into()), Match::OutLink("eni2".into())], Action::Return),
        rule(vec![Match::NotInLink("eni1".into())], Action::Goto("c_end".into())),
        rule(vec![Match::Source(cidr("10.0.0.0/9"))], Action::Jump("c_end".into())),
        rule(vec![Match::Destination(cidr("10.1.2.3/32"))], Action::Drop),
        rule(vec![Match::Source(cidr("10.1.0.0/16")), Match::Destination(cidr("10.1.2.0/23"))], Action::Drop),
        rule(vec![Match::Protocol(6), Match::SourcePort(ports(1, 1))], Action::Drop),
        rule(vec![Match::Protocol(17), Match::DestinationPort(ports(1, 65535))], Action::Drop),
        rule(
            vec![Match::Protocol(6), Match::SourcePort(ports(1024, 65534)), Match::DestinationPort(ports(0, 7))],
            Action::Drop,
        ),
        rule(vec![Match::Protocol(1), Match::Icmp { kind: Some(3), code: Some(4) }], Action::Accept),
        rule(vec![Match::Protocol(47)], Action::Accept),
        rule(vec![Match::State(ConnectionState::Invalid)], Action::Drop),
        rule(vec![Match::Mark { mask: 0xff00, value: 0x1200 }], Action::SetMark { mask: 0xff, value: 0x21 }),
        rule(vec![Match::In { fields: vec![Field::InGroup, Field::OutGroup], set: "s_groups".into() }], Action::Accept),
        rule(
            vec![Match::NotIn { fields: vec![Field::OutLink, Field::Destination], set: "s_links".into() }],
            Action::Drop,
        ),
        rule(vec![Match::NotIn { fields: vec![Field::Destination], set: "s_ranges".into() }], Action::Drop),
        rule(vec![], Action::MarkFrom { fields: vec![Field::InLink], map: "m_mark".into() }),
        rule(vec![], Action::Verdict { fields: vec![Field::OutGroup], map: "m_go".into() }),
        Rule { comment: Some("the end: all that is left".into()), counter: true, ..rule(vec![], Action::Drop) },
    ];
    let hook = Hook { kind: HookKind::Forward, priority: -7, policy: Policy::Drop, device: None };
    let set = |name: &str, key, interval, elements| Set { name: name.into(), key, interval, elements };
    let ranges = ["0.0.0.0/8", "10.0.0.0/24", "10.0.7.0/24", "10.9.0.0/16", "255.255.255.0/24"];
    Ruleset {
        tables: vec![Table {
            family: Family::Ip,
            name: "t_every".into(),
            sets: vec![
                set(
                    "s_groups",
                    vec![Field::InGroup, Field::OutGroup],
                    false,
                    vec![vec![Atom::Group(1), Atom::Group(70_000)]],
                ),
                set(
                    "s_links",
                    vec![Field::OutLink, Field::Destination],
                    false,
                    vec![vec![Atom::Link("eni1".into()), Atom::Address(ip(A))]],
                ),
                set("s_ranges", vec![Field::Destination], true, ranges.map(|r| vec![Atom::Range(cidr(r))]).into()),
                set("s_empty", vec![Field::Source], true, vec![]),
            ],
            maps: vec![
                Map {
                    name: "m_mark".into(),
                    key: vec![Field::InLink],
                    elements: vec![(vec![Atom::Link("eni1".into())], MapValue::Mark(0x1234))],
                },
                Map {
                    name: "m_go".into(),
                    key: vec![Field::OutGroup],
                    elements: vec![(vec![Atom::Group(3)], MapValue::Goto("c_end".into()))],
                },
            ],
            chains: vec![
                Chain { name: "c_end".into(), hook: None, rules: vec![] },
                Chain { name: "c_forward".into(), hook: Some(hook), rules },
            ],
        }],
    }
}
