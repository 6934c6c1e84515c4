//! A packet as rules look at it.

use postern_names::Protocol;
use std::fmt;
use std::net::Ipv4Addr;

/// The port that a client is taken to speak from: any ephemeral one.
pub const CLIENT_PORT: u16 = 40_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet {
    pub source: Ipv4Addr,
    pub destination: Ipv4Addr,
    /// TCP, UDP or ICMP.
    pub protocol: Protocol,
    /// 0 for ICMP.
    pub source_port: u16,
    /// 0 for ICMP.
    pub port: u16,
    /// ICMP's type: 8 for an echo request, 0 for its answer.
    pub icmp: Option<u8>,
}

impl Packet {
    /// What answers this packet.
    pub(crate) fn reply(self) -> Self {
        Self {
            source: self.destination,
            destination: self.source,
            source_port: self.port,
            port: self.source_port,
            icmp: self.icmp.map(|_| 0),
            ..self
        }
    }
}

impl fmt::Display for Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { source, destination, source_port, port, .. } = self;
        match self.icmp {
            Some(8) => write!(f, "ping {source} > {destination}"),
            Some(_) => write!(f, "pong {source} > {destination}"),
            None => {
                let word = if self.protocol == Protocol::Udp { "udp" } else { "tcp" };
                write!(f, "{word} {source}:{source_port} > {destination}:{port}")
            }
        }
    }
}
