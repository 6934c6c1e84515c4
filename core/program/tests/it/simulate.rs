//! Packets through small programs made by hand.

use postern_names::{Cidr, InstanceId, IpFamily, VpcId};
use postern_program::simulate::{Fate, Place, simulate};
use postern_program::*;
use std::net::{IpAddr, Ipv4Addr};

const A: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 5));
const B: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 6));
const ROUTER: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));

fn vpc() -> Namespace {
    Namespace::Vpc(VpcId::from_bits(1))
}

fn guest(n: u64) -> Namespace {
    Namespace::Instance(InstanceId::from_bits(n))
}

fn cidr(text: &str) -> Cidr {
    text.parse().unwrap()
}

/// Two guests in one subnet behind a router that forwards.
fn program() -> Program {
    let mut parts: Vec<(Key, Part)> = vec![
        (Key::Namespace(vpc()), Part::Namespace { sysctls: vec![("net.ipv4.ip_forward".into(), "1".into())] }),
        (Key::Address(vpc(), "lo".into(), ROUTER), Part::Address(Address { length: 32 })),
        (
            Key::RouteRule(vpc(), IpFamily::V4, 10),
            Part::RouteRule(RouteRule { mark: None, sent_from: None, table: 100 }),
        ),
        (
            Key::RouteRule(vpc(), IpFamily::V4, 20),
            Part::RouteRule(RouteRule { mark: None, sent_from: None, table: 50 }),
        ),
    ];
    for (n, address) in [(1, A), (2, B)] {
        let name = format!("eni{n}");
        let near = LinkEnd { name: name.clone(), group: 1, mac: None, proxy_arp: true };
        let far = LinkEnd { name: "ens5".into(), group: 0, mac: None, proxy_arp: false };
        let via = RouteKind::Via { gateway: ROUTER, link: "ens5".into() };
        parts.extend([
            (
                Key::Link(vpc(), name.clone()),
                Part::Link(Link { near, far_namespace: guest(n), far, mtu: 9001, arp: true }),
            ),
            (Key::Address(guest(n), "ens5".into(), address), Part::Address(Address { length: 24 })),
            (Key::Route(guest(n), 254, Cidr::ALL_V4), Part::Route(Route { kind: via })),
            (Key::Route(vpc(), 50, Cidr::host(address)), Part::Route(Route { kind: RouteKind::Link { link: name } })),
        ]);
    }
    Program { parts: parts.into_iter().collect() }
}

fn with_route(to: &str, kind: RouteKind) -> Program {
    let mut program = program();
    program.parts.insert(Key::Route(vpc(), 100, cidr(to)), Part::Route(Route { kind }));
    program
}

fn end(program: &Program, to: IpAddr) -> String {
    simulate(program, guest(1), Packet::tcp(A, to, 80)).to_string()
}

#[test]
fn neighbours_answer_each_other_through_the_router() {
    let outcome = simulate(&program(), guest(1), Packet::udp(A, B, 53));
    assert!(outcome.is_answered, "{outcome}");
}

#[test]
fn nobody_answers_for_a_neighbour_that_is_not_there() {
    let absent = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 7));
    let outcome = simulate(&program(), guest(1), Packet::ping(A, absent));
    assert!(matches!(&outcome.request, Fate::Dropped(loss) if loss.place == Place::Neighbour(absent)), "{outcome}");
    assert_eq!(outcome.reply, None);
}

#[test]
fn tables_are_asked_in_order_and_throw_goes_on() {
    let delivered = "delivered to Guest in i-00000000000000002";
    assert!(end(&with_route("10.0.0.0/16", RouteKind::Throw), B).starts_with(delivered));
    let blocked = end(&with_route("10.0.0.6/32", RouteKind::Blackhole), B);
    assert_eq!(blocked, "dropped in i-00000000000000001 at no neighbour 10.0.0.6");
    let outside = end(&with_route("52.0.0.0/8", RouteKind::Blackhole), IpAddr::V4(Ipv4Addr::new(52, 1, 1, 1)));
    assert!(outside.ends_with("at route 52.0.0.0/8 of table 100"), "{outside}");
    assert!(end(&program(), IpAddr::V4(Ipv4Addr::new(52, 1, 1, 1))).ends_with("at no route"));
}

#[test]
fn a_local_route_reaches_only_a_transparent_listener() {
    let service = IpAddr::V4(Ipv4Addr::new(52, 1, 1, 1));
    for (transparent, wanted) in [(true, "delivered to Listener(DoorPlain)"), (false, "delivered to Nobody")] {
        let mut program = with_route("52.0.0.0/8", RouteKind::Local);
        let listener = Listener { role: Role::DoorPlain, transparent };
        program.parts.insert(
            Key::Listener(vpc(), Transport::Tcp, IpAddr::V4(Ipv4Addr::UNSPECIFIED), 80),
            Part::Listener(listener),
        );
        let found = end(&program, service);
        assert!(found.starts_with(wanted), "{found}");
    }
}

#[test]
fn a_circle_ends() {
    let mut program = with_route("52.0.0.0/8", RouteKind::Via { gateway: B, link: "eni2".into() });
    // A second router behind eni2 that sends everything back.
    let Some(Part::Link(link)) = program.parts.get_mut(&Key::Link(vpc(), "eni2".into())) else { unreachable!() };
    link.far_namespace = Namespace::Internet;
    let forwards = vec![("net.ipv4.ip_forward".to_owned(), "1".to_owned())];
    let back = RouteKind::Via { gateway: ROUTER, link: "ens5".into() };
    program.parts.extend([
        (Key::Namespace(Namespace::Internet), Part::Namespace { sysctls: forwards }),
        (Key::Address(Namespace::Internet, "ens5".into(), B), Part::Address(Address { length: 32 })),
        (
            Key::RouteRule(Namespace::Internet, IpFamily::V4, 1),
            Part::RouteRule(RouteRule { mark: None, sent_from: None, table: 50 }),
        ),
        (Key::Route(Namespace::Internet, 50, Cidr::ALL_V4), Part::Route(Route { kind: back })),
    ]);
    assert!(end(&program, IpAddr::V4(Ipv4Addr::new(52, 1, 1, 1))).ends_with("at time to live"));
}
