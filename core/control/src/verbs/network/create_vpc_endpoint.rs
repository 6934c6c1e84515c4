//! CreateVpcEndpoint.

use super::{endpoint_policy, endpoint_route_tables};
use crate::{Context, Draft, Request, find, refuse, tags, view};
use postern_call::Refusal;
use postern_model::*;
use postern_names::*;
use serde_json::{Value, json};

pub fn create_vpc_endpoint(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let vpc_id: VpcId = request.id("VpcId")?;
    let route_tables: Vec<RouteTableId> = request.ids("RouteTableIds")?;
    let kind = endpoint_type(request)?;
    let tags = tags::specified(request, "vpc-endpoint", &[])?;
    let vpc = find::<Vpc>(draft, context, vpc_id)?.id;
    let service_name = service_name(request, kind)?;
    check_service(context, service_name, kind)?;
    check_gateway_parameters(context, request)?;
    endpoint_route_tables::check(draft, context, vpc, service_name, &route_tables)?;
    let policy = match request.text("PolicyDocument").filter(|text| !text.is_empty()) {
        Some(text) => endpoint_policy::check_gateway(text)?,
        None => endpoint_policy::GATEWAY_DEFAULT.to_owned(),
    };
    let dns_record_ip_type = request.part("DnsOptions").and_then(|o| o.text("DnsRecordIpType").map(str::to_owned));
    let endpoint = VpcEndpoint {
        id: VpcEndpointId::from_bits(context.outside.bits()),
        vpc,
        owner: context.account,
        region: context.region.clone(),
        service_name: service_name.to_owned(),
        kind: EndpointKind::Gateway { route_tables: endpoint_route_tables::distinct(route_tables) },
        state: EndpointState::Available,
        policy,
        ip_address_type: "ipv4".to_owned(),
        dns_record_ip_type: dns_record_ip_type.unwrap_or_else(|| "service-defined".to_owned()),
        created: context.now,
        client_token: request.text("ClientToken").map(str::to_owned),
        tags,
    };
    let mut reply = json!({ "VpcEndpoint": view::endpoint::endpoint(&endpoint) });
    if let Some(token) = &endpoint.client_token {
        reply["ClientToken"] = json!(token);
    }
    draft.put(endpoint);
    Ok(reply)
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
    if !is_gateway && public_service(region, short).is_none() {
        return Err(unknown_service(name));
    }
    match kind {
        "Gateway" if is_gateway => Ok(()),
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
    for member in ["SubnetIds", "SecurityGroupIds", "SubnetConfigurations"] {
        if !request.get(member).and_then(Value::as_array).is_none_or(Vec::is_empty) {
            return Err(not_for_gateways(member));
        }
    }
    if request.flag("PrivateDnsEnabled") == Some(true) {
        return Err(not_for_gateways("PrivateDnsEnabled"));
    }
    for member in ["ResourceConfigurationArn", "ServiceNetworkArn"] {
        if request.get(member).is_some() {
            return Err(not_for_gateways(member));
        }
    }
    if request.text("ServiceRegion").is_some_and(|r| r != context.region.as_str()) {
        return Err(Refusal::new(
            "InvalidParameter",
            "Endpoint type (Gateway) does not match available service types ([Interface]).",
        ));
    }
    check_address_types(request)
}

fn not_for_gateways(member: &str) -> Refusal {
    Refusal::new("InvalidParameter", format!("The parameter {member} is not supported for Gateway endpoints."))
}

/// IPv4 only; also for ModifyVpcEndpoint.
pub fn check_address_types(request: &Request<'_>) -> Result<(), Refusal> {
    match request.text("IpAddressType") {
        None | Some("ipv4") => {}
        Some("ipv6" | "dualstack") => return Err(refuse::not_served("IPv6")),
        Some(other) => return Err(refuse::invalid_value("ipAddressType", other, "Unknown address type.")),
    }
    let dns = request.part("DnsOptions");
    match dns.as_ref().and_then(|o| o.text("DnsRecordIpType")) {
        None | Some("ipv4" | "service-defined") => Ok(()),
        Some("ipv6" | "dualstack") => Err(refuse::not_served("IPv6")),
        Some(other) => Err(refuse::invalid_value("dnsRecordIpType", other, "Unknown address type.")),
    }
}
