//! ModifyVpcEndpoint: route tables and policy of a gateway endpoint.

use super::{create_vpc_endpoint, endpoint_policy, endpoint_route_tables};
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
    let added: Vec<RouteTableId> = request.ids("AddRouteTableIds")?;
    let removed: Vec<RouteTableId> = request.ids("RemoveRouteTableIds")?;
    check_parameters(request)?;
    change_tables(draft, context, &mut endpoint, added, &removed)?;
    change_policy(request, &mut endpoint)?;
    if let Some(kind) = request.part("DnsOptions").and_then(|o| o.text("DnsRecordIpType").map(str::to_owned)) {
        endpoint.dns_record_ip_type = kind;
    }
    draft.put(endpoint);
    Ok(json!({ "Return": true }))
}

fn check_parameters(request: &Request<'_>) -> Result<(), Refusal> {
    let is_given = |m: &&&str| !request.get(m).and_then(Value::as_array).is_none_or(Vec::is_empty);
    let private_dns = (request.flag("PrivateDnsEnabled") == Some(true)).then_some("PrivateDnsEnabled");
    if let Some(member) = NOT_FOR_GATEWAYS.iter().find(is_given).copied().or(private_dns) {
        let message = format!("The parameter {member} is not supported for Gateway endpoints.");
        return Err(Refusal::new("InvalidParameter", message));
    }
    create_vpc_endpoint::check_address_types(request)
}

/// Removals first, so that a table can leave one endpoint and enter another in two calls of any order.
fn change_tables(
    draft: &Draft<'_>,
    context: &Context<'_>,
    endpoint: &mut VpcEndpoint,
    added: Vec<RouteTableId>,
    removed: &[RouteTableId],
) -> Result<(), Refusal> {
    let had = endpoint.route_tables().to_vec();
    for id in removed {
        if !had.contains(id) {
            find::<RouteTable>(draft, context, *id)?;
            let message = format!("Route table {id} is not associated with the endpoint {}.", endpoint.id);
            return Err(Refusal::new("InvalidParameter", message));
        }
    }
    // A table that the endpoint has already is no conflict with itself.
    let fresh: Vec<RouteTableId> = added.into_iter().filter(|id| !had.contains(id)).collect();
    endpoint_route_tables::check(draft, context, endpoint.vpc, &endpoint.service_name, &fresh)?;
    let EndpointKind::Gateway { route_tables } = &mut endpoint.kind;
    route_tables.retain(|t| !removed.contains(t));
    route_tables.extend(endpoint_route_tables::distinct(fresh));
    Ok(())
}

fn change_policy(request: &Request<'_>, endpoint: &mut VpcEndpoint) -> Result<(), Refusal> {
    let document = request.text("PolicyDocument");
    match (request.flag("ResetPolicy") == Some(true), document) {
        (true, Some(_)) => {
            return Err(refuse::invalid_combination("PolicyDocument and ResetPolicy cannot be used together."));
        }
        (true, None) | (false, Some("")) => endpoint.policy = endpoint_policy::GATEWAY_DEFAULT.to_owned(),
        (false, Some(text)) => endpoint.policy = endpoint_policy::check_gateway(text)?,
        (false, None) => {}
    }
    Ok(())
}
