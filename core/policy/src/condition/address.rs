//! IpAddress and NotIpAddress, for IPv4 and IPv6.

use ipnet::IpNet;
use std::net::IpAddr;

/// A policy value of an address operator: a range, or one address.
#[derive(Debug, Clone, Copy)]
pub struct Range(IpNet);

impl Range {
    pub fn parse(text: &str) -> Option<Self> {
        match text.parse::<IpNet>() {
            Ok(range) => Some(Self(range)),
            Err(_) => text.parse::<IpAddr>().ok().map(|address| Self(IpNet::from(address))),
        }
    }
    /// An address of the other family lies in no range of this one.
    pub fn matches(self, found: &str) -> bool {
        found.parse::<IpAddr>().is_ok_and(|address| self.0.contains(&address))
    }
}
