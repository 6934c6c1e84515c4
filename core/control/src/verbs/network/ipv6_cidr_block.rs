//! IPv6 ranges: a VPC's /56 of Amazon's pool, a subnet's /64 out of it, and what comes with the first one.

use crate::{Context, Draft, Request, find, quota, refuse, view};
use postern_call::Refusal;
use postern_model::*;
use postern_names::*;
use serde_json::{Value, json};
use std::net::Ipv6Addr;

const VPC_LENGTH: u8 = 56;
const SUBNET_LENGTH: u8 = 64;
/// A range that is taken is drawn again; the pool is never that full.
const DRAWS_MAX: u32 = 64;
const DEFAULT_ENTRY: u16 = 100;
const DEFAULT_ENTRY_V6: u16 = 101;

/// Whether the request asks for a range of Amazon's pool. Other ways to a range are refused by name.
pub fn is_wanted(request: &Request<'_>) -> Result<bool, Refusal> {
    for (member, what) in [
        ("Ipv6Pool", "An IPv6 range of your own (Ipv6Pool)"),
        ("Ipv6CidrBlock", "An IPv6 range of your own (Ipv6CidrBlock)"),
        ("Ipv6IpamPoolId", "IPAM"),
        ("Ipv6NetmaskLength", "IPAM"),
    ] {
        if request.get(member).is_some() {
            return Err(refuse::not_served(what));
        }
    }
    Ok(request.flag("AmazonProvidedIpv6CidrBlock") == Some(true))
}

/// Gives the VPC a range. With the first one the default ACL and the default group let IPv6 through as they do IPv4, if
/// nobody has changed them.
pub fn give(draft: &mut Draft<'_>, context: &Context<'_>, vpc: &mut Vpc) -> Result<VpcIpv6Cidr, Refusal> {
    let most = context.quotas.cidr_blocks_per_vpc;
    let message = || format!("This network '{}' has met its maximum number of allowed CIDRs: {most}", vpc.id);
    quota::check(most, vpc.ipv6_cidrs.iter(), || Refusal::new("CidrLimitExceeded", message()))?;
    let cidr = draw(draft, context)?;
    let given = VpcIpv6Cidr { association: VpcCidrAssociationId::from_bits(context.outside.bits()), cidr };
    let is_first = vpc.ipv6_cidrs.is_empty();
    vpc.ipv6_cidrs.push(given.clone());
    draft.put(vpc.clone());
    if is_first {
        open_default_acl(draft, vpc.id);
        open_default_group(draft, context, vpc.id);
    }
    Ok(given)
}

