//! Endpoints: what their doors answer. A gateway endpoint is met by its route, an interface endpoint by its address.

use crate::packet::Packet;
use crate::trace::*;
use crate::walk::Walk;
use postern_model::NetworkInterface;
use postern_names::{Protocol, Stop, VpcEndpointId};

const HTTP: u16 = 80;
const HTTPS: u16 = 443;

pub(crate) fn serve_gateway(walk: &mut Walk<'_, '_>, id: VpcEndpointId, packet: Packet) {
    let is_served = packet.protocol == Protocol::Tcp && [HTTP, HTTPS].contains(&packet.port);
    let place = Place::Endpoint { id: Some(id), interface: None };
    walk.meet(Stop::Endpoint, place, packet, (!is_served).then_some(Cause::NotServed));
}

pub(crate) fn serve_interface(
    walk: &mut Walk<'_, '_>,
    eni: &NetworkInterface,
    packet: Packet,
) -> Option<VpcEndpointId> {
    let endpoint = walk.ground.endpoint_of(eni.id)?;
    let has_http = endpoint.interface_service().is_some_and(|service| service.serves_http);
    let is_served = packet.protocol == Protocol::Tcp && (packet.port == HTTPS || has_http && packet.port == HTTP);
    let place = Place::Endpoint { id: Some(endpoint.id), interface: Some(eni.id) };
    walk.meet(Stop::Endpoint, place, packet, (!is_served).then_some(Cause::NotServed));
    Some(endpoint.id)
}

pub(crate) fn tell(step: &Step) -> String {
    let Place::Endpoint { id: Some(id), interface } = step.place else { return String::new() };
    let by = interface.map(|interface| format!(" by {interface}")).unwrap_or_default();
    match step.cause {
        None => format!("{id} takes it{by}"),
        Some(Cause::AnotherWay) => format!("the packet does not come to {id}: it takes another way"),
        Some(Cause::AnswerAstray) => format!("the answer is led to {id}, which did not ask"),
        Some(_) => format!(
            "{id} answers on TCP 443, and 80 where its service does: not {}",
            crate::security_group::what(&step.packet)
        ),
    }
}

pub(crate) fn code(cause: Cause) -> &'static str {
    match cause {
        Cause::NotServed => "VPCE_GATEWAY_PROTOCOL_RESTRICTION",
        Cause::AnswerAstray => "VPCE_GATEWAY_EGRESS_SOURCE_ADDRESS_RESTRICTION",
        _ => "NO_ROUTE_TO_DESTINATION",
    }
}
