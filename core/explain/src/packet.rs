//! A packet as rules look at it.

use postern_names::Protocol;
use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// The port that a client is taken to speak from: any ephemeral one.
pub const CLIENT_PORT: u16 = 40_000;
pub(crate) const ECHO_REQUEST: u8 = 8;
const ECHO_REPLY: u8 = 0;
pub(crate) const ECHO_REQUEST_V6: u8 = 128;
const ECHO_REPLY_V6: u8 = 129;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet {
    pub source: IpAddr,
    pub destination: IpAddr,
    /// TCP, UDP, ICMP or ICMPv6.
    pub protocol: Protocol,
    /// 0 for ICMP.
    pub source_port: u16,
    /// 0 for ICMP.
    pub port: u16,
    /// ICMP's type: 8 for an echo request, 0 for its answer; ICMPv6's: 128 and 129.
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
            icmp: self.icmp.map(|_| if self.protocol == Protocol::Icmpv6 { ECHO_REPLY_V6 } else { ECHO_REPLY }),
            ..self
        }
    }
}

impl fmt::Display for Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { source, destination, source_port, port, .. } = self;
        match self.icmp {
            Some(ECHO_REQUEST | ECHO_REQUEST_V6) => write!(f, "ping {source} > {destination}"),
            Some(_) => write!(f, "pong {source} > {destination}"),
            None => {
                let word = if self.protocol == Protocol::Udp { "udp" } else { "tcp" };
                let (source, destination) =
                    (SocketAddr::new(*source, *source_port), SocketAddr::new(*destination, *port));
                write!(f, "{word} {source} > {destination}")
            }
        }
    }
}
