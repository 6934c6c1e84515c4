//! Private DNS: an endpoint takes the service's public names over inside its VPC.

use crate::{Draft, Request};
use postern_call::Refusal;
use postern_model::*;

/// For a new endpoint. Absent means yes, as AWS was seen to do; not for a service with gateway endpoints, whose interface
/// endpoints AWS makes without.
pub fn enable(
    draft: &Draft<'_>,
    request: &Request<'_>,
    vpc: &Vpc,
    endpoint: &VpcEndpoint,
    own: &mut InterfaceEndpoint,
) -> Result<(), Refusal> {
    let names = names(endpoint);
    let default = !names.is_empty() && !has_gateway_type(endpoint);
    own.private_dns = request.flag("PrivateDnsEnabled").unwrap_or(default);
    check_names(draft, vpc, endpoint, own)?;
    inbound_only(draft, request, endpoint, own, true)
}

/// For one that is there: what is not named stays.
pub fn change(
    draft: &Draft<'_>,
    request: &Request<'_>,
    vpc: &Vpc,
    endpoint: &VpcEndpoint,
    own: &mut InterfaceEndpoint,
) -> Result<(), Refusal> {
    let before = own.private_dns;
    own.private_dns = request.flag("PrivateDnsEnabled").unwrap_or(before);
    if own.private_dns && !before {
        check_names(draft, vpc, endpoint, own)?;
    }
    let default = if before { own.private_dns_for_inbound_only } else { true };
    inbound_only(draft, request, endpoint, own, default)
}

/// The service has private names, the VPC answers for them, and neither another endpoint of it nor a hosted zone of that name
/// does already.
fn check_names(draft: &Draft<'_>, vpc: &Vpc, endpoint: &VpcEndpoint, own: &InterfaceEndpoint) -> Result<(), Refusal> {
    if !own.private_dns {
        return Ok(());
    }
    let refuse = |message: String| Err(Refusal::new("InvalidParameter", message));
    let names = names(endpoint);
    if names.is_empty() {
        let service = &endpoint.service_name;
        return refuse(format!(
            "Private DNS can't be enabled because the service {service} does not provide a private DNS name."
        ));
    }
    if !vpc.enable_dns_support || !vpc.enable_dns_hostnames {
        return refuse(format!(
            "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true for {}",
            vpc.id
        ));
    }
    let others = draft.endpoints.values().filter(|other| other.vpc == vpc.id && other.id != endpoint.id);
    let taken: Vec<String> = others.flat_map(VpcEndpoint::private_names).collect();
    let zones = || draft.hosted_zones.values().filter(|zone| zone.is_associated(vpc.id));
    let is_taken =
        |name: &&String| taken.contains(name) || zones().any(|zone| zone.name == name.trim_start_matches("*."));
    if let Some(name) = names.iter().find(is_taken) {
        return refuse(format!(
            "private-dns-enabled cannot be set because there is already a conflicting DNS domain for {name} in the VPC {}",
            vpc.id
        ));
    }
    Ok(())
}

/// The option of services that have gateway endpoints too: inside the VPC the public names go on leading to the gateway
/// endpoint, which must be there.
fn inbound_only(
    draft: &Draft<'_>,
    request: &Request<'_>,
    endpoint: &VpcEndpoint,
    own: &mut InterfaceEndpoint,
    default: bool,
) -> Result<(), Refusal> {
    let option = request.part("DnsOptions").and_then(|o| o.flag("PrivateDnsOnlyForInboundResolverEndpoint"));
    if !has_gateway_type(endpoint) {
        if option == Some(true) {
            let message = format!(
                "PrivateDnsOnlyForInboundResolverEndpoint is not supported for the service {}.",
                endpoint.service_name
            );
            return Err(Refusal::new("InvalidParameter", message));
        }
        return Ok(());
    }
    own.private_dns_for_inbound_only = own.private_dns && option.unwrap_or(default);
    let is_gateway = |other: &VpcEndpoint| {
        other.vpc == endpoint.vpc && other.interface().is_none() && other.service_name == endpoint.service_name
    };
    if own.private_dns_for_inbound_only && !draft.endpoints.values().any(is_gateway) {
        let message = format!(
            "To set PrivateDnsOnlyForInboundResolverEndpoint to true, the VPC {} must have a Gateway endpoint for the service.",
            endpoint.vpc
        );
        return Err(Refusal::new("InvalidParameter", message));
    }
    Ok(())
}

fn names(endpoint: &VpcEndpoint) -> Vec<String> {
    endpoint.interface_service().map(|service| service.private_names(&endpoint.region)).unwrap_or_default()
}

fn has_gateway_type(endpoint: &VpcEndpoint) -> bool {
    GATEWAY_SERVICES.iter().any(|service| service.name == endpoint.service())
}
