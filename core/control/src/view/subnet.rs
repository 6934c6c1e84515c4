//! A subnet in replies.

use crate::listed::{FilterValues, Listed, flag, one};
use crate::tags;
use crate::verbs::compute::free_address::free_count;
use postern_call::Answer;
use postern_model::{Subnet, SubnetIpv6Cidr, Tags, World};
use postern_names::{AccountId, Arn, Region, SubnetId};
use serde_json::{Value, json};
use std::collections::BTreeMap;

impl Listed for Subnet {
    type Id = SubnetId;
    const PREFIX: &'static str = SubnetId::PREFIX;
    const FILTERS: &'static [(&'static str, FilterValues<Self>)] = &[
        ("availability-zone", |_, s| one(&s.zone)),
        ("availabilityZone", |_, s| one(&s.zone)),
        ("availability-zone-id", |_, s| one(s.zone.id())),
        ("availabilityZoneId", |_, s| one(s.zone.id())),
        ("available-ip-address-count", |w, s| one(free_count(w, s))),
        ("cidr", |_, s| one(s.cidr)),
        ("cidr-block", |_, s| one(s.cidr)),
        ("cidrBlock", |_, s| one(s.cidr)),
        ("default-for-az", |_, s| flag(s.is_default)),
        ("defaultForAz", |_, s| flag(s.is_default)),
        ("enable-dns64", |_, s| flag(s.enable_dns64)),
        ("enable-lni-at-device-index", |_, _| vec![]),
        ("ipv6-cidr-block-association.ipv6-cidr-block", |_, s| s.ipv6.iter().map(|c| c.cidr.to_string()).collect()),
        ("ipv6-cidr-block-association.association-id", |_, s| {
            s.ipv6.iter().map(|c| c.association.to_string()).collect()
        }),
        ("ipv6-cidr-block-association.state", |_, s| s.ipv6.iter().map(|_| "associated".to_owned()).collect()),
        ("ipv6-native", |_, _| flag(false)),
        ("map-customer-owned-ip-on-launch", |_, _| flag(false)),
        ("map-public-ip-on-launch", |_, s| flag(s.map_public_ip_on_launch)),
        ("mapPublicIpOnLaunch", |_, s| flag(s.map_public_ip_on_launch)),
        ("outpost-arn", |_, _| vec![]),
        ("owner-id", |_, s| one(s.owner)),
        ("private-dns-name-options-on-launch.hostname-type", |_, s| one(&s.hostname_type)),
        ("private-dns-name-options-on-launch.enable-resource-name-dns-a-record", |_, s| flag(s.resource_name_a_record)),
        ("private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record", |_, s| {
            flag(s.resource_name_aaaa_record)
        }),
        ("state", |_, _| one("available")),
        ("subnet-arn", |_, s| one(arn(s))),
        ("subnet-id", |_, s| one(s.id)),
        ("vpc-id", |_, s| one(s.vpc)),
    ];
    fn all(world: &World) -> &BTreeMap<SubnetId, Self> {
        &world.subnets
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

pub fn arn(subnet: &Subnet) -> Arn {
    Arn::new("ec2", subnet.region.as_str(), subnet.owner, format!("subnet/{}", subnet.id))
}

pub fn ipv6_association(range: &SubnetIpv6Cidr, state: &str) -> Value {
    json!({
        "AssociationId": range.association.to_string(),
        "Ipv6CidrBlock": range.cidr.to_string(),
        "Ipv6CidrBlockState": { "State": state },
        "Ipv6AddressAttribute": "public",
        "IpSource": "amazon",
    })
}

pub fn subnet(world: &World, subnet: &Subnet) -> Answer {
    let newer = subnet.ipv6.iter().map(|range| ipv6_association(range, "associated"));
    Answer::members([
        ("AvailabilityZoneId", subnet.zone.id().into()),
        ("MapCustomerOwnedIpOnLaunch", false.into()),
        ("OwnerId", subnet.owner.to_string().into()),
        ("AssignIpv6AddressOnCreation", subnet.assign_ipv6_on_creation.into()),
        ("Ipv6CidrBlockAssociationSet", Answer::list(newer)),
        ("Tags", tags::lean(&subnet.tags)),
        ("SubnetArn", arn(subnet).to_string().into()),
        ("EnableDns64", subnet.enable_dns64.into()),
        ("Ipv6Native", false.into()),
        (
            "PrivateDnsNameOptionsOnLaunch",
            Answer::members([
                ("HostnameType", subnet.hostname_type.clone().into()),
                ("EnableResourceNameDnsARecord", subnet.resource_name_a_record.into()),
                ("EnableResourceNameDnsAAAARecord", subnet.resource_name_aaaa_record.into()),
            ]),
        ),
        ("BlockPublicAccessStates", Answer::members([("InternetGatewayBlockMode", "off".into())])),
        ("SubnetId", subnet.id.text().into()),
        ("State", "available".into()),
        ("VpcId", subnet.vpc.text().into()),
        ("CidrBlock", subnet.cidr.to_string().into()),
        ("AvailableIpAddressCount", free_count(world, subnet).cast_signed().into()),
        ("AvailabilityZone", subnet.zone.to_string().into()),
        ("DefaultForAz", subnet.is_default.into()),
        ("MapPublicIpOnLaunch", subnet.map_public_ip_on_launch.into()),
    ])
}
