//! The parts of a program, each under the key by which two programs are compared.

use crate::Ruleset;
use postern_names::*;
use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// A network namespace by what it is for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Namespace {
    /// The world outside: the services' public addresses and the test sites.
    Internet,
    /// The router of one VPC.
    Vpc(VpcId),
    /// A NAT gateway's own.
    Nat(NatGatewayId),
    /// A guest's own: made by its sandbox, adopted by the host, never made or removed by a step.
    Instance(InstanceId),
}

impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Internet => f.write_str("internet"),
            Self::Vpc(id) => write!(f, "{id}"),
            Self::Nat(id) => write!(f, "{id}"),
            Self::Instance(id) => write!(f, "{id}"),
        }
    }
}
impl fmt::Debug for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What names a part. The order of the variants is the order in which parts are added; removal runs the other way. Rulesets
/// come before the first address, so that no packet passes a namespace without its rules.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    Namespace(Namespace),
    /// A veth pair by its near end.
    Link(Namespace, String),
    /// One ruleset a namespace, replaced whole in one transaction.
    Ruleset(Namespace),
    Address(Namespace, String, IpAddr),
    /// Whose hardware address on a link an address of IPv6 has: known, so that nobody has to be asked for it.
    Neighbour(Namespace, String, IpAddr),
    /// Namespace, kernel table, destination.
    Route(Namespace, u32, Cidr),
    /// Namespace, family and priority: each family has rules of its own.
    RouteRule(Namespace, IpFamily, u32),
    /// One on a single address stands beside one on every address (0.0.0.0, [::]) of the same port and goes before it.
    Listener(Namespace, Transport, IpAddr, u16),
}

impl Key {
    /// The namespace that the part is in; for a link, of its near end.
    pub fn namespace(&self) -> Namespace {
        match self {
            Self::Namespace(namespace)
            | Self::Link(namespace, _)
            | Self::Ruleset(namespace)
            | Self::Address(namespace, ..)
            | Self::Neighbour(namespace, ..)
            | Self::Route(namespace, ..)
            | Self::RouteRule(namespace, ..)
            | Self::Listener(namespace, ..) => *namespace,
        }
    }
}

/// As the text form of a program has it, without the namespace.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Namespace(namespace) => write!(f, "namespace {namespace}"),
            Self::Link(_, name) => write!(f, "link {name}"),
            Self::Ruleset(_) => f.write_str("ruleset"),
            Self::Address(_, link, address) => write!(f, "address {link} {address}"),
            Self::Neighbour(_, link, address) => write!(f, "neighbour {link} {address}"),
            Self::Route(_, table, to) => write!(f, "route table {table} {to}"),
            Self::RouteRule(_, IpFamily::V4, priority) => write!(f, "rule {priority}"),
            Self::RouteRule(_, IpFamily::V6, priority) => write!(f, "rule of IPv6 {priority}"),
            Self::Listener(_, transport, address, port) => {
                let word = if *transport == Transport::Tcp { "tcp" } else { "udp" };
                write!(f, "listener {word} {}", SocketAddr::new(*address, *port))
            }
        }
    }
}

/// One part of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// The namespace exists, with `lo` up, and these sysctls set (`net.ipv4.ip_forward` = `1`), in order.
    Namespace {
        sysctls: Vec<(String, String)>,
    },
    Link(Link),
    Address(Address),
    Neighbour(Neighbour),
    Route(Route),
    RouteRule(RouteRule),
    Ruleset(Ruleset),
    Listener(Listener),
}

/// A veth pair, both ends up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub near: LinkEnd,
    pub far_namespace: Namespace,
    pub far: LinkEnd,
    pub mtu: u32,
    /// Whether neighbours are asked for. Without, the link is a wire: both ends have one hardware address, and whatever is
    /// sent arrives at the other, whoever the next hop is.
    pub arp: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkEnd {
    /// At most 15 characters.
    pub name: String,
    /// Device group, 0 for none.
    pub group: u32,
    /// `None`: as the kernel likes.
    pub mac: Option<[u8; 6]>,
    /// Answer ARP for addresses that are routed elsewhere, at once.
    pub proxy_arp: bool,
}

/// An address on a link (`lo` allowed), with its prefix length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address {
    pub length: u8,
}

/// A neighbour's hardware address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Neighbour {
    pub mac: [u8; 6],
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    pub kind: RouteKind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RouteKind {
    /// Directly over a link.
    Link { link: String },
    /// By a gateway that is taken to be on the link.
    Via { gateway: IpAddr, link: String },
    /// Delivered to this namespace's own sockets: a gateway endpoint.
    Local,
    /// Look in the next rule's table.
    Throw,
    /// Dropped without a word.
    Blackhole,
    /// Refused with ICMP.
    Unreachable,
}

impl RouteKind {
    /// The link that packets leave by.
    pub fn link(&self) -> Option<&str> {
        match self {
            Self::Link { link } | Self::Via { link, .. } => Some(link),
            Self::Local | Self::Throw | Self::Blackhole | Self::Unreachable => None,
        }
    }
}

/// A policy routing rule. The kernel's default rules for `main` and `default` are removed from every namespace but a guest's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteRule {
    /// `None` matches every packet.
    pub mark: Option<u32>,
    /// Only packets that the namespace's own sockets send from this range; `None` is every packet.
    pub sent_from: Option<Cidr>,
    /// The kernel table looked up.
    pub table: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    Tcp,
    Udp,
}

/// A socket the daemon holds inside a namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    pub role: Role,
    /// Takes connections to any address that routing delivers here (IP_TRANSPARENT).
    pub transparent: bool,
}

/// What answers on a listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// The AWS API with TLS.
    DoorTls,
    /// The AWS API without TLS.
    DoorPlain,
    /// DNS at VPC+2 and 169.254.169.253.
    Resolver,
    /// Instance metadata.
    Metadata,
    /// The small test sites of the internet namespace.
    Site,
}

/// Everything that a host must run, by key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Program {
    pub parts: BTreeMap<Key, Part>,
}

impl Program {
    /// Every part of both; keys are expected to be disjoint.
    pub fn with(mut self, other: Program) -> Program {
        self.parts.extend(other.parts);
        self
    }
    pub fn ruleset(&self, namespace: Namespace) -> Option<&Ruleset> {
        match self.parts.get(&Key::Ruleset(namespace)) {
            Some(Part::Ruleset(ruleset)) => Some(ruleset),
            _ => None,
        }
    }
}
