//! Interface endpoints: what CreateVpcEndpoint and ModifyVpcEndpoint do for the type.

mod groups;
mod private_dns;
mod subnets;

use super::create_vpc_endpoint::{check_address_types, refuse_arns, refuse_lists};
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
    check_address_types(request)?;
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
    let wanted = subnets::wanted(draft, context, request, "SubnetIds", vpc, &own)?;
    private_dns::enable(draft, request, vpc, endpoint, &mut own)?;
    check_count(draft, context, vpc)?;
    subnets::add(draft, context, endpoint, &mut own, wanted)?;
    Ok(own)
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
    check_address_types(request)?;
    let vpc = crate::find::<Vpc>(draft, context, endpoint.vpc)?.clone();
    subnets::remove(draft, request, endpoint, &mut own)?;
    groups::change(draft, context, request, &vpc, endpoint, &mut own)?;
    let wanted = subnets::wanted(draft, context, request, "AddSubnetIds", &vpc, &own)?;
    subnets::add(draft, context, endpoint, &mut own, wanted)?;
    subnets::replace(draft, context, request, endpoint, &mut own)?;
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
