//! Kernel features, tried in scratch namespaces; never read from a configuration.

use crate::{Cut, Host, HostError, Socket, arrival};
use postern_names::{Cidr, IpFamily, VpcId};
use postern_program::*;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

/// One feature that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// `policy routing`.
    pub name: &'static str,
    pub ok: bool,
    /// Without it there is no data plane; else what is missing is named in `remedy`.
    pub essential: bool,
    /// What was seen, or the kernel's word.
    pub found: String,
    /// What to do about it; empty when all is well.
    pub remedy: String,
}

struct Feature {
    name: &'static str,
    essential: bool,
    remedy: &'static str,
    attempt: fn(&Host) -> Result<String, String>,
}

const ROUTER: Namespace = Namespace::Vpc(VpcId::from_bits(0));
const CLIENT: Namespace = Namespace::Internet;
const CLIENT_ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 5));
const ROUTER_ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
/// Routed to the router's own sockets, though no link has it.
const SERVICE: IpAddr = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 1));
const PORT: u16 = 443;
const PATIENCE: Duration = Duration::from_secs(2);

/// In the order of dependence: a later one may fail because an earlier one did.
const FEATURES: &[Feature] = &[
    Feature {
        name: "veth pairs and settings of a namespace",
        essential: true,
        remedy: "load the kernel module veth; in a container, run it with a writable /proc/sys (--privileged, or rootless)",
        attempt: links,
    },
    Feature {
        name: "policy routing",
        essential: true,
        remedy: "a kernel with CONFIG_IP_MULTIPLE_TABLES and CONFIG_IP_ADVANCED_ROUTER is needed",
        attempt: routes,
    },
    Feature {
        name: "transparent sockets",
        essential: true,
        remedy: "IP_TRANSPARENT and IP_PKTOPTIONS are needed: use a stock kernel from 5.10 on, not a user-space one",
        attempt: doors,
    },
    Feature {
        name: "packet filters (nf_tables)",
        essential: true,
        remedy: "load the kernel modules nf_tables, nft_ct and nf_conntrack",
        attempt: filters,
    },
    Feature {
        name: "filters on a link's ingress and egress",
        essential: true,
        remedy: "internet gateways need CONFIG_NETFILTER_INGRESS and CONFIG_NETFILTER_EGRESS: a kernel from 5.16 on",
        attempt: link_filters,
    },
    Feature {
        name: "source address translation",
        essential: false,
        remedy: "NAT gateways will fail: load the kernel modules nft_chain_nat and nf_nat",
        attempt: translation,
    },
    Feature {
        name: "cutting connections",
        essential: false,
        remedy: "connections that are open when an endpoint changes will live on: CONFIG_INET_DIAG_DESTROY and \
                 nf_conntrack_netlink are missing",
        attempt: cutting,
    },
];

/// Tries every feature, in a few milliseconds.
pub fn probe() -> Vec<Probe> {
    let mut probes = vec![descriptors()];
    let host = match Host::new() {
        Ok(host) => host,
        Err(error) => {
            probes.push(namespaces(Err(error)));
            return probes;
        }
    };
    probes.push(namespaces(Ok(())));
    probes.extend(FEATURES.iter().map(|feature| verdict(feature, (feature.attempt)(&host))));
    probes
}

fn verdict(feature: &Feature, seen: Result<String, String>) -> Probe {
    let (name, essential) = (feature.name, feature.essential);
    match seen {
        Ok(found) => Probe { name, ok: true, essential, found, remedy: String::new() },
        Err(found) => Probe { name, ok: false, essential, found, remedy: feature.remedy.to_owned() },
    }
}

fn namespaces(seen: Result<(), HostError>) -> Probe {
    let feature = Feature {
        name: "network namespaces",
        essential: true,
        remedy: "run as root, or allow user namespaces: sysctl kernel.unprivileged_userns_clone=1, \
                 user.max_user_namespaces > 0, kernel.apparmor_restrict_unprivileged_userns=0",
        attempt: |_| Ok(String::new()),
    };
    verdict(&feature, seen.map(|()| "made and entered".to_owned()).map_err(|e| e.to_string()))
}

fn descriptors() -> Probe {
    const FEW: u64 = 4096;
    let limit = crate::raise_limits();
    let feature = Feature {
        name: "open descriptors",
        essential: false,
        remedy: "some hundred VPCs will not fit: raise the hard limit (ulimit -Hn)",
        attempt: |_| Ok(String::new()),
    };
    verdict(&feature, if limit >= FEW { Ok(format!("up to {limit}")) } else { Err(format!("only {limit}")) })
}

fn apply(host: &Host, parts: Vec<(Key, Part)>) -> Result<Vec<crate::Opened>, String> {
    let steps: Vec<Step> = parts.into_iter().map(|(key, part)| Step::Add(key, part)).collect();
    host.apply(&steps).map_err(|error| error.to_string())
}

