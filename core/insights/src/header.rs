//! A packet's header as a component sees it.

use crate::ports::Open;
use postern_explain::{Packet, Way};
use postern_names::PortRange;
use serde_json::{Value, json};

/// An `AnalysisPacketHeader`.
pub(crate) fn header(packet: &Packet, way: Way, open: &Open) -> Value {
    let (from, to) = match way {
        Way::Outward => (open.source, open.destination),
        Way::Back => (open.destination, open.source),
    };
    json!({
        "DestinationAddresses": [format!("{}/32", packet.destination)],
        "DestinationPortRanges": [range(to)],
        "Protocol": packet.protocol.to_string(),
        "SourceAddresses": [format!("{}/32", packet.source)],
        "SourcePortRanges": [range(from)],
    })
}

pub(crate) fn range(ports: PortRange) -> Value {
    json!({ "From": ports.first, "To": ports.last })
}
