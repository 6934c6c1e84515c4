//! The scripts as nft itself reads them, in a network namespace of the test's own.

use postern_names::{Cidr, PortRange};
use postern_program::*;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr};
use std::process::{Command, Stdio};

fn cidr(text: &str) -> Cidr {
    text.parse().unwrap()
}

fn rule(matches: Vec<Match>, action: Action) -> Rule {
    Rule { matches, action, comment: None, counter: false }
}

fn hook(kind: HookKind, priority: i32, policy: Policy, device: Option<&str>) -> Option<Hook> {
    Some(Hook { kind, priority, policy, device: device.map(str::to_owned) })
}

/// A ruleset with every field, match and action.
fn everything() -> Ruleset {
    let ip = Table {
        family: Family::Ip,
        name: "t_vpc".into(),
        sets: vec![
            Set {
                name: "s_own".into(),
                key: vec![Field::InLink, Field::Source],
                interval: false,
                elements: vec![vec![Atom::Link("eni0".into()), Atom::Address(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 5)))]],
            },
            Set { name: "s_empty".into(), key: vec![Field::InLink], interval: false, elements: vec![] },
            Set {
                name: "s_ranges".into(),
                key: vec![Field::Destination],
                interval: true,
                elements: vec![vec![Atom::Range(cidr("52.216.0.0/15"))], vec![Atom::Range(cidr("3.5.0.0/19"))]],
            },
            Set {
                name: "s_subnet".into(),
                key: vec![Field::InGroup, Field::OutGroup],
                interval: false,
                elements: vec![vec![Atom::Group(1), Atom::Group(1)]],
            },
        ],
        maps: vec![
            Map {
                name: "m_table".into(),
                key: vec![Field::InGroup],
                elements: vec![(vec![Atom::Group(1)], MapValue::Mark(1))],
            },
            Map {
                name: "m_sg".into(),
                key: vec![Field::InLink],
                elements: vec![
                    (vec![Atom::Link("eni0".into())], MapValue::Jump("c_sg".into())),
                    (vec![Atom::Link("eni1".into())], MapValue::Goto("c_sg".into())),
                ],
            },
            Map { name: "m_empty".into(), key: vec![Field::OutLink], elements: vec![] },
            Map { name: "m_nomark".into(), key: vec![Field::OutGroup], elements: vec![] },
        ],
        chains: vec![
            Chain {
                name: "c_pre".into(),
                hook: hook(HookKind::Prerouting, -300, Policy::Drop, None),
                rules: vec![
                    rule(vec![Match::InLink("lo".into())], Action::Accept),
                    rule(
                        vec![Match::In { fields: vec![Field::InLink, Field::Source], set: "s_own".into() }],
                        Action::Accept,
                    ),
                    rule(vec![], Action::MarkFrom { fields: vec![Field::InGroup], map: "m_table".into() }),
                    rule(vec![], Action::MarkFrom { fields: vec![Field::OutGroup], map: "m_nomark".into() }),
                    rule(
                        vec![Match::Mark { mask: 0xff, value: 1 }],
                        Action::SetMark { mask: 0x0100_0000, value: 0x0100_0000 },
                    ),
                    Rule {
                        matches: vec![Match::NotInLink("igw".into())],
                        action: Action::Drop,
                        comment: Some("instance source of another".into()),
                        counter: true,
                    },
                ],
            },
            Chain {
                name: "c_fwd".into(),
                hook: hook(HookKind::Forward, 0, Policy::Drop, None),
                rules: vec![
                    rule(vec![Match::State(ConnectionState::Invalid)], Action::Drop),
                    rule(vec![Match::State(ConnectionState::EstablishedOrRelated)], Action::Goto("c_sg".into())),
                    rule(
                        vec![Match::NotIn { fields: vec![Field::OutLink, Field::Destination], set: "s_own".into() }],
                        Action::Jump("c_sg".into()),
                    ),
                    rule(
                        vec![Match::In { fields: vec![Field::InGroup, Field::OutGroup], set: "s_subnet".into() }],
                        Action::Return,
                    ),
                    rule(vec![], Action::Verdict { fields: vec![Field::InLink], map: "m_sg".into() }),
                    rule(
                        vec![Match::OutLink("igw".into())],
                        Action::Verdict { fields: vec![Field::OutLink], map: "m_empty".into() },
                    ),
                ],
            },
            Chain { name: "c_in".into(), hook: hook(HookKind::Input, 0, Policy::Drop, None), rules: vec![] },
            Chain { name: "c_out".into(), hook: hook(HookKind::Output, 0, Policy::Accept, None), rules: vec![] },
            Chain { name: "c_post".into(), hook: hook(HookKind::Postrouting, 0, Policy::Accept, None), rules: vec![] },
            Chain {
                name: "c_nat".into(),
                hook: hook(HookKind::SourceNat, 100, Policy::Accept, None),
                rules: vec![rule(
                    vec![Match::OutLink("ens5".into())],
                    Action::Masquerade { to: IpAddr::V4(Ipv4Addr::new(10, 0, 0, 9)) },
                )],
            },
            Chain {
                name: "c_sg".into(),
                hook: None,
                rules: vec![
                    rule(
                        vec![
                            Match::Source(cidr("10.0.0.0/16")),
                            Match::Protocol(6),
                            Match::DestinationPort(PortRange { first: 80, last: 443 }),
                        ],
                        Action::Return,
                    ),
                    rule(
                        vec![Match::Protocol(17), Match::SourcePort(PortRange { first: 53, last: 53 })],
                        Action::Return,
                    ),
                    rule(vec![Match::Protocol(1), Match::Icmp { kind: Some(8), code: Some(0) }], Action::Return),
                    rule(vec![Match::Protocol(1), Match::Icmp { kind: Some(3), code: None }], Action::Return),
                    rule(vec![Match::Protocol(1), Match::Icmp { kind: None, code: None }], Action::Return),
                    rule(vec![Match::Protocol(47), Match::Destination(cidr("10.0.0.7/32"))], Action::Return),
                    rule(vec![Match::In { fields: vec![Field::Destination], set: "s_ranges".into() }], Action::Return),
                    Rule {
                        matches: vec![],
                        action: Action::Drop,
                        comment: Some("security_group_out sg-0123456789abcdef0 *".into()),
                        counter: true,
                    },
                ],
            },
        ],
    };
    Ruleset { tables: vec![ip, device()] }
}

