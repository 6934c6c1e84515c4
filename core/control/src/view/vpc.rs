//! A VPC in replies.

use crate::listed::{FilterValues, Listed, flag, one};
use crate::tags;
use crate::verbs::network::dhcp_options::NO_DHCP_OPTIONS;
use postern_call::Answer;
use postern_model::{Tags, Vpc, VpcCidr, VpcIpv6Cidr, World};
use postern_names::{AccountId, Region, VpcId};
use serde_json::{Value, json};
use std::collections::BTreeMap;

impl Listed for Vpc {
    type Id = VpcId;
    const PREFIX: &'static str = VpcId::PREFIX;
    const FILTERS: &'static [(&'static str, FilterValues<Self>)] = &[
        ("cidr", primary),
        ("cidr-block", primary),
        ("cidrBlock", primary),
        ("cidr-block-association.cidr-block", |_, v| v.cidrs.iter().map(|c| c.cidr.to_string()).collect()),
        ("cidr-block-association.association-id", |_, v| v.cidrs.iter().map(|c| c.association.to_string()).collect()),
        ("cidr-block-association.state", |_, v| v.cidrs.iter().map(|_| "associated".to_owned()).collect()),
        ("dhcp-options-id", |_, v| vec![dhcp_options(v)]),
        ("dhcpOptionsId", |_, v| vec![dhcp_options(v)]),
        ("ipv6-cidr-block-association.ipv6-cidr-block", |_, v| {
            v.ipv6_cidrs.iter().map(|c| c.cidr.to_string()).collect()
        }),
        ("ipv6-cidr-block-association.ipv6-pool", |_, v| v.ipv6_cidrs.iter().map(|_| "Amazon".to_owned()).collect()),
        ("ipv6-cidr-block-association.association-id", |_, v| {
            v.ipv6_cidrs.iter().map(|c| c.association.to_string()).collect()
        }),
        ("ipv6-cidr-block-association.state", |_, v| v.ipv6_cidrs.iter().map(|_| "associated".to_owned()).collect()),
        ("is-default", |_, v| flag(v.is_default)),
        ("isDefault", |_, v| flag(v.is_default)),
        ("owner-id", |_, v| one(v.owner)),
        ("state", |_, _| one("available")),
        ("vpc-id", |_, v| one(v.id)),
    ];
    fn all(world: &World) -> &BTreeMap<VpcId, Self> {
        &world.vpcs
    }
    fn owner(&self) -> AccountId {
        self.owner
    }
    fn region(&self) -> &Region {
        &self.region
    }
    fn tags(&self) -> &Tags {
        &self.tags
    }
}

fn primary(_: &World, vpc: &Vpc) -> Vec<String> {
    vpc.primary_cidr().map(|c| c.to_string()).into_iter().collect()
}

/// The id of the option set, or `default` for a VPC that was taken off all sets.
fn dhcp_options(vpc: &Vpc) -> String {
    if vpc.dhcp_options == NO_DHCP_OPTIONS { "default".to_owned() } else { vpc.dhcp_options.to_string() }
}

/// As the Describe call shows it.
pub fn vpc(vpc: &Vpc) -> Answer {
    let associations = vpc.cidrs.iter().map(|c| cidr_association(c, "associated"));
    let newer = vpc.ipv6_cidrs.iter().map(|range| ipv6_association(vpc, range, "associated"));
    let mut members = vec![
        ("OwnerId", vpc.owner.to_string().into()),
        ("InstanceTenancy", vpc.tenancy.clone().into()),
        ("Ipv6CidrBlockAssociationSet", Answer::list(newer)),
        ("CidrBlockAssociationSet", Answer::list(associations)),
        ("IsDefault", vpc.is_default.into()),
        ("Tags", tags::lean(&vpc.tags)),
        ("BlockPublicAccessStates", Answer::members([("InternetGatewayBlockMode", "off".into())])),
        ("VpcId", vpc.id.text().into()),
        ("State", "available".into()),
    ];
    members.extend(vpc.primary_cidr().map(|cidr| ("CidrBlock", cidr.to_string().into())));
    members.push(("DhcpOptionsId", dhcp_options(vpc).into()));
    Answer::Members(members.into())
}

/// As the create reply shows it: neither the VPC nor its IPv6 range is ready yet.
pub fn new(new: &Vpc) -> Value {
    let mut reply = Value::from(vpc(new));
    let ranges = new.ipv6_cidrs.iter().map(|range| ipv6_association(new, range, "associating"));
    reply["Ipv6CidrBlockAssociationSet"] = ranges.collect();
    reply["State"] = json!("pending");
    reply
}

/// While it is being associated AWS does not say which range it is.
pub fn ipv6_association(vpc: &Vpc, range: &VpcIpv6Cidr, state: &str) -> Value {
    let text = if state == "associating" { String::new() } else { range.cidr.to_string() };
    json!({
        "AssociationId": range.association.to_string(),
        "Ipv6CidrBlock": text,
        "Ipv6CidrBlockState": { "State": state },
        "NetworkBorderGroup": vpc.region.to_string(),
        "Ipv6Pool": "Amazon",
        "Ipv6AddressAttribute": "public",
        "IpSource": "amazon",
    })
}

pub fn cidr_association(cidr: &VpcCidr, state: &'static str) -> Answer {
    Answer::members([
        ("AssociationId", cidr.association.to_string().into()),
        ("CidrBlock", cidr.cidr.to_string().into()),
        ("CidrBlockState", Answer::members([("State", state.into())])),
    ])
}
