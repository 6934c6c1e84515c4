//! Where a route may lead: the target members of CreateRoute and ReplaceRoute.

use super::peering::find_peering;
use crate::request::parse_id;
use crate::verbs::is_visible;
use crate::{Context, Request, find, refuse};
use postern_call::Refusal;
use postern_model::*;
use postern_names::*;

const MEMBERS: &[&str] = &[
    "GatewayId",
    "NatGatewayId",
    "NetworkInterfaceId",
    "InstanceId",
    "VpcPeeringConnectionId",
    "TransitGatewayId",
    "EgressOnlyInternetGatewayId",
    "VpcEndpointId",
    "LocalGatewayId",
    "CarrierGatewayId",
    "CoreNetworkArn",
    "OdbNetworkArn",
];

/// The one target of the request. Kinds that cannot exist here are answered as AWS answers an id it does not know.
pub fn read(
    world: &World,
    context: &Context<'_>,
    request: &Request<'_>,
    table: &RouteTable,
) -> Result<RouteTarget, Refusal> {
    let given: Vec<&str> = MEMBERS.iter().copied().filter(|m| request.get(m).is_some()).collect();
    let [member] = given.as_slice() else {
        let message = "The request must contain exactly one of gatewayId, natGatewayId, networkInterfaceId, \
                       vpcPeeringConnectionId, vpcEndpointId, egressOnlyInternetGatewayId, transitGatewayId, \
                       localGatewayId, carrierGatewayId, coreNetworkArn or instanceId";
        let code = if given.is_empty() { "MissingParameter" } else { "InvalidParameterCombination" };
        return Err(Refusal::new(code, message));
    };
    let id = request.required_text(member)?;
    match *member {
        "GatewayId" => gateway(world, context, table, id),
        "NatGatewayId" => nat_gateway(world, context, table, id),
        "NetworkInterfaceId" => network_interface(world, context, table, parse_id(id)?),
        "InstanceId" => instance(world, context, table, parse_id(id)?),
        "VpcEndpointId" => endpoint(world, context, parse_id(id)?),
        "VpcPeeringConnectionId" => peering(world, context, table, parse_id(id)?),
        "TransitGatewayId" => Err(absent("InvalidTransitGatewayID.NotFound", "The transitGateway ID", id)),
        "EgressOnlyInternetGatewayId" => Err(absent("InvalidGatewayID.NotFound", "The gateway ID", id)),
        "LocalGatewayId" => Err(absent("InvalidLocalGatewayID.NotFound", "The localGateway ID", id)),
        "CarrierGatewayId" => Err(absent("InvalidCarrierGatewayID.NotFound", "The carrierGateway ID", id)),
        "CoreNetworkArn" => Err(absent("InvalidCoreNetworkArn.NotFound", "The coreNetwork ARN", id)),
        _ => Err(absent("InvalidOdbNetworkArn.NotFound", "The odbNetwork ARN", id)),
    }
}

fn absent(code: &str, words: &str, id: &str) -> Refusal {
    Refusal::new(code, format!("{words} '{id}' does not exist"))
}

fn other_network(table: &RouteTable, what: &str, id: impl std::fmt::Display) -> Refusal {
    let message = format!("route table {} and {what} {id} belong to different networks", table.id);
    Refusal::new("InvalidParameterValue", message)
}

fn gateway(world: &World, context: &Context<'_>, table: &RouteTable, id: &str) -> Result<RouteTarget, Refusal> {
    if id.starts_with("vpce-") {
        return endpoint(world, context, parse_id(id)?);
    }
    // AWS takes a NAT gateway here too.
    if id.starts_with("nat-") && id.parse().is_ok_and(|id: NatGatewayId| world.nat_gateways.contains_key(&id)) {
        return nat_gateway(world, context, table, id);
    }
    if id == "local" {
        return Err(refuse::invalid_value(
            "gatewayId",
            id,
            "The target local is set with LocalTarget in ReplaceRoute.",
        ));
    }
    let gateway = id
        .parse()
        .ok()
        .and_then(|id: InternetGatewayId| world.internet_gateways.get(&id))
        .filter(|g| is_visible(context, g.owner, &g.region))
        .ok_or_else(|| absent("InvalidGatewayID.NotFound", "The gateway ID", id))?;
    if gateway.vpc != Some(table.vpc) {
        return Err(other_network(table, "network gateway", gateway.id));
    }
    Ok(RouteTarget::InternetGateway(gateway.id))
}

fn nat_gateway(world: &World, context: &Context<'_>, table: &RouteTable, id: &str) -> Result<RouteTarget, Refusal> {
    let is_usable = |n: &&NatGateway| {
        is_visible(context, n.owner, &n.region)
            && matches!(n.state, NatGatewayState::Pending | NatGatewayState::Available)
    };
    let nat = id
        .parse()
        .ok()
        .and_then(|id: NatGatewayId| world.nat_gateways.get(&id))
        .filter(is_usable)
        .ok_or_else(|| absent("InvalidNatGatewayID.NotFound", "The natGateway ID", id))?;
    if nat.vpc != table.vpc {
        return Err(other_network(table, "network gateway", nat.id));
    }
    Ok(RouteTarget::NatGateway(nat.id))
}

fn network_interface(
    world: &World,
    context: &Context<'_>,
    table: &RouteTable,
    id: NetworkInterfaceId,
) -> Result<RouteTarget, Refusal> {
    let eni = world
        .network_interfaces
        .get(&id)
        .filter(|eni| is_visible(context, eni.owner, &eni.region))
        .ok_or_else(|| refuse::not_found(NetworkInterfaceId::PREFIX, id))?;
    if eni.vpc != table.vpc {
        return Err(other_network(table, "interface", id));
    }
    Ok(RouteTarget::NetworkInterface(id))
}

/// A request is a target too, and a black hole until it is accepted. What has ended is none.
fn peering(
    world: &World,
    context: &Context<'_>,
    table: &RouteTable,
    id: VpcPeeringConnectionId,
) -> Result<RouteTarget, Refusal> {
    let peering = find_peering(world, context, id)?;
    if !matches!(peering.state, PeeringState::Active | PeeringState::PendingAcceptance) {
        return Err(refuse::not_found(VpcPeeringConnectionId::PREFIX, id));
    }
    if peering.side(table.vpc).is_none() {
        return Err(other_network(table, "vpc peering connection", id));
    }
    Ok(RouteTarget::Peering(id))
}

/// An instance stands for its one interface.
fn instance(world: &World, context: &Context<'_>, table: &RouteTable, id: InstanceId) -> Result<RouteTarget, Refusal> {
    find::<Instance>(world, context, id)?;
    match world.interfaces_of_instance(id).as_slice() {
        [eni] => network_interface(world, context, table, eni.id),
        [] => Err(Refusal::new("InvalidInstanceID", format!("There are no interfaces attached to instance '{id}'."))),
        _ => Err(Refusal::new(
            "InvalidInstanceID",
            format!(
                "There are multiple interfaces attached to instance '{id}'. Please specify an interface ID for the \
                 operation instead."
            ),
        )),
    }
}

/// Only Gateway Load Balancer endpoints can be a user's target, and none exist here.
fn endpoint(world: &World, context: &Context<'_>, id: VpcEndpointId) -> Result<RouteTarget, Refusal> {
    let endpoint = find::<VpcEndpoint>(world, context, id)?;
    Err(Refusal::new(
        "RouteNotSupported",
        format!(
            "Route table contains unsupported route target: {}. VPC Endpoints of this type cannot be used as route \
             targets.",
            endpoint.id
        ),
    ))
}
