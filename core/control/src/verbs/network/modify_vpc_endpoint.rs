//! ModifyVpcEndpoint: a gateway endpoint's route tables, an interface endpoint's subnets, groups and private DNS; the policy.

use super::{create_vpc_endpoint, endpoint_policy, endpoint_route_tables, interface_endpoint};
use crate::{Context, Draft, Request, find, refuse};
use postern_call::Refusal;
use postern_model::{EndpointKind, RouteTable, VpcEndpoint};
use postern_names::RouteTableId;
use serde_json::{Value, json};

/// Members that only endpoints with interfaces have.
const NOT_FOR_GATEWAYS: &[&str] =
    &["AddSubnetIds", "RemoveSubnetIds", "AddSecurityGroupIds", "RemoveSecurityGroupIds", "SubnetConfigurations"];

pub fn modify_vpc_endpoint(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let mut endpoint = find::<VpcEndpoint>(draft, context, request.id("VpcEndpointId")?)?.clone();
    match endpoint.kind.clone() {
        EndpointKind::Gateway { route_tables } => {
            check_gateway_parameters(request)?;
            let route_tables = changed_tables(draft, context, request, &endpoint, route_tables)?;
            endpoint.kind = EndpointKind::Gateway { route_tables };
        }
        EndpointKind::Interface(own) => interface_endpoint::modify(draft, context, request, &mut endpoint, own)?,
    }
    change_policy(request, &mut endpoint)?;
    if let Some(kind) = request.part("DnsOptions").and_then(|o| o.text("DnsRecordIpType").map(str::to_owned)) {
        endpoint.dns_record_ip_type = kind;
    }
    draft.put(endpoint);
    Ok(json!({ "Return": true }))
}

fn check_gateway_parameters(request: &Request<'_>) -> Result<(), Refusal> {
    create_vpc_endpoint::refuse_lists(request, NOT_FOR_GATEWAYS, "Gateway")?;
    if request.flag("PrivateDnsEnabled") == Some(true) {
        return Err(create_vpc_endpoint::not_for("PrivateDnsEnabled", "Gateway"));
    }
    create_vpc_endpoint::check_address_types(request)
}

/// Removals first, so that a table can leave one endpoint and enter another in two calls of any order.
fn changed_tables(
    draft: &Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
    endpoint: &VpcEndpoint,
    mut tables: Vec<RouteTableId>,
) -> Result<Vec<RouteTableId>, Refusal> {
    let added: Vec<RouteTableId> = request.ids("AddRouteTableIds")?;
    let removed: Vec<RouteTableId> = request.ids("RemoveRouteTableIds")?;
    for id in &removed {
        if !tables.contains(id) {
            find::<RouteTable>(draft, context, *id)?;
            let message = format!("Route table {id} is not associated with the endpoint {}.", endpoint.id);
            return Err(Refusal::new("InvalidParameter", message));
        }
    }
    // A table that the endpoint has already is no conflict with itself.
    let fresh: Vec<RouteTableId> = added.into_iter().filter(|id| !tables.contains(id)).collect();
    endpoint_route_tables::check(draft, context, endpoint.vpc, &endpoint.service_name, &fresh)?;
    tables.retain(|t| !removed.contains(t));
    tables.extend(endpoint_route_tables::distinct(fresh));
    Ok(tables)
}

fn change_policy(request: &Request<'_>, endpoint: &mut VpcEndpoint) -> Result<(), Refusal> {
    let document = request.text("PolicyDocument");
    let given = match (request.flag("ResetPolicy") == Some(true), document) {
        (true, Some(_)) => {
            return Err(refuse::invalid_combination("PolicyDocument and ResetPolicy cannot be used together."));
        }
        (true, None) | (false, Some("")) => None,
        (false, Some(text)) => Some(text),
        (false, None) => return Ok(()),
    };
    endpoint.policy = endpoint_policy::check(&endpoint.kind, given)?;
    Ok(())
}
