//! What can be asked: from where, to where, by which protocol.

use crate::packet::{CLIENT_PORT, ECHO_REQUEST, ECHO_REQUEST_V6, Packet};
use postern_names::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

/// An address of nobody in particular on the internet (RFC 5737).
const SOMEWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 1));

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    pub from: Source,
    pub to: Target,
    pub what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    Instance(InstanceId),
    Interface(NetworkInterfaceId),
    /// An interface of the subnet: the first that is up.
    Subnet(SubnetId),
    /// Somebody outside, with this address.
    Internet(IpAddr),
    /// The machine's own shell.
    Host,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    Name(String),
    Instance(InstanceId),
    Interface(NetworkInterfaceId),
    Endpoint(VpcEndpointId),
    Address(IpAddr),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    Tcp(u16),
    Udp(u16),
    Ping,
}

/// What listens on instances, for those that are known.
pub type Listening = BTreeMap<InstanceId, BTreeSet<What>>;

/// The words are no question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MalformedQuestion(pub String);

impl What {
    pub(crate) fn packet(self, source: IpAddr, destination: IpAddr) -> Packet {
        let (protocol, port, icmp) = match self {
            What::Tcp(port) => (Protocol::Tcp, port, None),
            What::Udp(port) => (Protocol::Udp, port, None),
            What::Ping if destination.is_ipv6() => (Protocol::Icmpv6, 0, Some(ECHO_REQUEST_V6)),
            What::Ping => (Protocol::Icmp, 0, Some(ECHO_REQUEST)),
        };
        let source_port = if icmp.is_some() { 0 } else { CLIENT_PORT };
        Packet { source, destination, protocol, source_port, port, icmp }
    }
}

impl Source {
    /// `i-...`, `eni-...`, `subnet-...`, `internet`, `internet:198.51.100.7`, `host`.
    pub fn parse(text: &str) -> Result<Self, MalformedQuestion> {
        let kind = text.split('-').next().unwrap_or_default();
        let found = match (text, kind) {
            ("host", _) => Some(Self::Host),
            ("internet", _) => Some(Self::Internet(SOMEWHERE)),
            (_, "i") => text.parse().ok().map(Self::Instance),
            (_, "eni") => text.parse().ok().map(Self::Interface),
            (_, "subnet") => text.parse().ok().map(Self::Subnet),
            _ => text.strip_prefix("internet:").and_then(|a| a.parse().ok()).map(Self::Internet),
        };
        found.ok_or_else(|| {
            MalformedQuestion(format!(
                "`{text}` is none of an instance, interface or subnet id, `internet`, `internet:ADDRESS`, `host`"
            ))
        })
    }
}

impl Target {
    /// `s3.us-east-1.amazonaws.com`, `10.0.1.5`, `2600:1f18::5`, `[2600:1f18::5]`, `i-...`, `eni-...`, `vpce-...`; each with `:PORT` behind it or without.
    pub fn parse(text: &str) -> Result<(Self, Option<u16>), MalformedQuestion> {
        let (text, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((address, "")) => (address, None),
            Some((address, port)) => match port.strip_prefix(':').and_then(|port| port.parse().ok()) {
                Some(port) => (address, Some(port)),
                None => return Err(MalformedQuestion(format!("`{port}` is no port"))),
            },
            None if text.parse::<IpAddr>().is_ok() => (text, None),
            None => host_and_port(text)?,
        };
        let plain = if let Ok(address) = text.parse() {
            Some(Self::Address(address))
        } else if text.contains('.') {
            Some(Self::Name(text.trim_end_matches('.').to_ascii_lowercase()))
        } else {
            match text.split('-').next().unwrap_or_default() {
                "i" => text.parse().ok().map(Self::Instance),
                "eni" => text.parse().ok().map(Self::Interface),
                "vpce" => text.parse().ok().map(Self::Endpoint),
                _ => None,
            }
        };
        let what = format!("`{text}` is none of a host name, an address, an instance, interface or endpoint id");
        plain.map(|target| (target, port)).ok_or(MalformedQuestion(what))
    }
}

fn host_and_port(text: &str) -> Result<(&str, Option<u16>), MalformedQuestion> {
    let Some((front, port)) = text.split_once(':') else { return Ok((text, None)) };
    port.parse().map(|port| (front, Some(port))).map_err(|_| MalformedQuestion(format!("`{port}` is no port")))
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Instance(id) => write!(f, "{id}"),
            Self::Interface(id) => write!(f, "{id}"),
            Self::Subnet(id) => write!(f, "{id}"),
            Self::Internet(address) => write!(f, "internet:{address}"),
            Self::Host => f.write_str("host"),
        }
    }
}
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Instance(id) => write!(f, "{id}"),
            Self::Interface(id) => write!(f, "{id}"),
            Self::Endpoint(id) => write!(f, "{id}"),
            Self::Address(address) => write!(f, "{address}"),
        }
    }
}
impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(port) => write!(f, "tcp:{port}"),
            Self::Udp(port) => write!(f, "udp:{port}"),
            Self::Ping => f.write_str("icmp"),
        }
    }
}
impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} > {} {}", self.from, self.to, self.what)
    }
}
impl fmt::Display for MalformedQuestion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl std::error::Error for MalformedQuestion {}
