//! Interface endpoints: what CreateVpcEndpoint and ModifyVpcEndpoint do for the type.

mod groups;
mod private_dns;
mod subnets;

use super::create_vpc_endpoint::{refuse_arns, refuse_lists};
use crate::{Context, Draft, Request, quota, refuse};
use postern_call::Refusal;
use postern_model::{EndpointKind, InterfaceEndpoint, Vpc, VpcEndpoint};

/// Characters behind the id in an endpoint's DNS names.
const SUFFIX_LENGTH: u32 = 8;

/// Makes the interfaces of a new endpoint; `endpoint` says its id, VPC and service, not yet its kind.
pub fn create(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
    vpc: &Vpc,
    endpoint: &VpcEndpoint,
) -> Result<InterfaceEndpoint, Refusal> {
    refuse_lists(request, &["RouteTableIds"], "Interface")?;
    refuse_arns(request, "Interface")?;
    if request.text("ServiceRegion").is_some_and(|region| region != context.region.as_str()) {
        return Err(refuse::not_served("An endpoint for a service of another Region"));
    }
    let mut own = InterfaceEndpoint {
        suffix: suffix(context.outside.bits()),
        subnets: vec![],
        groups: groups::wanted(draft, context, request, "SecurityGroupIds", vpc)?,
        private_dns: false,
        private_dns_for_inbound_only: false,
    };
    let wanted = subnets::wanted(draft, context, request, "SubnetIds", (vpc, &endpoint.ip_address_type), &own)?;
    private_dns::enable(draft, request, vpc, endpoint, &mut own)?;
    check_count(draft, context, vpc)?;
    subnets::add(draft, context, endpoint, &mut own, wanted)?;
    Ok(own)
}

/// `IpAddressType`. `ipv6` is for subnets that have IPv6 alone, and there are none.
pub fn address_type<'a>(request: &Request<'a>) -> Result<Option<&'a str>, Refusal> {
    match request.text("IpAddressType") {
        None => Ok(None),
        Some(given @ ("ipv4" | "dualstack")) => Ok(Some(given)),
        Some("ipv6") => {
            let message = "The IP address type (ipv6) is not supported by the subnets: they are not IPv6-only.";
            Err(Refusal::new("InvalidParameter", message)
                .hint("take dualstack; subnets with IPv6 alone are not served"))
        }
        Some(other) => Err(refuse::invalid_value("ipAddressType", other, "Unknown address type.")),
    }
}

/// `DnsOptions.DnsRecordIpType`, which must be of the endpoint's own families.
pub fn dns_record_type(request: &Request<'_>, address_type: &str) -> Result<Option<String>, Refusal> {
    let options = request.part("DnsOptions");
    let Some(given) = options.as_ref().and_then(|o| o.text("DnsRecordIpType")) else { return Ok(None) };
    match (address_type, given) {
        (_, "ipv4" | "service-defined") | ("dualstack", "ipv6" | "dualstack") => Ok(Some(given.to_owned())),
        (_, "ipv6" | "dualstack") => {
            let message = format!(
                "The DNS record IP type ({given}) is not compatible with the IP address type ({address_type})."
            );
            Err(Refusal::new("InvalidParameter", message))
        }
        (_, other) => Err(refuse::invalid_value("dnsRecordIpType", other, "Unknown address type.")),
    }
}

/// Everything of ModifyVpcEndpoint but the policy. Removals first, so that a subnet can give way to another of its zone.
pub fn modify(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
    endpoint: &mut VpcEndpoint,
    mut own: InterfaceEndpoint,
) -> Result<(), Refusal> {
    refuse_lists(request, &["AddRouteTableIds", "RemoveRouteTableIds"], "Interface")?;
    if let Some(wanted) = address_type(request)? {
        if endpoint.ip_address_type != wanted {
            endpoint.dns_record_ip_type = wanted.to_owned();
        }
        endpoint.ip_address_type = wanted.to_owned();
    }
    if let Some(named) = dns_record_type(request, &endpoint.ip_address_type)? {
        endpoint.dns_record_ip_type = named;
    }
    let vpc = crate::find::<Vpc>(draft, context, endpoint.vpc)?.clone();
    subnets::remove(draft, request, endpoint, &mut own)?;
    groups::change(draft, context, request, &vpc, endpoint, &mut own)?;
    let wanted = subnets::wanted(draft, context, request, "AddSubnetIds", (&vpc, &endpoint.ip_address_type), &own)?;
    subnets::add(draft, context, endpoint, &mut own, wanted)?;
    subnets::replace(draft, context, request, endpoint, &mut own)?;
    subnets::change_type(draft, context, endpoint, &own)?;
    private_dns::change(draft, request, &vpc, endpoint, &mut own)?;
    endpoint.kind = EndpointKind::Interface(own);
    Ok(())
}

fn check_count(draft: &Draft<'_>, context: &Context<'_>, vpc: &Vpc) -> Result<(), Refusal> {
    let others = draft.endpoints.values().filter(|e| e.vpc == vpc.id && e.interface().is_some());
    let refusal = || quota::reached("VpcEndpointLimitExceeded", "VPC endpoints");
    quota::check(context.quotas.interface_endpoints_per_vpc, others, refusal)
}

/// Lower-case base 36.
fn suffix(bits: u64) -> String {
    let digit = |place| char::from_digit((bits / 36u64.pow(place) % 36) as u32, 36);
    (0..SUFFIX_LENGTH).filter_map(digit).collect()
}
