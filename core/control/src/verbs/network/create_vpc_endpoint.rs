//! CreateVpcEndpoint.

use super::{endpoint_policy, endpoint_route_tables, interface_endpoint};
use crate::{Context, Draft, Request, find, quota, refuse, tags, view};
use postern_call::Refusal;
use postern_model::*;
use postern_names::*;
use serde_json::{Value, json};

/// An interface endpoint is in force when the call returns, so it is stored as available at once, while the reply says
/// `pending` as AWS's does.
pub fn create_vpc_endpoint(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let vpc_id: VpcId = request.id("VpcId")?;
    let kind = endpoint_type(request)?;
    let tags = tags::specified(request, "vpc-endpoint", &[])?;
    let vpc = find::<Vpc>(draft, context, vpc_id)?.clone();
    let service_name = service_name(request, kind)?;
    check_service(context, service_name, kind)?;
    let given_policy = request.text("PolicyDocument").filter(|text| !text.is_empty());
    let mut endpoint = VpcEndpoint {
        id: VpcEndpointId::from_bits(context.outside.bits()),
        vpc: vpc.id,
        owner: context.account,
        region: context.region.clone(),
        service_name: service_name.to_owned(),
        kind: EndpointKind::Gateway { route_tables: vec![] },
        state: EndpointState::Available,
        policy: String::new(),
        ip_address_type: "ipv4".to_owned(),
        dns_record_ip_type: String::new(),
        created: context.now,
        client_token: request.text("ClientToken").map(str::to_owned),
        tags,
    };
    let default_dns = if kind == "Interface" {
        if let Some(wanted) = interface_endpoint::address_type(request)? {
            endpoint.ip_address_type = wanted.to_owned();
        }
        let named = interface_endpoint::dns_record_type(request, &endpoint.ip_address_type)?;
        endpoint.dns_record_ip_type = named.unwrap_or_else(|| endpoint.ip_address_type.clone());
        endpoint.kind = EndpointKind::Interface(interface_endpoint::create(draft, context, request, &vpc, &endpoint)?);
        endpoint.dns_record_ip_type.clone()
    } else {
        endpoint.kind = gateway(draft, context, request, &endpoint)?;
        "service-defined".to_owned()
    };
    endpoint.policy = endpoint_policy::check(&endpoint.kind, given_policy)?;
    let dns = request.part("DnsOptions");
    endpoint.dns_record_ip_type = dns.and_then(|o| o.text("DnsRecordIpType").map(str::to_owned)).unwrap_or(default_dns);
    draft.put(endpoint.clone());
    let mut reply = json!({ "VpcEndpoint": view::endpoint::new(draft, &endpoint) });
    if let Some(token) = &endpoint.client_token {
        reply["ClientToken"] = json!(token);
    }
    Ok(reply)
}

fn gateway(
    draft: &Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
    endpoint: &VpcEndpoint,
) -> Result<EndpointKind, Refusal> {
    let route_tables: Vec<RouteTableId> = request.ids("RouteTableIds")?;
    check_gateway_parameters(context, request)?;
    endpoint_route_tables::check(draft, context, endpoint.vpc, &endpoint.service_name, &route_tables)?;
    check_count(draft, context)?;
    Ok(EndpointKind::Gateway { route_tables: endpoint_route_tables::distinct(route_tables) })
}

fn check_count(world: &World, context: &Context<'_>) -> Result<(), Refusal> {
    let is_gateway = |e: &&VpcEndpoint| {
        matches!(e.kind, EndpointKind::Gateway { .. }) && e.owner == context.account && e.region == *context.region
    };
    let gateways = world.endpoints.values().filter(is_gateway);
    quota::check(context.quotas.gateway_endpoints, gateways, || {
        quota::reached("VpcEndpointLimitExceeded", "VPC endpoints")
    })
}

/// `Gateway` when absent.
fn endpoint_type<'a>(request: &Request<'a>) -> Result<&'a str, Refusal> {
    match request.text("VpcEndpointType") {
        None => Ok("Gateway"),
        Some(kind @ ("Gateway" | "Interface" | "GatewayLoadBalancer" | "Resource" | "ServiceNetwork" | "Tunnel")) => {
            Ok(kind)
        }
        Some(other) => Err(Refusal::new(
            "InvalidVpcEndpointType",
            format!(
                "The Vpc Endpoint type '{other}' is not one of Gateway, Interface, GatewayLoadBalancer, Resource, \
                     ServiceNetwork, Tunnel"
            ),
        )),
    }
}

