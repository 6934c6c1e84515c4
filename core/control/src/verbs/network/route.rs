//! CreateRoute, ReplaceRoute, DeleteRoute.

use super::route_target;
use crate::{Context, Draft, Request, find, quota, refuse};
use postern_call::Refusal;
use postern_model::{Route, RouteDestination, RouteTable, RouteTarget, World};
use postern_names::{Cidr, PrefixListId};
use serde_json::{Value, json};

pub fn create_route(draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let mut table = find::<RouteTable>(draft, context, request.id("RouteTableId")?)?.clone();
    let destination = destination(draft, context, request)?;
    let target = target(draft, context, request, &table, destination)?;
    if is_local(draft, &table, destination)
        || is_endpoints(draft, &table, destination)
        || table.routes.iter().any(|r| r.destination == destination)
    {
        let message = format!("The route identified by {} already exists.", text(destination));
        return Err(Refusal::new("RouteAlreadyExists", message));
    }
    check_inside_vpc(draft, &table, destination, target)?;
    let refusal = || quota::reached("RouteLimitExceeded", "routes");
    quota::check(context.quotas.routes_per_table, table.routes.iter(), refusal)?;
    table.routes.push(Route { destination, target });
    draft.put(table);
    Ok(json!({ "Return": true }))
}

pub fn replace_route(draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let mut table = find::<RouteTable>(draft, context, request.id("RouteTableId")?)?.clone();
    let destination = destination(draft, context, request)?;
    if is_endpoints(draft, &table, destination) {
        return Err(endpoint_target());
    }
    if is_local(draft, &table, destination) {
        return match request.flag("LocalTarget") {
            Some(true) => Ok(json!({})),
            _ => Err(refuse::not_served("Replacing the target of a local route")),
        };
    }
    if request.flag("LocalTarget") == Some(true) {
        let message = format!("The route {} is not a local route of the VPC.", text(destination));
        return Err(Refusal::new("InvalidParameterValue", message));
    }
    let target = target(draft, context, request, &table, destination)?;
    let Some(place) = table.routes.iter().position(|r| r.destination == destination) else {
        let message = format!(
            "There is no route defined for '{}' in the route table. Use CreateRoute instead.",
            text(destination)
        );
        return Err(Refusal::new("InvalidParameterValue", message));
    };
    check_inside_vpc(draft, &table, destination, target)?;
    if let Some(route) = table.routes.get_mut(place) {
        route.target = target;
    }
    draft.put(table);
    Ok(json!({}))
}

pub fn delete_route(draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let mut table = find::<RouteTable>(draft, context, request.id("RouteTableId")?)?.clone();
    let destination = destination(draft, context, request)?;
    if is_local(draft, &table, destination) {
        let message = format!("cannot remove local route {} in route table {}", text(destination), table.id);
        return Err(Refusal::new("InvalidParameterValue", message));
    }
    if is_endpoints(draft, &table, destination) {
        let message = format!("cannot remove VPC endpoint route {} in route table {}", text(destination), table.id);
        return Err(Refusal::new("InvalidParameterValue", message)
            .hint("take the route table off the endpoint with ModifyVpcEndpoint"));
    }
    let before = table.routes.len();
    table.routes.retain(|r| r.destination != destination);
    if table.routes.len() == before {
        let kind = match destination {
            RouteDestination::Cidr(Cidr::V4(_)) => "destination-cidr-block",
            RouteDestination::Cidr(Cidr::V6(_)) => "destination-ipv6-cidr-block",
            RouteDestination::PrefixList(_) => "destination-prefix-list-id",
        };
        let message = format!("no route with {kind} {} in route table {}", text(destination), table.id);
        return Err(Refusal::new("InvalidRoute.NotFound", message));
    }
    draft.put(table);
    Ok(json!({}))
}

fn text(destination: RouteDestination) -> String {
    match destination {
        RouteDestination::Cidr(cidr) => cidr.to_string(),
        RouteDestination::PrefixList(id) => id.to_string(),
    }
}

