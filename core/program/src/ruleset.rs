//! A packet filter as data: the part of nftables that Postern uses. Names are given by the compiler with a prefix
//! (`c_`, `s_`, `m_`) so that none is a keyword.

use postern_names::{Cidr, IpFamily, PortRange};
use std::net::IpAddr;

/// All tables of one namespace.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ruleset {
    pub tables: Vec<Table>,
}

impl Ruleset {
    /// The links that netdev chains hook.
    pub fn devices(&self) -> impl Iterator<Item = &str> {
        let chains = self.tables.iter().flat_map(|table| &table.chains);
        chains.filter_map(|chain| chain.hook.as_ref()?.device.as_deref())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// IPv4 packets.
    Ip,
    /// IPv6 packets.
    Ip6,
    /// Hooks on one device, before and after everything else: stateless address translation of IPv4.
    Netdev,
}

impl Family {
    /// Of the addresses in its sets, maps and rules.
    pub fn addresses(self) -> IpFamily {
        match self {
            Self::Ip | Self::Netdev => IpFamily::V4,
            Self::Ip6 => IpFamily::V6,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    pub family: Family,
    pub name: String,
    pub sets: Vec<Set>,
    pub maps: Vec<Map>,
    pub chains: Vec<Chain>,
}

/// What a set's key, a map's key or a match looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    InLink,
    OutLink,
    InGroup,
    OutGroup,
    Source,
    Destination,
}

/// One part of an element.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Atom {
    Link(String),
    Group(u32),
    Address(IpAddr),
    /// Only in sets and maps with `interval`.
    Range(Cidr),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Set {
    pub name: String,
    /// One field, or several for a concatenation.
    pub key: Vec<Field>,
    pub interval: bool,
    pub elements: Vec<Vec<Atom>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Map {
    pub name: String,
    pub key: Vec<Field>,
    pub elements: Vec<(Vec<Atom>, MapValue)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MapValue {
    Jump(String),
    Goto(String),
    Mark(u32),
    Address(IpAddr),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    pub name: String,
    /// `None`: reached by jumps only.
    pub hook: Option<Hook>,
    pub rules: Vec<Rule>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    pub kind: HookKind,
    pub priority: i32,
    pub policy: Policy,
    /// The link of a netdev hook.
    pub device: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HookKind {
    Prerouting,
    Input,
    Forward,
    Output,
    Postrouting,
    /// `type nat hook postrouting`.
    SourceNat,
    Ingress,
    Egress,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    Accept,
    Drop,
}

/// All matches must hold; then the action is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    pub matches: Vec<Match>,
    pub action: Action,
    /// The stop and the AWS id that the rule stands for: `security_group_out sg-...`; shown in the kernel too.
    pub comment: Option<String>,
    /// Whether the kernel counts packets here: at every drop place.
    pub counter: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionState {
    EstablishedOrRelated,
    Invalid,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Match {
    InLink(String),
    OutLink(String),
    NotInLink(String),
    Source(Cidr),
    Destination(Cidr),
    /// IP protocol number.
    Protocol(u8),
    DestinationPort(PortRange),
    SourcePort(PortRange),
    /// Type and code of ICMP, or of ICMPv6 in a table of IPv6; `None` is any.
    Icmp {
        kind: Option<u8>,
        code: Option<u8>,
    },
    State(ConnectionState),
    /// These fields are, or are not, an element of the set.
    In {
        fields: Vec<Field>,
        set: String,
    },
    NotIn {
        fields: Vec<Field>,
        set: String,
    },
    /// `mark & mask == value`.
    Mark {
        mask: u32,
        value: u32,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    Accept,
    Drop,
    Return,
    Jump(String),
    Goto(String),
    /// The verdict that the map has for these fields; none: go on.
    Verdict {
        fields: Vec<Field>,
        map: String,
    },
    /// `mark = (mark & !mask) | value`.
    SetMark {
        mask: u32,
        value: u32,
    },
    /// The mark becomes what the map has for these fields; none: go on.
    MarkFrom {
        fields: Vec<Field>,
        map: String,
    },
    /// Stateless: the source address becomes what the map has for it.
    SourceFrom {
        map: String,
    },
    /// Stateless: the destination address becomes what the map has for it.
    DestinationFrom {
        map: String,
    },
    /// Stateful source translation to this address.
    Masquerade {
        to: IpAddr,
    },
}
