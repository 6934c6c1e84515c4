//! A packet of a question.

use postern_names::IpFamily;
use std::fmt;
use std::net::{IpAddr, SocketAddr};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Packet {
    pub source: IpAddr,
    pub destination: IpAddr,
    pub payload: Payload,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Payload {
    /// `opens` is the first segment of a connection.
    Tcp {
        source_port: u16,
        destination_port: u16,
        opens: bool,
    },
    Udp {
        source_port: u16,
        destination_port: u16,
    },
    /// ICMP echo request, or the answer to one.
    Echo {
        id: u16,
        is_reply: bool,
    },
    /// Another protocol by its number.
    Other(u8),
}

impl Packet {
    /// The first segment of a TCP connection from an ephemeral port.
    pub fn tcp(source: impl Into<IpAddr>, destination: impl Into<IpAddr>, port: u16) -> Self {
        let (source, destination) = (source.into(), destination.into());
        Self { source, destination, payload: Payload::Tcp { source_port: 40_000, destination_port: port, opens: true } }
    }
    /// A datagram from an ephemeral port.
    pub fn udp(source: impl Into<IpAddr>, destination: impl Into<IpAddr>, port: u16) -> Self {
        let (source, destination) = (source.into(), destination.into());
        Self { source, destination, payload: Payload::Udp { source_port: 40_000, destination_port: port } }
    }
    /// An echo request.
    pub fn ping(source: impl Into<IpAddr>, destination: impl Into<IpAddr>) -> Self {
        let (source, destination) = (source.into(), destination.into());
        Self { source, destination, payload: Payload::Echo { id: 1, is_reply: false } }
    }

    /// The packet that answers this one.
    pub fn reply(self) -> Self {
        let payload = match self.payload {
            Payload::Tcp { source_port, destination_port, .. } => {
                Payload::Tcp { source_port: destination_port, destination_port: source_port, opens: false }
            }
            Payload::Udp { source_port, destination_port } => {
                Payload::Udp { source_port: destination_port, destination_port: source_port }
            }
            Payload::Echo { id, .. } => Payload::Echo { id, is_reply: true },
            Payload::Other(number) => Payload::Other(number),
        };
        Self { source: self.destination, destination: self.source, payload }
    }

    pub fn family(self) -> IpFamily {
        IpFamily::of(self.destination)
    }
    /// IP protocol number.
    pub fn protocol(self) -> u8 {
        match self.payload {
            Payload::Tcp { .. } => 6,
            Payload::Udp { .. } => 17,
            Payload::Echo { .. } if self.family() == IpFamily::V6 => 58,
            Payload::Echo { .. } => 1,
            Payload::Other(number) => number,
        }
    }
    pub fn source_port(self) -> Option<u16> {
        match self.payload {
            Payload::Tcp { source_port, .. } | Payload::Udp { source_port, .. } => Some(source_port),
            Payload::Echo { .. } | Payload::Other(_) => None,
        }
    }
    pub fn destination_port(self) -> Option<u16> {
        match self.payload {
            Payload::Tcp { destination_port, .. } | Payload::Udp { destination_port, .. } => Some(destination_port),
            Payload::Echo { .. } | Payload::Other(_) => None,
        }
    }
    /// ICMP type and code.
    pub fn icmp(self) -> Option<(u8, u8)> {
        match self.payload {
            Payload::Echo { is_reply, .. } => Some((
                match (self.family(), is_reply) {
                    (IpFamily::V4, false) => 8,
                    (IpFamily::V4, true) => 0,
                    (IpFamily::V6, false) => 128,
                    (IpFamily::V6, true) => 129,
                },
                0,
            )),
            _ => None,
        }
    }
    /// Whether a connection can begin with it.
    pub(super) fn can_open(self) -> bool {
        match self.payload {
            Payload::Tcp { opens, .. } => opens,
            Payload::Echo { is_reply, .. } => !is_reply,
            Payload::Udp { .. } | Payload::Other(_) => true,
        }
    }
}

impl fmt::Display for Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { source, destination, payload } = self;
        match payload {
            Payload::Tcp { source_port, destination_port, .. } => {
                write!(
                    f,
                    "tcp {} > {}",
                    SocketAddr::new(*source, *source_port),
                    SocketAddr::new(*destination, *destination_port)
                )
            }
            Payload::Udp { source_port, destination_port } => {
                write!(
                    f,
                    "udp {} > {}",
                    SocketAddr::new(*source, *source_port),
                    SocketAddr::new(*destination, *destination_port)
                )
            }
            Payload::Echo { is_reply: false, .. } => write!(f, "ping {source} > {destination}"),
            Payload::Echo { is_reply: true, .. } => write!(f, "pong {source} > {destination}"),
            Payload::Other(number) => write!(f, "protocol {number} {source} > {destination}"),
        }
    }
}
