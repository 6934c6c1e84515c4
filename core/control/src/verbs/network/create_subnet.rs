//! CreateSubnet.

use super::ipv6_cidr_block;
use crate::{Context, Draft, Request, find, quota, refuse, tags, view};
use postern_call::Refusal;
use postern_model::{Subnet, SubnetIpv6Cidr, Tags, Vpc};
use postern_names::*;
use serde_json::{Value, json};

pub fn create_subnet(draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    for (member, what) in [
        ("Ipv6IpamPoolId", "IPAM"),
        ("Ipv6NetmaskLength", "IPAM"),
        ("Ipv4IpamPoolId", "IPAM"),
        ("OutpostArn", "AWS Outposts"),
    ] {
        if request.get(member).is_some() {
            return Err(refuse::not_served(what));
        }
    }
    if request.flag("Ipv6Native") == Some(true) {
        return Err(refuse::not_served("A subnet with IPv6 alone"));
    }
    let vpc = find::<Vpc>(draft, context, request.id("VpcId")?)?.clone();
    let text = request.text("CidrBlock").ok_or_else(|| refuse::missing_parameter("cidrBlock"))?;
    let cidr: Ipv4Cidr = text.parse().map_err(|_| refuse::invalid_cidr("cidrBlock", text))?;
    if !(16..=28).contains(&cidr.length()) || !vpc.cidrs.iter().any(|c| c.cidr.covers(cidr)) {
        return Err(Refusal::new("InvalidSubnet.Range", format!("The CIDR '{text}' is invalid."))
            .hint("a subnet is a /16 to /28 inside one of its VPC's CIDR blocks"));
    }
    if draft.subnets.values().any(|s| s.vpc == vpc.id && s.cidr.overlaps(cidr)) {
        return Err(Refusal::new("InvalidSubnet.Conflict", format!("The CIDR '{text}' conflicts with another subnet")));
    }
    let newer = request.text("Ipv6CidrBlock").map(|text| ipv6_cidr_block::of_subnet(draft, &vpc, text)).transpose()?;
    let first = || context.region.zones().into_iter().next();
    let zone = zone(request, context)?.or_else(first).ok_or_else(|| Refusal::internal("a region without zones"))?;
    let tags = tags::specified(request, "subnet", &[])?;
    let others = draft.subnets.values().filter(|s| s.vpc == vpc.id);
    quota::check(context.quotas.subnets_per_vpc, others, || quota::reached("SubnetLimitExceeded", "subnets"))?;
    let mut subnet = make_subnet(draft, context, NewSubnet { vpc, cidr, zone, is_default: false, tags });
    if let Some(cidr) = newer {
        let association = SubnetCidrAssociationId::from_bits(context.outside.bits());
        subnet.ipv6 = Some(SubnetIpv6Cidr { association, cidr });
        draft.put(subnet.clone());
    }
    Ok(json!({ "Subnet": Value::from(view::subnet::subnet(draft, &subnet)) }))
}

/// The zone that a request names by name or id.
pub fn zone(request: &Request<'_>, context: &Context<'_>) -> Result<Option<AvailabilityZone>, Refusal> {
    let zones = context.region.zones();
    let (parameter, given, found) = match (request.text("AvailabilityZone"), request.text("AvailabilityZoneId")) {
        (None, None) => return Ok(None),
        (Some(_), Some(_)) => {
            return Err(refuse::invalid_combination(
                "The parameters availabilityZone and availabilityZoneId cannot be used together.",
            ));
        }
        (Some(name), None) => ("availabilityZone", name, zones.iter().find(|z| z.as_str() == name)),
        (None, Some(id)) => ("availabilityZoneId", id, zones.iter().find(|z| z.id() == id)),
    };
    match found {
        Some(zone) => Ok(Some(zone.clone())),
        None => {
            let names: Vec<&str> = zones.iter().map(|z| z.as_str()).collect();
            let why = format!(
                "Subnets can currently only be created in the following availability zones: {}.",
                names.join(", ")
            );
            Err(refuse::invalid_value(parameter, given, &why))
        }
    }
}

/// What differs between the subnets that are made.
pub struct NewSubnet {
    pub vpc: Vpc,
    pub cidr: Ipv4Cidr,
    pub zone: AvailabilityZone,
    pub is_default: bool,
    pub tags: Tags,
}

/// Puts a subnet, with the VPC's default ACL at its border and the main table for its routes.
pub fn make_subnet(draft: &mut Draft<'_>, context: &Context<'_>, new: NewSubnet) -> Subnet {
    let mut vpc = new.vpc;
    let subnet = Subnet {
        id: SubnetId::from_bits(context.outside.bits()),
        vpc: vpc.id,
        owner: vpc.owner,
        region: vpc.region.clone(),
        cidr: new.cidr,
        zone: new.zone,
        number: vpc.next_subnet_number,
        is_default: new.is_default,
        ipv6: None,
        assign_ipv6_on_creation: false,
        map_public_ip_on_launch: new.is_default,
        enable_dns64: false,
        hostname_type: "ip-name".to_owned(),
        resource_name_a_record: false,
        resource_name_aaaa_record: false,
        tags: new.tags,
    };
    vpc.next_subnet_number += 1;
    let acl = draft.network_acls.values().find(|a| a.vpc == vpc.id && a.is_default).cloned();
    draft.put(vpc);
    draft.put(subnet.clone());
    if let Some(mut acl) = acl {
        acl.associations.push((NetworkAclAssociationId::from_bits(context.outside.bits()), subnet.id));
        draft.put(acl);
    }
    subnet
}