fn device() -> Table {
    Table {
        family: Family::Netdev,
        name: "t_igw".into(),
        sets: vec![Set {
            name: "s_private".into(),
            key: vec![Field::Source],
            interval: false,
            elements: vec![vec![Atom::Address(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 5)))]],
        }],
        maps: vec![
            Map {
                name: "m_public".into(),
                key: vec![Field::Source],
                elements: vec![(
                    vec![Atom::Address(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 5)))],
                    MapValue::Address(IpAddr::V4(Ipv4Addr::new(3, 0, 0, 1))),
                )],
            },
            Map { name: "m_none".into(), key: vec![Field::Destination], elements: vec![] },
        ],
        chains: vec![
            Chain {
                name: "c_egress".into(),
                hook: hook(HookKind::Egress, 0, Policy::Accept, Some("igw")),
                rules: vec![
                    Rule {
                        matches: vec![Match::NotIn { fields: vec![Field::Source], set: "s_private".into() }],
                        action: Action::Drop,
                        comment: Some("internet_gateway no public address".into()),
                        counter: true,
                    },
                    rule(vec![], Action::SourceFrom { map: "m_public".into() }),
                ],
            },
            Chain {
                name: "c_ingress".into(),
                hook: hook(HookKind::Ingress, 0, Policy::Accept, Some("igw")),
                rules: vec![rule(vec![], Action::DestinationFrom { map: "m_none".into() })],
            },
        ],
    }
}

/// Feeds the script to nft twice in a fresh namespace that has a link `igw`, and gives back what is listed then.
fn load(script: &str) -> String {
    let commands = "ip link add igw type veth peer name far && nft -f \"$0\" && nft -f \"$0\" && nft -a list ruleset";
    let mut file = std::env::temp_dir();
    file.push(format!("postern-nft-{}-{:x}.nft", std::process::id(), script.len()));
    std::fs::File::create(&file).unwrap().write_all(script.as_bytes()).unwrap();
    let namespace: &[&str] = if is_root() { &["-n"] } else { &["-Urn"] };
    let output = Command::new("unshare")
        .args(namespace)
        .args(["sh", "-c", commands])
        .arg(&file)
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .stdin(Stdio::null())
        .output()
        .expect("this test needs unshare(1)");
    std::fs::remove_file(&file).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "needs network namespaces, ip(8) and nft(8):\n{errors}\n{script}");
    String::from_utf8(output.stdout).unwrap()
}

fn is_root() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    status.lines().any(|line| line.starts_with("Uid:") && line.split_whitespace().nth(2) == Some("0"))
}

#[test]
fn nft_takes_every_kind_of_rule() {
    let listed = load(&nft::script(&everything()));
    for wanted in [
        "ip saddr set ip saddr map @m_public",
        "counter packets 0 bytes 0 drop comment \"internet_gateway no public address\"",
        "iifname vmap @m_sg",
        "policy drop",
        "snat to 10.0.0.9",
        "type filter hook egress device \"igw\"",
    ] {
        assert!(listed.contains(wanted), "no `{wanted}` in\n{listed}");
    }
    let rules = everything().tables.iter().flat_map(|t| &t.chains).map(|c| c.rules.len()).sum::<usize>();
    let kept = listed.lines().filter(|line| line.contains("# handle") && !line.contains("{ # handle")).count();
    assert_eq!(kept, rules, "in\n{listed}");
}

#[test]
fn the_ruleset_has_no_flaw_of_its_own() {
    let mut program = Program::default();
    program.parts.insert(Key::Namespace(Namespace::Internet), Part::Namespace { sysctls: vec![] });
    let end = |name: &str| LinkEnd { name: name.into(), group: 0, mac: None, proxy_arp: false };
    let link = Link { near: end("igw"), far_namespace: Namespace::Internet, far: end("far"), mtu: 1500, arp: true };
    program.parts.insert(Key::Link(Namespace::Internet, "igw".into()), Part::Link(link));
    program.parts.insert(Key::Ruleset(Namespace::Internet), Part::Ruleset(everything()));
    let flaws: Vec<String> = check(&program).iter().map(ToString::to_string).collect();
    assert_eq!(flaws, ["internet: ruleset: c_fwd: drops without a comment"]);
}

#[test]
fn a_rule_that_names_what_is_not_there_is_a_flaw() {
    let mut ruleset = everything();
    ruleset.tables[0].sets.remove(0);
    ruleset.tables[0].maps.remove(1);
    let mut program = Program::default();
    program.parts.insert(Key::Namespace(Namespace::Internet), Part::Namespace { sysctls: vec![] });
    program.parts.insert(Key::Ruleset(Namespace::Internet), Part::Ruleset(ruleset));
    let text: Vec<String> = check(&program).iter().map(ToString::to_string).collect();
    for wanted in ["the set s_own, which is not there", "the map m_sg, which is not there", "hooks igw"] {
        assert!(text.iter().any(|flaw| flaw.contains(wanted)), "no `{wanted}` in {text:#?}");
    }
}