/// Exactly one of the three destination members; a range in canonical form.
fn destination(world: &World, context: &Context<'_>, request: &Request<'_>) -> Result<RouteDestination, Refusal> {
    let members = ["DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId"];
    let given: Vec<&str> = members.into_iter().filter(|m| request.get(m).is_some()).collect();
    match given.as_slice() {
        ["DestinationCidrBlock"] => {
            let text = request.required_text("DestinationCidrBlock")?;
            let range = text.parse().map(|range| RouteDestination::Cidr(Cidr::V4(range)));
            range.map_err(|_| refuse::invalid_cidr("destinationCidrBlock", text))
        }
        ["DestinationPrefixListId"] => {
            let id: PrefixListId = request.id("DestinationPrefixListId")?;
            let list = world.prefix_list(context.region, id);
            list.filter(|l| l.owner.is_none_or(|owner| owner == context.account) && l.region == *context.region)
                .map(|l| RouteDestination::PrefixList(l.id))
                .ok_or_else(|| refuse::not_found(PrefixListId::PREFIX, id))
        }
        ["DestinationIpv6CidrBlock"] => {
            let text = request.required_text("DestinationIpv6CidrBlock")?;
            let range = text.parse().map(|range| RouteDestination::Cidr(Cidr::V6(range)));
            range.map_err(|_| refuse::invalid_cidr("destinationIpv6CidrBlock", text))
        }
        [] => {
            Err(refuse::missing_parameter("destinationCidrBlock, destinationIpv6CidrBlock or destinationPrefixListId"))
        }
        _ => Err(refuse::invalid_combination(
            "The request must contain exactly one of destinationCidrBlock, destinationIpv6CidrBlock or \
             destinationPrefixListId.",
        )),
    }
}

fn target(
    world: &World,
    context: &Context<'_>,
    request: &Request<'_>,
    table: &RouteTable,
    destination: RouteDestination,
) -> Result<RouteTarget, Refusal> {
    let is_endpoint =
        request.get("VpcEndpointId").is_some() || request.text("GatewayId").is_some_and(|id| id.starts_with("vpce-"));
    if is_endpoint && matches!(destination, RouteDestination::PrefixList(_)) {
        return Err(endpoint_target());
    }
    let target = route_target::read(world, context, request, table)?;
    if matches!(destination, RouteDestination::Cidr(Cidr::V6(_))) {
        check_takes_ipv6(world, target)?;
    }
    Ok(target)
}

/// What carries IPv6 here: internet gateways, and interfaces that have an address of it.
fn check_takes_ipv6(world: &World, target: RouteTarget) -> Result<(), Refusal> {
    let what = match target {
        RouteTarget::NatGateway(_) => "An IPv6 route to a NAT gateway (NAT64)",
        RouteTarget::Peering(_) => "An IPv6 route to a peering connection",
        RouteTarget::NetworkInterface(id)
            if world.network_interfaces.get(&id).is_some_and(|eni| eni.ipv6_addresses.is_empty()) =>
        {
            "An IPv6 route to an interface without an IPv6 address"
        }
        _ => return Ok(()),
    };
    Err(refuse::not_served(what))
}

fn endpoint_target() -> Refusal {
    Refusal::new("InvalidParameterValue", "Cannot create or replace a prefix list route targeting a VPC Endpoint.")
}

fn vpc_cidrs(world: &World, table: &RouteTable) -> Vec<Cidr> {
    world.vpcs.get(&table.vpc).map(|vpc| vpc.ranges().collect()).unwrap_or_default()
}

fn is_local(world: &World, table: &RouteTable, destination: RouteDestination) -> bool {
    vpc_cidrs(world, table).into_iter().any(|c| destination == RouteDestination::Cidr(c))
}

/// Whether the route is one that a gateway endpoint put there.
fn is_endpoints(world: &World, table: &RouteTable, destination: RouteDestination) -> bool {
    world.endpoint_routes(table.id).iter().any(|r| destination == RouteDestination::PrefixList(r.prefix_list))
}

/// A route inside the VPC's own ranges must be for exactly one subnet and lead to an appliance; one for the metadata
/// addresses is never taken.
fn check_inside_vpc(
    world: &World,
    table: &RouteTable,
    destination: RouteDestination,
    target: RouteTarget,
) -> Result<(), Refusal> {
    let RouteDestination::Cidr(cidr) = destination else { return Ok(()) };
    let reserved = Cidr::new(std::net::Ipv4Addr::new(169, 254, 168, 0), 22);
    if reserved.is_some_and(|r| r.covers(cidr)) {
        return Err(refuse::invalid_value(
            "destinationCidrBlock",
            cidr,
            "The destination is reserved for use by AWS services.",
        ));
    }
    if !vpc_cidrs(world, table).into_iter().any(|c| c.covers(cidr)) {
        return Ok(());
    }
    if !matches!(target, RouteTarget::NetworkInterface(_) | RouteTarget::NatGateway(_)) {
        return Err(Refusal::new(
            "InvalidParameterValue",
            format!(
                "The destination CIDR block {cidr} is equal to or more specific than one of this VPC's CIDR blocks. \
                 This route can target only an interface or an instance."
            ),
        ));
    }
    if !world.subnets.values().any(|s| s.vpc == table.vpc && s.range(cidr.family()) == Some(cidr)) {
        return Err(Refusal::new(
            "InvalidParameterValue",
            format!("The destination CIDR block {cidr} does not match the CIDR block of a subnet in the VPC."),
        ));
    }
    Ok(())
}
