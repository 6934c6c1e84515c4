//! A VPC's address ranges: what a range may be, AssociateVpcCidrBlock and DisassociateVpcCidrBlock.

use super::ipv6_cidr_block;
use crate::{Context, Draft, Request, find, quota, refuse, view};
use postern_call::Refusal;
use postern_model::{RouteDestination, Subnet, Vpc, VpcCidr, World};
use postern_names::*;
use serde_json::{Value, json};

/// A range that a VPC may have: /16 to /28, in no range that IPv4 keeps for itself. Host bits are cleared.
pub fn parse(text: &str) -> Result<Ipv4Cidr, Refusal> {
    let cidr: Ipv4Cidr = text.parse().map_err(|_| refuse::invalid_cidr("cidrBlock", text))?;
    let is_forbidden = ranges(&["0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4"]).any(|f| f.overlaps(cidr));
    if !(16..=28).contains(&cidr.length()) || is_forbidden {
        return Err(invalid_range(text));
    }
    Ok(cidr)
}

fn ranges(texts: &[&'static str]) -> impl Iterator<Item = Ipv4Cidr> {
    texts.iter().filter_map(|text| text.parse().ok())
}

fn invalid_range(text: &str) -> Refusal {
    Refusal::new("InvalidVpc.Range", format!("The CIDR '{text}' is invalid."))
}

pub fn associate_vpc_cidr_block(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let mut vpc = find::<Vpc>(draft, context, request.id("VpcId")?)?.clone();
    if ipv6_cidr_block::is_wanted(request)? {
        if request.get("CidrBlock").is_some() {
            let message = "Only one of cidrBlock and amazonProvidedIpv6CidrBlock can be specified.";
            return Err(refuse::invalid_combination(message));
        }
        let given = ipv6_cidr_block::give(draft, context, &mut vpc)?;
        let shown = view::vpc::ipv6_association(&vpc, &given, "associating");
        return Ok(json!({ "Ipv6CidrBlockAssociation": shown, "VpcId": vpc.id.to_string() }));
    }
    if request.get("Ipv4IpamPoolId").is_some() || request.get("Ipv4NetmaskLength").is_some() {
        return Err(refuse::not_served("IPAM"));
    }
    let text = request.required_text("CidrBlock")?;
    let cidr = parse(text)?;
    check_class(&vpc, cidr)?;
    if vpc.cidrs.iter().any(|c| c.cidr.overlaps(cidr)) {
        let message = format!("The CIDR '{cidr}' conflicts with another CIDR block of the VPC '{}'.", vpc.id);
        return Err(Refusal::new("InvalidVpc.Range", message));
    }
    check_peers(draft, &vpc, cidr)?;
    check_routes(draft, &vpc, cidr)?;
    let most = context.quotas.cidr_blocks_per_vpc;
    let message = || format!("This network '{}' has met its maximum number of allowed CIDRs: {most}", vpc.id);
    quota::check(most, vpc.cidrs.iter(), || Refusal::new("CidrLimitExceeded", message()))?;
    let added = VpcCidr { association: VpcCidrAssociationId::from_bits(context.outside.bits()), cidr };
    let reply = Value::from(view::vpc::cidr_association(&added, "associating"));
    vpc.cidrs.push(added);
    let id = vpc.id;
    draft.put(vpc);
    Ok(json!({ "CidrBlockAssociation": reply, "VpcId": id.to_string() }))
}

/// A further range must be public, 100.64.0.0/10, or of the primary range's own private class.
fn check_class(vpc: &Vpc, cidr: Ipv4Cidr) -> Result<(), Refusal> {
    let class = |c: Ipv4Cidr| {
        ranges(&["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "198.19.0.0/16"]).find(|class| class.overlaps(c))
    };
    match (class(cidr), vpc.primary_cidr().and_then(class)) {
        (Some(wanted), Some(primary)) if wanted != primary => {}
        (Some(wanted), None) if wanted.length() == 16 && wanted.network().octets()[0] == 198 => {}
        _ => return Ok(()),
    }
    Err(Refusal::new(
        "InvalidVpc.Range",
        format!(
            "The CIDR '{cidr}' is restricted. Use a CIDR from the same private address range as the current VPC CIDR, \
             or use a publicly-routable CIDR."
        ),
    ))
}

/// A range of a peered VPC is taken.
fn check_peers(world: &World, vpc: &Vpc, cidr: Ipv4Cidr) -> Result<(), Refusal> {
    let taken =
        world.peerings_of(vpc.id).find(|(_, other)| world.ranges_of_side(other).iter().any(|r| r.overlaps(cidr)));
    let Some((peering, other)) = taken else { return Ok(()) };
    let message = format!("The CIDR '{cidr}' overlaps with a CIDR block of the peered VPC '{}'.", other.vpc);
    Err(Refusal::new("InvalidVpc.Range", message).hint(format!("{} joins the two VPCs", peering.id)))
}

/// The range must be smaller than the destination of every route that it overlaps.
fn check_routes(world: &World, vpc: &Vpc, cidr: Ipv4Cidr) -> Result<(), Refusal> {
    let mut routes = world.route_tables.values().filter(|t| t.vpc == vpc.id).flat_map(|t| &t.routes);
    let conflict = routes.any(|r| matches!(r.destination, RouteDestination::Cidr(d) if Cidr::V4(cidr).covers(d)));
    if conflict {
        let message = format!("The CIDR '{cidr}' is equal to or larger than the destination of a route of the VPC.");
        return Err(Refusal::new("InvalidVpc.Range", message).hint("delete the route or choose a smaller range"));
    }
    Ok(())
}

fn take_ipv6(draft: &mut Draft<'_>, mut vpc: Vpc, place: usize) -> Result<Value, Refusal> {
    let removed = vpc.ipv6_cidrs.remove(place);
    let is_inside = |subnet: &Subnet| subnet.ipv6.as_ref().is_some_and(|own| removed.cidr.covers(own.cidr));
    if draft.subnets.values().any(is_inside) {
        let message = format!("The vpc {} currently has a subnet within CIDR block {}", vpc.id, removed.cidr);
        return Err(Refusal::new("InvalidCidrBlock.InUse", message));
    }
    let shown = view::vpc::ipv6_association(&vpc, &removed, "disassociating");
    let vpc_id = vpc.id;
    draft.put(vpc);
    Ok(json!({ "Ipv6CidrBlockAssociation": shown, "VpcId": vpc_id.to_string() }))
}

pub fn disassociate_vpc_cidr_block(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let text = request.required_text("AssociationId")?;
    let not_found = || {
        Refusal::new(
            "InvalidVpcCidrBlockAssociationID.NotFound",
            format!("The vpc CIDR block association ID '{text}' does not exist"),
        )
    };
    let id: VpcCidrAssociationId = text.parse().map_err(|_| not_found())?;
    let mut vpcs = draft.vpcs.values().filter(|v| v.owner == context.account && v.region == *context.region);
    let has_it = |vpc: &&Vpc| {
        vpc.cidrs.iter().any(|c| c.association == id) || vpc.ipv6_cidrs.iter().any(|c| c.association == id)
    };
    let mut vpc = vpcs.find(has_it).ok_or_else(not_found)?.clone();
    if let Some(place) = vpc.ipv6_cidrs.iter().position(|c| c.association == id) {
        return take_ipv6(draft, vpc, place);
    }
    let place = vpc.cidrs.iter().position(|c| c.association == id).ok_or_else(not_found)?;
    if place == 0 {
        let message = format!(
            "The vpc CIDR block with association ID {id} may not be disassociated. \
             It is the primary IPv4 CIDR block of the VPC"
        );
        return Err(Refusal::new("OperationNotPermitted", message));
    }
    let removed = vpc.cidrs.remove(place);
    if draft.subnets.values().any(|s| s.vpc == vpc.id && removed.cidr.covers(s.cidr)) {
        let message = format!("The vpc {} currently has a subnet within CIDR block {}", vpc.id, removed.cidr);
        return Err(Refusal::new("InvalidCidrBlock.InUse", message));
    }
    let vpc_id = vpc.id;
    draft.put(vpc);
    Ok(json!({
        "CidrBlockAssociation": Value::from(view::vpc::cidr_association(&removed, "disassociating")),
        "VpcId": vpc_id.to_string(),
    }))
}