fn service_name<'a>(request: &Request<'a>, kind: &str) -> Result<&'a str, Refusal> {
    match kind {
        "Resource" | "ServiceNetwork" | "Tunnel" => Err(refuse::not_served(&format!("An endpoint of type {kind}"))),
        _ => request.required_text("ServiceName"),
    }
}

/// The service exists in the region and has endpoints of this type.
fn check_service(context: &Context<'_>, name: &str, kind: &str) -> Result<(), Refusal> {
    let region = context.region;
    let prefix = format!("com.amazonaws.{region}.");
    let short = name.strip_prefix(prefix.as_str()).unwrap_or_default();
    let is_gateway = GATEWAY_SERVICES.iter().any(|s| s.name == short);
    let is_interface = interface_services(region).any(|s| s.service_name(region) == name);
    let is_global = interface_services(region).any(|s| s.name == short && s.scope == Scope::Global);
    if !is_gateway && !is_interface && (is_global || public_service(region, short).is_none()) {
        return Err(unknown_service(name));
    }
    match kind {
        "Gateway" if is_gateway => Ok(()),
        "Interface" if is_interface => Ok(()),
        "Interface" => Err(refuse::not_served(&format!("An endpoint of type Interface for {name}"))),
        _ => {
            let available = if is_gateway { "[Gateway, Interface]" } else { "[Interface]" };
            let message = format!("Endpoint type ({kind}) does not match available service types ({available}).");
            Err(Refusal::new("InvalidParameter", message))
        }
    }
}

pub fn unknown_service(name: &str) -> Refusal {
    Refusal::new("InvalidServiceName", format!("The Vpc Endpoint Service '{name}' does not exist"))
}

fn check_gateway_parameters(context: &Context<'_>, request: &Request<'_>) -> Result<(), Refusal> {
    refuse_lists(request, &["SubnetIds", "SecurityGroupIds", "SubnetConfigurations"], "Gateway")?;
    if request.flag("PrivateDnsEnabled") == Some(true) {
        return Err(not_for("PrivateDnsEnabled", "Gateway"));
    }
    refuse_arns(request, "Gateway")?;
    if request.text("ServiceRegion").is_some_and(|r| r != context.region.as_str()) {
        return Err(Refusal::new(
            "InvalidParameter",
            "Endpoint type (Gateway) does not match available service types ([Interface]).",
        ));
    }
    check_address_types(request)
}

/// Lists that endpoints of this type do not have must be absent or empty.
pub fn refuse_lists(request: &Request<'_>, members: &[&str], kind: &str) -> Result<(), Refusal> {
    let is_given = |m: &&&str| !request.get(m).and_then(Value::as_array).is_none_or(Vec::is_empty);
    members.iter().find(is_given).map_or(Ok(()), |member| Err(not_for(member, kind)))
}

pub fn refuse_arns(request: &Request<'_>, kind: &str) -> Result<(), Refusal> {
    let members = ["ResourceConfigurationArn", "ServiceNetworkArn"];
    members.into_iter().find(|member| request.get(member).is_some()).map_or(Ok(()), |m| Err(not_for(m, kind)))
}

pub fn not_for(member: &str, kind: &str) -> Refusal {
    Refusal::new("InvalidParameter", format!("The parameter {member} is not supported for {kind} endpoints."))
}

/// Gateway endpoints are of IPv4; also for ModifyVpcEndpoint.
pub fn check_address_types(request: &Request<'_>) -> Result<(), Refusal> {
    match request.text("IpAddressType") {
        None | Some("ipv4") => {}
        Some("ipv6" | "dualstack") => return Err(refuse::not_served("A gateway endpoint for IPv6")),
        Some(other) => return Err(refuse::invalid_value("ipAddressType", other, "Unknown address type.")),
    }
    let dns = request.part("DnsOptions");
    match dns.as_ref().and_then(|o| o.text("DnsRecordIpType")) {
        None | Some("ipv4" | "service-defined") => Ok(()),
        Some("ipv6" | "dualstack") => Err(refuse::not_served("A gateway endpoint for IPv6")),
        Some(other) => Err(refuse::invalid_value("dnsRecordIpType", other, "Unknown address type.")),
    }
}
