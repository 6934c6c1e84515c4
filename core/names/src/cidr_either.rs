//! Ranges of either family, and the families.

use crate::{Ipv4Cidr, Ipv6Cidr, MalformedCidr};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// IPv4 or IPv6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IpFamily {
    V4,
    V6,
}

impl IpFamily {
    /// Both, the older first.
    pub const ALL: [IpFamily; 2] = [IpFamily::V4, IpFamily::V6];

    pub fn of(address: IpAddr) -> Self {
        if address.is_ipv4() { Self::V4 } else { Self::V6 }
    }
    /// Bits of an address.
    pub fn bits(self) -> u8 {
        match self {
            Self::V4 => 32,
            Self::V6 => 128,
        }
    }
    /// Every address of the family.
    pub fn everything(self) -> Cidr {
        match self {
            Self::V4 => Cidr::ALL_V4,
            Self::V6 => Cidr::ALL_V6,
        }
    }
    /// The address that stands for any: a listener's, and a question's that has none.
    pub fn unspecified(self) -> IpAddr {
        match self {
            Self::V4 => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            Self::V6 => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        }
    }
}

/// A range of either family. Its text is that of the range, so that what was kept as IPv4 alone is read as before.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cidr {
    V4(Ipv4Cidr),
    V6(Ipv6Cidr),
}

impl Cidr {
    /// 0.0.0.0/0.
    pub const ALL_V4: Cidr = Cidr::V4(Ipv4Cidr::ALL);
    /// ::/0.
    pub const ALL_V6: Cidr = Cidr::V6(Ipv6Cidr::ALL);

    /// `None` if the length is longer than an address. Host bits are cleared.
    pub fn new(address: impl Into<IpAddr>, length: u8) -> Option<Self> {
        match address.into() {
            IpAddr::V4(address) => Ipv4Cidr::new(address, length).map(Self::V4),
            IpAddr::V6(address) => Ipv6Cidr::new(address, length).map(Self::V6),
        }
    }
    /// A single address.
    pub fn host(address: impl Into<IpAddr>) -> Self {
        match address.into() {
            IpAddr::V4(address) => Self::V4(Ipv4Cidr::host(address)),
            IpAddr::V6(address) => Self::V6(Ipv6Cidr::host(address)),
        }
    }
    pub fn family(self) -> IpFamily {
        match self {
            Self::V4(_) => IpFamily::V4,
            Self::V6(_) => IpFamily::V6,
        }
    }
    /// The range if it is of IPv4.
    pub fn v4(self) -> Option<Ipv4Cidr> {
        match self {
            Self::V4(range) => Some(range),
            Self::V6(_) => None,
        }
    }
    /// The range if it is of IPv6.
    pub fn v6(self) -> Option<Ipv6Cidr> {
        match self {
            Self::V4(_) => None,
            Self::V6(range) => Some(range),
        }
    }
    pub fn network(self) -> IpAddr {
        match self {
            Self::V4(range) => range.network().into(),
            Self::V6(range) => range.network().into(),
        }
    }
    pub fn last(self) -> IpAddr {
        match self {
            Self::V4(range) => range.last().into(),
            Self::V6(range) => range.last().into(),
        }
    }
    /// Prefix length.
    pub fn length(self) -> u8 {
        match self {
            Self::V4(range) => range.length(),
            Self::V6(range) => range.length(),
        }
    }
    /// No address of the other family is in a range.
    pub fn contains(self, address: impl Into<IpAddr>) -> bool {
        match (self, address.into()) {
            (Self::V4(range), IpAddr::V4(address)) => range.contains(address),
            (Self::V6(range), IpAddr::V6(address)) => range.contains(address),
            _ => false,
        }
    }
    /// Whether every address of `other` lies in this range.
    pub fn covers(self, other: Cidr) -> bool {
        match (self, other) {
            (Self::V4(range), Self::V4(other)) => range.covers(other),
            (Self::V6(range), Self::V6(other)) => range.covers(other),
            _ => false,
        }
    }
    pub fn overlaps(self, other: Cidr) -> bool {
        self.covers(other) || other.covers(self)
    }
}

impl From<Ipv4Cidr> for Cidr {
    fn from(range: Ipv4Cidr) -> Self {
        Self::V4(range)
    }
}
impl From<Ipv6Cidr> for Cidr {
    fn from(range: Ipv6Cidr) -> Self {
        Self::V6(range)
    }
}
impl FromStr for Cidr {
    type Err = MalformedCidr;
    fn from_str(text: &str) -> Result<Self, MalformedCidr> {
        text.parse().map(Self::V4).or_else(|error| text.parse().map(Self::V6).map_err(|_| error))
    }
}
impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::V4(range) => fmt::Display::fmt(range, f),
            Self::V6(range) => fmt::Display::fmt(range, f),
        }
    }
}
impl fmt::Debug for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
impl serde::Serialize for Cidr {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}
impl<'de> serde::Deserialize<'de> for Cidr {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_of_either_family_has_the_text_of_its_own() {
        let four: Cidr = "10.0.1.77/24".parse().unwrap();
        let six: Cidr = "2600:1f18:0:aa00::7/56".parse().unwrap();
        assert_eq!((four.to_string(), six.to_string()), ("10.0.1.0/24".to_owned(), "2600:1f18:0:aa00::/56".to_owned()));
        assert!(six.contains(Ipv6Addr::new(0x2600, 0x1f18, 0, 0xaa7f, 0, 0, 0, 9)));
        assert!(!Cidr::ALL_V6.contains(Ipv4Addr::LOCALHOST) && !Cidr::ALL_V6.covers(four));
        assert!("10.0.0.0".parse::<Cidr>().is_err() && "2600::/129".parse::<Cidr>().is_err());
    }
}
