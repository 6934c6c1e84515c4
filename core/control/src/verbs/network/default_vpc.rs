//! The default VPC and its subnets: made at an account's first use of a region, and again on demand.

use super::create_subnet::{NewSubnet, make_subnet};
use super::create_vpc::{NewVpc, make_vpc};
use super::{create_vpc, dhcp_options, internet_gateway};
use crate::verbs::compute::find::default_vpc;
use crate::{Context, Draft, Request, refuse, view};
use postern_call::Refusal;
use postern_model::*;
use postern_names::*;
use serde_json::{Value, json};

/// Addresses of a default subnet: a /20.
const SUBNET_LENGTH: u8 = 20;

/// The default DHCP options and the default VPC, unless the account has any VPC or option set in the region already.
pub fn seed(draft: &mut Draft<'_>, context: &Context<'_>) -> Result<(), Refusal> {
    let is_mine = |owner: AccountId, region: &Region| owner == context.account && region == context.region;
    if draft.dhcp_options.values().any(|d| is_mine(d.owner, &d.region))
        || draft.vpcs.values().any(|v| is_mine(v.owner, &v.region))
    {
        return Ok(());
    }
    dhcp_options::default_set(draft, context);
    make_default_vpc(draft, context).map(drop)
}

/// `DefaultVpcAlreadyExists` if there is one.
pub fn create_default_vpc(draft: &mut Draft<'_>, context: &Context<'_>, _: &Request<'_>) -> Result<Value, Refusal> {
    if let Some(vpc) = default_vpc(draft, context) {
        let message = format!("A Default VPC already exists for this account in this region: {}.", vpc.id);
        return Err(Refusal::new("DefaultVpcAlreadyExists", message));
    }
    create_vpc::check_count(draft, context)?;
    internet_gateway::check_count(draft, context)?;
    let vpc = make_default_vpc(draft, context)?;
    Ok(json!({ "Vpc": view::vpc::new(&vpc) }))
}

/// 172.31.0.0/16 with a /20 per zone, an internet gateway and a default route to it.
fn make_default_vpc(draft: &mut Draft<'_>, context: &Context<'_>) -> Result<Vpc, Refusal> {
    let cidr = "172.31.0.0/16".parse().map_err(Refusal::internal)?;
    let new = NewVpc { cidr, tenancy: "default".to_owned(), is_default: true, tags: Tags::new() };
    let vpc = make_vpc(draft, context, new);
    let gateway = InternetGateway {
        id: InternetGatewayId::from_bits(context.outside.bits()),
        owner: context.account,
        region: context.region.clone(),
        vpc: Some(vpc.id),
        tags: Tags::new(),
    };
    let main = draft.route_tables.values().find(|t| t.vpc == vpc.id && t.is_main()).cloned();
    if let Some(mut table) = main {
        table.routes.push(Route {
            destination: RouteDestination::Cidr(Cidr::ALL_V4),
            target: RouteTarget::InternetGateway(gateway.id),
        });
        draft.put(table);
    }
    draft.put(gateway);
    for zone in context.region.zones() {
        make_default_subnet(draft, context, vpc.id, zone)?;
    }
    Ok(draft.vpcs.get(&vpc.id).cloned().unwrap_or(vpc))
}

fn make_default_subnet(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    vpc: VpcId,
    zone: AvailabilityZone,
) -> Result<Subnet, Refusal> {
    let vpc = draft.vpcs.get(&vpc).ok_or_else(|| refuse::not_found(VpcId::PREFIX, vpc))?;
    let full = || {
        Refusal::new(
            "InsufficientCidrBlocks",
            "There is not enough free address space in the default VPC to create a default subnet.",
        )
    };
    let primary = vpc.primary_cidr().ok_or_else(full)?;
    let is_free = |c: &Ipv4Cidr| !draft.subnets.values().any(|s| s.vpc == vpc.id && s.cidr.overlaps(*c));
    let step = 1u32 << (32 - u32::from(SUBNET_LENGTH));
    let cidr =
        (0..16).filter_map(|n| Ipv4Cidr::new(primary.nth(n * step)?, SUBNET_LENGTH)).find(is_free).ok_or_else(full)?;
    let new = NewSubnet { vpc: vpc.clone(), cidr, zone, is_default: true, tags: Tags::new() };
    Ok(make_subnet(draft, context, new))
}

pub fn create_default_subnet(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    if request.flag("Ipv6Native") == Some(true) {
        return Err(refuse::not_served("IPv6"));
    }
    let zone =
        super::create_subnet::zone(request, context)?.ok_or_else(|| refuse::missing_parameter("AvailabilityZone"))?;
    let vpc = default_vpc(draft, context).ok_or_else(|| {
        Refusal::new("DefaultVpcDoesNotExist", "There is no default VPC for this account in this region.")
    })?;
    let vpc = vpc.id;
    if let Some(existing) = draft.subnets.values().find(|s| s.vpc == vpc && s.is_default && s.zone == zone) {
        return Err(Refusal::new(
            "DefaultSubnetAlreadyExistsInAvailabilityZone",
            format!("'{}' is already the default subnet in {zone}.", existing.id),
        ));
    }
    let subnet = make_default_subnet(draft, context, vpc, zone)?;
    Ok(json!({ "Subnet": Value::from(view::subnet::subnet(draft, &subnet)) }))
}