fn links(host: &Host) -> Result<String, String> {
    let end = |name: &str| LinkEnd { name: name.into(), group: 1, mac: Some([2, 0, 0, 0, 0, 9]), proxy_arp: true };
    let link = Link { near: end("eni"), far_namespace: CLIENT, far: end("eth0"), mtu: 9001, arp: true };
    let sysctls = vec![("net.ipv4.ip_forward".to_owned(), "1".to_owned())];
    apply(
        host,
        vec![
            (Key::Namespace(CLIENT), Part::Namespace { sysctls: Vec::new() }),
            (Key::Namespace(ROUTER), Part::Namespace { sysctls }),
            (Key::Link(ROUTER, "eni".into()), Part::Link(link)),
            (Key::Address(CLIENT, "eth0".into(), CLIENT_ADDRESS), Part::Address(Address { length: 24 })),
            (Key::Address(ROUTER, "lo".into(), ROUTER_ADDRESS), Part::Address(Address { length: 32 })),
        ],
    )
    .map(|_| "a pair between two namespaces, with group, MTU 9001 and proxy ARP".to_owned())
}

fn routes(host: &Host) -> Result<String, String> {
    let route = |ns, table, to, kind| (Key::Route(ns, table, to), Part::Route(Route { kind }));
    let over = |link: &str| RouteKind::Link { link: link.to_owned() };
    let via = RouteKind::Via { gateway: ROUTER_ADDRESS, link: "eth0".into() };
    let rule = |ns, priority, mark, table| {
        (Key::RouteRule(ns, IpFamily::V4, priority), Part::RouteRule(RouteRule { mark, sent_from: None, table }))
    };
    let inside = Cidr::new(ROUTER_ADDRESS, 24).ok_or("not a range")?;
    apply(
        host,
        vec![
            route(CLIENT, 50, Cidr::ALL_V4, via),
            rule(CLIENT, 200, None, 50),
            route(ROUTER, 50, Cidr::host(CLIENT_ADDRESS), over("eni")),
            route(ROUTER, 50, inside, RouteKind::Unreachable),
            route(ROUTER, 300, inside, RouteKind::Throw),
            route(ROUTER, 300, Cidr::ALL_V4, RouteKind::Blackhole),
            route(ROUTER, 50, Cidr::host(SERVICE), RouteKind::Local),
            rule(ROUTER, 100, Some(300), 300),
            rule(ROUTER, 200, None, 50),
        ],
    )
    .map(|_| "rules by mark; local, throw, blackhole and unreachable routes".to_owned())
}

fn doors(host: &Host) -> Result<String, String> {
    let part = Part::Listener(Listener { role: Role::DoorTls, transparent: true });
    let key = Key::Listener(ROUTER, Transport::Tcp, IpAddr::V4(Ipv4Addr::UNSPECIFIED), PORT);
    let opened = apply(host, vec![(key, part)])?;
    let Some(Socket::Tcp(listener)) = opened.into_iter().next().map(|opened| opened.socket) else {
        return Err("no socket was opened".to_owned());
    };
    let (client, server) = connection(host, &listener)?;
    let way = arrival(server.as_fd()).ok_or("IP_PKTOPTIONS tells no link")?;
    let name = host.link_name_of(ROUTER, way.in_link_index);
    let meant = SocketAddr::from((SERVICE, PORT));
    let right = name.as_deref() == Some("eni") && way.local == meant && client.local_addr().ok() == Some(way.peer);
    if right { Ok("a connection to a routed address told its link".to_owned()) } else { Err(format!("{way:?}")) }
}

fn connection(host: &Host, listener: &TcpListener) -> Result<(TcpStream, TcpStream), String> {
    let to = SocketAddr::from((SERVICE, PORT));
    let client = host.in_namespace(CLIENT, || TcpStream::connect_timeout(&to, PATIENCE));
    let client = client.map_err(|error| error.to_string())?.map_err(|error| format!("connect: {error}"))?;
    let deadline = Instant::now() + PATIENCE;
    loop {
        match listener.accept() {
            Ok((server, _)) => return Ok((client, server)),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock && Instant::now() < deadline => {
                std::thread::sleep(Duration::from_millis(1));
            }
            Err(error) => return Err(format!("accept: {error}")),
        }
    }
}

/// Puts a table into force, and takes it away again.
fn with_table(host: &Host, table: Table) -> Result<(), String> {
    let key = Key::Ruleset(ROUTER);
    apply(host, vec![(key.clone(), Part::Ruleset(Ruleset { tables: vec![table] }))])?;
    host.apply(&[Step::Remove(key)]).map(|_| ()).map_err(|error| error.to_string())
}

