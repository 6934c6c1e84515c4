//! IPv6 address ranges in canonical form (host bits cleared).

use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

/// The text is not an IPv6 range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an IPv6 CIDR block")]
pub struct MalformedIpv6Cidr(pub String);

/// An IPv6 range in canonical form.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ipv6Cidr(ipnet::Ipv6Net);

impl Ipv6Cidr {
    /// ::/0.
    pub const ALL: Ipv6Cidr = Ipv6Cidr(ipnet::Ipv6Net::new_assert(Ipv6Addr::UNSPECIFIED, 0));

    /// `None` if the length is over 128. Host bits are cleared.
    pub fn new(address: Ipv6Addr, length: u8) -> Option<Self> {
        ipnet::Ipv6Net::new(address, length).ok().map(|net| Self(net.trunc()))
    }
    /// A single address.
    pub fn host(address: Ipv6Addr) -> Self {
        Self(ipnet::Ipv6Net::from(address))
    }
    pub fn network(self) -> Ipv6Addr {
        self.0.network()
    }
    pub fn last(self) -> Ipv6Addr {
        self.0.broadcast()
    }
    /// Prefix length, 0 to 128.
    pub fn length(self) -> u8 {
        self.0.prefix_len()
    }
    pub fn contains(self, address: Ipv6Addr) -> bool {
        self.0.contains(&address)
    }
    /// Whether every address of `other` lies in this range.
    pub fn covers(self, other: Ipv6Cidr) -> bool {
        self.0.contains(&other.0)
    }
    pub fn overlaps(self, other: Ipv6Cidr) -> bool {
        self.covers(other) || other.covers(self)
    }
    /// The `n`th address of the range, `None` past its end.
    pub fn nth(self, n: u128) -> Option<Ipv6Addr> {
        let address = u128::from(self.network()).checked_add(n)?;
        (address <= u128::from(self.last())).then(|| Ipv6Addr::from(address))
    }
}

impl FromStr for Ipv6Cidr {
    type Err = MalformedIpv6Cidr;
    fn from_str(text: &str) -> Result<Self, MalformedIpv6Cidr> {
        text.parse::<ipnet::Ipv6Net>().map(|net| Self(net.trunc())).map_err(|_| MalformedIpv6Cidr(text.to_owned()))
    }
}
impl fmt::Display for Ipv6Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
impl fmt::Debug for Ipv6Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
impl serde::Serialize for Ipv6Cidr {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}
impl<'de> serde::Deserialize<'de> for Ipv6Cidr {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
