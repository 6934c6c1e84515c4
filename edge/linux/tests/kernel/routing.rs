//! Who reaches whom by routes, rules and proxy ARP alone.

use crate::support::*;
use postern_program::*;
use std::net::UdpSocket;

#[test]
fn guests_reach_each_other_within_and_across_subnets() {
    privileged("routing::guests_reach_each_other_within_and_across_subnets", || {
        let lab = Lab::new();
        lab.serve(guest(2), 80, "b");
        lab.serve(guest(3), 80, "c");
        // 10.0.1.6 is on the guest's own link: it answers only because the router answers ARP for it.
        assert_eq!(lab.ask(guest(1), B, 80), Ok(format!("b to {A}")));
        assert_eq!(lab.ask(guest(1), C, 80), Ok(format!("c to {A}")));
    });
}

#[test]
fn a_neighbour_that_is_not_there_does_not_answer() {
    privileged("routing::a_neighbour_that_is_not_there_does_not_answer", || {
        let lab = Lab::new();
        lab.serve(guest(2), 80, "b");
        assert!(lab.ask(guest(1), "10.0.1.99", 80).is_err());
        assert!(lab.ask(guest(1), "10.0.3.4", 80).is_err());
        let neighbours = || std::fs::read_to_string("/proc/thread-self/net/arp").unwrap();
        assert_eq!(lab.ask(guest(1), B, 80), Ok(format!("b to {A}")));
        let seen = lab.host.in_namespace(guest(1), neighbours).unwrap();
        let known = |address: &str| seen.lines().any(|l| l.starts_with(&format!("{address} ")) && l.contains("0x2"));
        assert!(known(B) && !known("10.0.1.99"), "{seen}");
    });
}

#[test]
fn the_mark_chooses_the_route_table_and_the_longest_prefix_wins() {
    privileged("routing::the_mark_chooses_the_route_table_and_the_longest_prefix_wins", || {
        let mut lab = Lab::new();
        let r = vpc(1);
        lab.serve(guest(3), 80, "c");
        // The service address leads to guest C over table 101, and nowhere over table 102.
        lab.add(vec![
            rule(r, 101, Some(0x100), 101),
            rule(r, 102, Some(0x200), 102),
            route(r, 101, "198.51.100.0/24", via(C, "eni3")),
            route(r, 101, "198.51.100.128/25", RouteKind::Blackhole),
            route(r, 101, "10.0.0.0/16", RouteKind::Throw),
            route(r, 102, "0.0.0.0/0", RouteKind::Unreachable),
            route(r, 102, "10.0.0.0/16", RouteKind::Throw),
            address(guest(3), "lo", "198.51.100.1/32"),
            address(guest(3), "lo", "198.51.100.129/32"),
            (Key::Ruleset(r), Part::Ruleset(marks(&[("eni1", 0x100), ("eni2", 0x200)]))),
        ]);
        assert_eq!(lab.ask(guest(1), "198.51.100.1", 80), Ok(format!("c to {A}")));
        assert!(lab.ask(guest(1), "198.51.100.129", 80).is_err());
        assert!(lab.ask(guest(2), "198.51.100.1", 80).is_err());
        assert_eq!(lab.ask(guest(2), C, 80), Ok(format!("c to {B}")));
        // Replaced in place: the same destination now has another way.
        lab.add(vec![
            route(r, 101, "198.51.100.0/24", RouteKind::Blackhole),
            route(r, 102, "0.0.0.0/0", via(C, "eni3")),
            rule(r, 101, Some(0x100), 102),
        ]);
        assert_eq!(lab.ask(guest(2), "198.51.100.1", 80), Ok(format!("c to {B}")));
        assert_eq!(lab.ask(guest(1), "198.51.100.129", 80), Ok(format!("c to {A}")));
    });
}

#[test]
fn datagrams_are_answered_from_the_address_they_were_sent_to() {
    privileged("routing::datagrams_are_answered_from_the_address_they_were_sent_to", || {
        let mut lab = Lab::new();
        let r = vpc(1);
        let resolver = |address: &str| {
            let part = Listener { role: Role::Resolver, transparent: false };
            (Key::Listener(r, Transport::Udp, ip(address), 53), Part::Listener(part))
        };
        let opened = lab.add(vec![
            address(r, "lo", "10.0.0.2/32"),
            address(r, "lo", "169.254.169.253/32"),
            resolver("10.0.0.2"),
            resolver("169.254.169.253"),
        ]);
        assert_eq!(opened.len(), 2);
        for socket in opened {
            let postern_linux::Socket::Udp(socket) = socket.socket else { panic!("not UDP") };
            socket.set_nonblocking(false).unwrap();
            std::thread::spawn(move || {
                let mut buffer = [0; 64];
                while let Ok((n, from)) = socket.recv_from(&mut buffer) {
                    let _ = socket.send_to(&buffer[..n], from);
                }
            });
        }
        for server in ["10.0.0.2", "169.254.169.253"] {
            let echoed = lab.host.in_namespace(guest(3), || {
                let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
                // Connected: an answer from any other address is not delivered.
                socket.connect((server, 53)).unwrap();
                socket.set_read_timeout(Some(std::time::Duration::from_secs(1))).unwrap();
                socket.send(b"who?").unwrap();
                let mut buffer = [0; 64];
                socket.recv(&mut buffer).map(|n| buffer[..n].to_vec())
            });
            assert_eq!(echoed.unwrap().unwrap(), b"who?");
        }
    });
}

/// Sets the packet mark by the link a packet came in on.
fn marks(by_link: &[(&str, u32)]) -> Ruleset {
    let elements = by_link.iter().map(|(l, mark)| (vec![Atom::Link((*l).into())], MapValue::Mark(*mark))).collect();
    let map = Map { name: "m_mark".into(), key: vec![Field::InLink], elements };
    let set = Rule {
        matches: Vec::new(),
        action: Action::MarkFrom { fields: vec![Field::InLink], map: "m_mark".into() },
        comment: None,
        counter: false,
    };
    let hook = Hook { kind: HookKind::Prerouting, priority: -150, policy: Policy::Accept, device: None };
    let chain = Chain { name: "c_mark".into(), hook: Some(hook), rules: vec![set] };
    let table =
        Table { family: Family::Ip, name: "vpc".into(), sets: Vec::new(), maps: vec![map], chains: vec![chain] };
    Ruleset { tables: vec![table] }
}