/// A free /56 in the region's part of Amazon's pool.
fn draw(world: &World, context: &Context<'_>) -> Result<Ipv6Cidr, Refusal> {
    let region = context.region.as_str().bytes().fold(0u16, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    let second = if context.region.as_str() == "us-east-1" { 0x1f18 } else { 0x1f00 | region & 0xff };
    for _ in 0..DRAWS_MAX {
        let [.., a, b, c] = context.outside.bits().to_be_bytes();
        let address = Ipv6Addr::new(0x2600, second, u16::from_be_bytes([a, b]), u16::from_be_bytes([c, 0]), 0, 0, 0, 0);
        let free = Ipv6Cidr::new(address, VPC_LENGTH)
            .filter(|range| !world.vpcs.values().flat_map(|vpc| &vpc.ipv6_cidrs).any(|taken| taken.cidr == *range));
        if let Some(range) = free {
            return Ok(range);
        }
    }
    Err(Refusal::new("InsufficientCidrBlocks", "There are no IPv6 CIDR blocks left in the pool."))
}

fn open_default_acl(draft: &mut Draft<'_>, vpc: VpcId) {
    let Some(mut acl) = draft.network_acls.values().find(|acl| acl.vpc == vpc && acl.is_default).cloned() else {
        return;
    };
    let is_untouched = acl.entries.len() == 2
        && acl
            .entries
            .iter()
            .all(|e| e.number == DEFAULT_ENTRY && e.cidr == Cidr::ALL_V4 && e.protocol == Protocol::All);
    if is_untouched {
        let newer = acl.entries.clone().into_iter();
        acl.entries.extend(newer.map(|entry| AclEntry { number: DEFAULT_ENTRY_V6, cidr: Cidr::ALL_V6, ..entry }));
        draft.put(acl);
    }
}

fn open_default_group(draft: &mut Draft<'_>, context: &Context<'_>, vpc: VpcId) {
    let Some(mut group) = draft.security_groups.values().find(|g| g.vpc == vpc && g.is_default()).cloned() else {
        return;
    };
    let lets_out = |rule: &SecurityGroupRule, peer: &GroupPeer| {
        rule.direction == RuleDirection::Egress && rule.protocol == Protocol::All && rule.peer == *peer
    };
    let older = group.rules.iter().find(|rule| lets_out(rule, &GroupPeer::Cidr(Ipv4Cidr::ALL))).cloned();
    let newer = GroupPeer::Ipv6Cidr(Ipv6Cidr::ALL);
    if let Some(older) = older.filter(|_| !group.rules.iter().any(|rule| lets_out(rule, &newer))) {
        let id = SecurityGroupRuleId::from_bits(context.outside.bits());
        group.rules.push(SecurityGroupRule { id, peer: newer, ..older });
        draft.put(group);
    }
}

/// A subnet's range: a /64 inside one of the VPC's that no other subnet has.
pub fn of_subnet(world: &World, vpc: &Vpc, text: &str) -> Result<Ipv6Cidr, Refusal> {
    let cidr: Ipv6Cidr = text.parse().map_err(|_| refuse::invalid_cidr("ipv6CidrBlock", text))?;
    if !vpc.ipv6_cidrs.iter().any(|own| own.cidr.covers(cidr)) {
        return Err(Refusal::new("InvalidSubnet.Range", format!("The CIDR '{text}' is invalid."))
            .hint("a subnet's IPv6 range is a /64 inside one of its VPC's"));
    }
    if cidr.length() != SUBNET_LENGTH {
        return Err(refuse::not_served("A subnet's IPv6 range of another length than /64"));
    }
    let taken = |subnet: &Subnet| subnet.ipv6.as_ref().is_some_and(|own| own.cidr.overlaps(cidr));
    if world.subnets.values().any(taken) {
        return Err(Refusal::new("InvalidSubnet.Conflict", format!("The CIDR '{text}' conflicts with another subnet")));
    }
    Ok(cidr)
}

pub fn associate_subnet_cidr_block(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let mut subnet = find::<Subnet>(draft, context, request.id("SubnetId")?)?.clone();
    if request.get("Ipv6IpamPoolId").is_some() || request.get("Ipv6NetmaskLength").is_some() {
        return Err(refuse::not_served("IPAM"));
    }
    let vpc = find::<Vpc>(draft, context, subnet.vpc)?;
    let cidr = of_subnet(draft, vpc, request.required_text("Ipv6CidrBlock")?)?;
    if subnet.ipv6.is_some() {
        let message = format!("This subnet '{}' has met its maximum number of allowed CIDRs: 1", subnet.id);
        return Err(Refusal::new("CidrLimitExceeded", message));
    }
    let given = SubnetIpv6Cidr { association: SubnetCidrAssociationId::from_bits(context.outside.bits()), cidr };
    let shown = view::subnet::ipv6_association(&given, "associating");
    let id = subnet.id;
    subnet.ipv6 = Some(given);
    draft.put(subnet);
    Ok(json!({ "Ipv6CidrBlockAssociation": shown, "SubnetId": id.to_string() }))
}

pub fn disassociate_subnet_cidr_block(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let text = request.required_text("AssociationId")?;
    let not_found = || {
        Refusal::new(
            "InvalidSubnetCidrBlockAssociationID.NotFound",
            format!("The subnet CIDR block association ID '{text}' does not exist"),
        )
    };
    let id: SubnetCidrAssociationId = text.parse().map_err(|_| not_found())?;
    let own = draft.subnets.values().filter(|s| s.owner == context.account && s.region == *context.region);
    let has_it = |subnet: &&Subnet| subnet.ipv6.as_ref().is_some_and(|own| own.association == id);
    let mut subnet = own.into_iter().find(has_it).ok_or_else(not_found)?.clone();
    let removed = subnet.ipv6.take().ok_or_else(not_found)?;
    let in_use = |eni: &&NetworkInterface| eni.subnet == subnet.id && !eni.ipv6_addresses.is_empty();
    if let Some(eni) = draft.network_interfaces.values().find(in_use) {
        let message = format!("The subnet {} currently has an address in use from {}", subnet.id, removed.cidr);
        return Err(Refusal::new("InvalidCidrBlock.InUse", message).hint(format!("{} has one", eni.id)));
    }
    subnet.assign_ipv6_on_creation = false;
    let subnet_id = subnet.id;
    draft.put(subnet);
    let shown = view::subnet::ipv6_association(&removed, "disassociating");
    Ok(json!({ "Ipv6CidrBlockAssociation": shown, "SubnetId": subnet_id.to_string() }))
}