fn rule(matches: Vec<Match>, action: Action) -> Rule {
    Rule { matches, action, comment: Some("probe".to_owned()), counter: true }
}

fn hooked(kind: HookKind, device: Option<&str>, rules: Vec<Rule>) -> Chain {
    let hook = Hook { kind, priority: 0, policy: Policy::Accept, device: device.map(str::to_owned) };
    Chain { name: format!("c_{kind:?}").to_lowercase(), hook: Some(hook), rules }
}

fn filters(host: &Host) -> Result<String, String> {
    let set = |name: &str, key: Vec<Field>, interval, atoms: Vec<Atom>| Set {
        name: name.to_owned(),
        key,
        interval,
        elements: vec![atoms],
    };
    let map = |name: &str, value| Map {
        name: name.to_owned(),
        key: vec![Field::InGroup],
        elements: vec![(vec![Atom::Group(1)], value)],
    };
    let pair = vec![Field::InLink, Field::Source];
    let range = Cidr::new(ROUTER_ADDRESS, 24).ok_or("not a range")?;
    let rules = vec![
        rule(vec![Match::State(ConnectionState::EstablishedOrRelated)], Action::Accept),
        rule(vec![Match::In { fields: pair.clone(), set: "s_pair".to_owned() }], Action::Accept),
        rule(
            vec![Match::In { fields: vec![Field::Destination], set: "s_range".to_owned() }],
            Action::MarkFrom { fields: vec![Field::InGroup], map: "m_mark".to_owned() },
        ),
        rule(vec![], Action::Verdict { fields: vec![Field::InGroup], map: "m_verdict".to_owned() }),
    ];
    let table = Table {
        family: Family::Ip,
        name: "t_probe".to_owned(),
        sets: vec![
            set("s_pair", pair, false, vec![Atom::Link("eni".to_owned()), Atom::Address(CLIENT_ADDRESS)]),
            set("s_range", vec![Field::Destination], true, vec![Atom::Range(range)]),
        ],
        maps: vec![map("m_mark", MapValue::Mark(1)), map("m_verdict", MapValue::Jump("c_one".to_owned()))],
        chains: vec![
            Chain { name: "c_one".to_owned(), hook: None, rules: vec![rule(vec![], Action::Drop)] },
            hooked(HookKind::Forward, None, rules),
        ],
    };
    with_table(host, table).map(|()| "connection states, concatenated and interval sets, verdict maps".to_owned())
}

fn link_filters(host: &Host) -> Result<String, String> {
    let map = "m_out".to_owned();
    let chain = |kind, action| hooked(kind, Some("eni"), vec![rule(vec![], action)]);
    let table = Table {
        family: Family::Netdev,
        name: "t_probe".to_owned(),
        sets: vec![],
        maps: vec![Map {
            name: map.clone(),
            key: vec![Field::Source],
            elements: vec![(vec![Atom::Address(CLIENT_ADDRESS)], MapValue::Address(SERVICE))],
        }],
        chains: vec![
            chain(HookKind::Ingress, Action::DestinationFrom { map: map.clone() }),
            chain(HookKind::Egress, Action::SourceFrom { map }),
        ],
    };
    with_table(host, table).map(|()| "stateless translation in both hooks".to_owned())
}

fn translation(host: &Host) -> Result<String, String> {
    let translate = rule(vec![Match::OutLink("eni".to_owned())], Action::Masquerade { to: SERVICE });
    let table = Table {
        family: Family::Ip,
        name: "t_probe".to_owned(),
        sets: vec![],
        maps: vec![],
        chains: vec![hooked(HookKind::SourceNat, None, vec![translate])],
    };
    with_table(host, table).map(|()| "source translation after routing".to_owned())
}

fn cutting(host: &Host) -> Result<String, String> {
    let listener = host.in_namespace(ROUTER, || -> std::io::Result<TcpListener> {
        let listener = TcpListener::bind((ROUTER_ADDRESS, 0))?;
        listener.set_nonblocking(true)?;
        Ok(listener)
    });
    let listener = listener.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
    let to = listener.local_addr().map_err(|error| error.to_string())?;
    let client = host.in_namespace(CLIENT, || TcpStream::connect_timeout(&to, PATIENCE));
    let _client = client.map_err(|error| error.to_string())?.map_err(|error| format!("connect: {error}"))?;
    let cut = Cut { sources: vec![Cidr::host(CLIENT_ADDRESS)], destinations: Vec::new() };
    let severed = host.cut(ROUTER, &cut).map_err(|error| error.to_string())?;
    if severed.sockets > 0 { Ok("an open connection was reset".to_owned()) } else { Err("nothing was cut".to_owned()) }
}
