//! Kinds of things that cannot exist here yet: their Describe calls answer the truth, an empty list; an id given to them
//! is one that nobody has.

use crate::{Context, Draft, Request, find, page, refuse};
use postern_call::Refusal;
use postern_model::{Subnet, Vpc};
use serde_json::{Value, json};

macro_rules! absent {
    ($($verb:ident: $reply:literal, $ids:literal, $code:literal, $words:literal;)*) => {$(
        pub fn $verb(_: &mut Draft<'_>, _: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
            match request.texts($ids).first() {
                Some(id) => Err(Refusal::new($code, format!(concat!($words, " '{}' does not exist"), id))),
                None => page(request, $reply, Vec::new(), 1, 1000),
            }
        }
    )*};
}

absent! {
    describe_egress_only_internet_gateways: "EgressOnlyInternetGateways", "EgressOnlyInternetGatewayIds",
        "InvalidGatewayID.NotFound", "The gateway ID";
    describe_vpn_gateways: "VpnGateways", "VpnGatewayIds", "InvalidVpnGatewayID.NotFound", "The vpnGateway ID";
    describe_vpn_connections: "VpnConnections", "VpnConnectionIds",
        "InvalidVpnConnectionID.NotFound", "The vpnConnection ID";
    describe_customer_gateways: "CustomerGateways", "CustomerGatewayIds",
        "InvalidCustomerGatewayID.NotFound", "The customerGateway ID";
    describe_transit_gateways: "TransitGateways", "TransitGatewayIds",
        "InvalidTransitGatewayID.NotFound", "The transitGateway ID";
    describe_transit_gateway_vpc_attachments: "TransitGatewayVpcAttachments", "TransitGatewayAttachmentIds",
        "InvalidTransitGatewayAttachmentID.NotFound", "The transitGatewayAttachment ID";
    describe_carrier_gateways: "CarrierGateways", "CarrierGatewayIds",
        "InvalidCarrierGatewayID.NotFound", "The carrierGateway ID";
    describe_local_gateways: "LocalGateways", "LocalGatewayIds",
        "InvalidLocalGatewayID.NotFound", "The localGateway ID";
    describe_flow_logs: "FlowLogs", "FlowLogIds", "InvalidFlowLogId.NotFound", "The flow log ID";
    describe_vpc_endpoint_connections: "VpcEndpointConnections", "",
        "InvalidVpcEndpointId.NotFound", "The Vpc Endpoint Id";
    describe_vpc_endpoint_service_configurations: "ServiceConfigurations", "ServiceIds",
        "InvalidVpcEndpointServiceId.NotFound", "The VpcEndpointService Id";
    describe_vpc_endpoint_connection_notifications: "ConnectionNotificationSet", "",
        "InvalidConnectionNotification", "The connection notification";
}

/// Resource and service network endpoints have associations; gateway endpoints have none.
pub fn describe_vpc_endpoint_associations(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    for id in request.ids("VpcEndpointIds")? {
        find::<postern_model::VpcEndpoint>(draft, context, id)?;
    }
    page(request, "VpcEndpointAssociations", Vec::new(), 1, 100)
}

pub fn get_subnet_cidr_reservations(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    find::<Subnet>(draft, context, request.id("SubnetId")?)?;
    Ok(json!({ "SubnetIpv4CidrReservations": [], "SubnetIpv6CidrReservations": [] }))
}

/// The VPC is looked at first, as AWS does.
pub fn create_egress_only_internet_gateway(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    find::<Vpc>(draft, context, request.id("VpcId")?)?;
    Err(refuse::not_served("An egress-only internet gateway (IPv6)"))
}

pub fn delete_egress_only_internet_gateway(
    _: &mut Draft<'_>,
    _: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let id = request.required_text("EgressOnlyInternetGatewayId")?;
    Err(Refusal::new("InvalidGatewayID.NotFound", format!("The gateway ID '{id}' does not exist")))
}
