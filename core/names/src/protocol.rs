//! Protocols and port ranges of rules.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A protocol as a rule names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "Kept")]
pub enum Protocol {
    /// `-1`: every protocol; ports do not count.
    All,
    Icmp,
    Tcp,
    Udp,
    /// ICMP of IPv6.
    Icmpv6,
    /// Any other protocol by its number.
    Number(u8),
}

/// As it is kept: a protocol that has a name of its own now may have been kept by its number.
#[derive(Deserialize)]
enum Kept {
    All,
    Icmp,
    Tcp,
    Udp,
    Icmpv6,
    Number(u8),
}

impl From<Kept> for Protocol {
    fn from(kept: Kept) -> Self {
        match kept {
            Kept::All => Self::All,
            Kept::Icmp => Self::Icmp,
            Kept::Tcp => Self::Tcp,
            Kept::Udp => Self::Udp,
            Kept::Icmpv6 => Self::Icmpv6,
            Kept::Number(number) => Self::from_number(number),
        }
    }
}

impl Protocol {
    /// The protocol of this IP protocol number.
    pub fn from_number(number: u8) -> Self {
        match number {
            1 => Self::Icmp,
            6 => Self::Tcp,
            17 => Self::Udp,
            58 => Self::Icmpv6,
            other => Self::Number(other),
        }
    }
    /// The IP protocol number; `None` for all.
    pub fn number(self) -> Option<u8> {
        match self {
            Self::All => None,
            Self::Icmp => Some(1),
            Self::Tcp => Some(6),
            Self::Udp => Some(17),
            Self::Icmpv6 => Some(58),
            Self::Number(n) => Some(n),
        }
    }
    /// Whether rules for it may name a type and a code.
    pub fn is_icmp(self) -> bool {
        matches!(self, Self::Icmp | Self::Icmpv6)
    }
    pub fn has_ports(self) -> bool {
        matches!(self, Self::Tcp | Self::Udp)
    }
}

/// As the EC2 API spells a network ACL's protocol: `-1` or the number.
impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.number() {
            None => f.write_str("-1"),
            Some(n) => write!(f, "{n}"),
        }
    }
}

/// Ports from `first` to `last`, both included.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PortRange {
    pub first: u16,
    pub last: u16,
}

impl PortRange {
    pub const ALL: PortRange = PortRange { first: 0, last: 65535 };
    pub fn contains(self, port: u16) -> bool {
        (self.first..=self.last).contains(&port)
    }
}
impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last { write!(f, "{}", self.first) } else { write!(f, "{}-{}", self.first, self.last) }
    }
}
impl fmt::Debug for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
