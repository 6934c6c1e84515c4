//! What rules of groups and entries of ACLs say of protocol and port.

use crate::packet::Packet;
use postern_model::IcmpType;
use postern_names::{PortRange, Protocol};

/// Whether a rule for this protocol, these ports and this ICMP type is about the packet.
pub(crate) fn covers(protocol: Protocol, ports: Option<PortRange>, icmp: Option<IcmpType>, packet: &Packet) -> bool {
    match protocol {
        Protocol::All => true,
        other if other != packet.protocol => false,
        Protocol::Tcp | Protocol::Udp => ports.is_none_or(|range| range.contains(packet.port)),
        Protocol::Icmp | Protocol::Icmpv6 => icmp.is_none_or(|wanted| {
            wanted.kind.is_none_or(|kind| Some(kind) == packet.icmp) && wanted.code.is_none_or(|code| code == 0)
        }),
        Protocol::Number(_) => true,
    }
}
