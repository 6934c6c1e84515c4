//! Address ranges in canonical form (host bits cleared).

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

pub use ipnet::IpNet;

/// An IPv4 range in canonical form.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ipv4Cidr(ipnet::Ipv4Net);

/// The text is not `a.b.c.d/n`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an IPv4 CIDR block")]
pub struct MalformedCidr(pub String);

impl Ipv4Cidr {
    /// 0.0.0.0/0.
    pub const ALL: Ipv4Cidr = Ipv4Cidr(ipnet::Ipv4Net::new_assert(Ipv4Addr::UNSPECIFIED, 0));

    /// `None` if the length is over 32. Host bits are cleared.
    pub fn new(address: Ipv4Addr, length: u8) -> Option<Self> {
        ipnet::Ipv4Net::new(address, length).ok().map(|net| Self(net.trunc()))
    }
    /// A single address.
    pub fn host(address: Ipv4Addr) -> Self {
        Self(ipnet::Ipv4Net::from(address))
    }
    pub fn network(self) -> Ipv4Addr {
        self.0.network()
    }
    pub fn last(self) -> Ipv4Addr {
        self.0.broadcast()
    }
    /// Prefix length, 0 to 32.
    pub fn length(self) -> u8 {
        self.0.prefix_len()
    }
    pub fn contains(self, address: Ipv4Addr) -> bool {
        self.0.contains(&address)
    }
    /// Whether every address of `other` lies in this range.
    pub fn covers(self, other: Ipv4Cidr) -> bool {
        self.0.contains(&other.0)
    }
    pub fn overlaps(self, other: Ipv4Cidr) -> bool {
        self.covers(other) || other.covers(self)
    }
    /// The `n`th address of the range, `None` past its end.
    pub fn nth(self, n: u32) -> Option<Ipv4Addr> {
        let address = u32::from(self.network()).checked_add(n)?;
        (address <= u32::from(self.last())).then(|| Ipv4Addr::from(address))
    }
    /// Number of addresses.
    pub fn size(self) -> u64 {
        1 << (32 - u32::from(self.length()))
    }
}

impl FromStr for Ipv4Cidr {
    type Err = MalformedCidr;
    fn from_str(text: &str) -> Result<Self, MalformedCidr> {
        text.parse::<ipnet::Ipv4Net>().map(|net| Self(net.trunc())).map_err(|_| MalformedCidr(text.to_owned()))
    }
}
impl fmt::Display for Ipv4Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
impl fmt::Debug for Ipv4Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
impl serde::Serialize for Ipv4Cidr {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}
impl<'de> serde::Deserialize<'de> for Ipv4Cidr {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_bits_are_cleared() {
        let cidr: Ipv4Cidr = "10.0.1.77/24".parse().unwrap();
        assert_eq!(cidr.to_string(), "10.0.1.0/24");
        assert_eq!(cidr.nth(5), Some(Ipv4Addr::new(10, 0, 1, 5)));
        assert_eq!(cidr.nth(256), None);
        assert_eq!(cidr.size(), 256);
    }
}
