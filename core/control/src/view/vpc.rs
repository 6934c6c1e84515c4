//! A VPC in replies.

use crate::listed::{FilterValues, Listed, flag, one};
use crate::tags;
use crate::verbs::network::dhcp_options::NO_DHCP_OPTIONS;
use postern_model::{Tags, Vpc, VpcCidr, World};
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
        ("ipv6-cidr-block-association.ipv6-cidr-block", |_, _| vec![]),
        ("ipv6-cidr-block-association.ipv6-pool", |_, _| vec![]),
        ("ipv6-cidr-block-association.association-id", |_, _| vec![]),
        ("ipv6-cidr-block-association.state", |_, _| vec![]),
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

/// As the Describe call shows it; the create reply says `pending` in `state`.
pub fn vpc(vpc: &Vpc, state: &str) -> Value {
    let associations: Vec<Value> = vpc.cidrs.iter().map(|c| cidr_association(c, "associated")).collect();
    json!({
        "OwnerId": vpc.owner.to_string(),
        "InstanceTenancy": vpc.tenancy,
        "Ipv6CidrBlockAssociationSet": [],
        "CidrBlockAssociationSet": associations,
        "IsDefault": vpc.is_default,
        "Tags": tags::view(&vpc.tags),
        "BlockPublicAccessStates": { "InternetGatewayBlockMode": "off" },
        "VpcId": vpc.id.to_string(),
        "State": state,
        "CidrBlock": vpc.primary_cidr().map(|c| c.to_string()),
        "DhcpOptionsId": dhcp_options(vpc),
    })
}

pub fn cidr_association(cidr: &VpcCidr, state: &str) -> Value {
    json!({
        "AssociationId": cidr.association.to_string(),
        "CidrBlock": cidr.cidr.to_string(),
        "CidrBlockState": { "State": state },
    })
}
