//! A security group in replies, its rules merged into permissions as AWS merges them.

use crate::listed::{FilterValues, Listed, one};
use crate::tags;
use crate::view::group_rule::{protocol, wire_ports};
use postern_call::Answer;
use postern_model::{GroupPeer, RuleDirection, SecurityGroup, SecurityGroupRule, Tags, VpcPeeringConnection, World};
use postern_names::{AccountId, Arn, Region, SecurityGroupId, VpcId};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

use RuleDirection::{Egress, Ingress};

impl Listed for SecurityGroup {
    type Id = SecurityGroupId;
    const PREFIX: &'static str = SecurityGroupId::PREFIX;
    const FILTERS: &'static [(&'static str, FilterValues<Self>)] = &[
        ("description", |_, g| one(&g.description)),
        ("group-id", |_, g| one(g.id)),
        ("group-name", |_, g| one(&g.name)),
        ("owner-id", |_, g| one(g.owner)),
        // GetSecurityGroupsForVpc's word for `vpc-id`.
        ("primary-vpc-id", |_, g| one(g.vpc)),
        ("vpc-id", |_, g| one(g.vpc)),
        ("ip-permission.cidr", |_, g| of_rules(g, Ingress, cidr)),
        ("ip-permission.from-port", |_, g| of_rules(g, Ingress, from_port)),
        ("ip-permission.group-id", |_, g| of_rules(g, Ingress, group_id)),
        ("ip-permission.group-name", |w, g| group_names(w, g, Ingress)),
        ("ip-permission.ipv6-cidr", |_, g| of_rules(g, Ingress, ipv6_cidr)),
        ("ip-permission.prefix-list-id", |_, g| of_rules(g, Ingress, prefix_list)),
        ("ip-permission.protocol", |_, g| of_rules(g, Ingress, |r| Some(protocol(r)))),
        ("ip-permission.to-port", |_, g| of_rules(g, Ingress, to_port)),
        ("ip-permission.user-id", |_, g| of_rules(g, Ingress, user_id)),
        ("egress.ip-permission.cidr", |_, g| of_rules(g, Egress, cidr)),
        ("egress.ip-permission.from-port", |_, g| of_rules(g, Egress, from_port)),
        ("egress.ip-permission.group-id", |_, g| of_rules(g, Egress, group_id)),
        ("egress.ip-permission.group-name", |w, g| group_names(w, g, Egress)),
        ("egress.ip-permission.ipv6-cidr", |_, g| of_rules(g, Egress, ipv6_cidr)),
        ("egress.ip-permission.prefix-list-id", |_, g| of_rules(g, Egress, prefix_list)),
        ("egress.ip-permission.protocol", |_, g| of_rules(g, Egress, |r| Some(protocol(r)))),
        ("egress.ip-permission.to-port", |_, g| of_rules(g, Egress, to_port)),
        ("egress.ip-permission.user-id", |_, g| of_rules(g, Egress, user_id)),
    ];
    fn all(world: &World) -> &BTreeMap<SecurityGroupId, Self> {
        &world.security_groups
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

fn of_rules(
    group: &SecurityGroup,
    direction: RuleDirection,
    value: fn(&SecurityGroupRule) -> Option<String>,
) -> Vec<String> {
    group.rules.iter().filter(|r| r.direction == direction).filter_map(value).collect()
}

fn cidr(rule: &SecurityGroupRule) -> Option<String> {
    if let GroupPeer::Cidr(cidr) = &rule.peer { Some(cidr.to_string()) } else { None }
}
fn ipv6_cidr(rule: &SecurityGroupRule) -> Option<String> {
    if let GroupPeer::Ipv6Cidr(cidr) = &rule.peer { Some(cidr.to_string()) } else { None }
}
fn prefix_list(rule: &SecurityGroupRule) -> Option<String> {
    if let GroupPeer::PrefixList(id) = &rule.peer { Some(id.to_string()) } else { None }
}
fn group_id(rule: &SecurityGroupRule) -> Option<String> {
    if let GroupPeer::Group { id, .. } = &rule.peer { Some(id.to_string()) } else { None }
}
fn user_id(rule: &SecurityGroupRule) -> Option<String> {
    if let GroupPeer::Group { owner, .. } = &rule.peer { Some(owner.to_string()) } else { None }
}
fn from_port(rule: &SecurityGroupRule) -> Option<String> {
    wire_ports(rule).map(|(from, _)| from.to_string())
}
fn to_port(rule: &SecurityGroupRule) -> Option<String> {
    wire_ports(rule).map(|(_, to)| to.to_string())
}

fn group_names(world: &World, group: &SecurityGroup, direction: RuleDirection) -> Vec<String> {
    let rules = group.rules.iter().filter(|r| r.direction == direction);
    let peers = rules.filter_map(|r| if let GroupPeer::Group { id, .. } = &r.peer { Some(*id) } else { None });
    peers.filter_map(|id| world.security_groups.get(&id)).map(|peer| peer.name.clone()).collect()
}

pub fn arn(group: &SecurityGroup) -> Arn {
    Arn::new("ec2", group.region.as_str(), group.owner, format!("security-group/{}", group.id))
}

pub fn group(world: &World, group: &SecurityGroup) -> Value {
    let of = |direction| permissions(world, group.vpc, group.rules.iter().filter(move |r| r.direction == direction));
    json!({
        "GroupId": group.id.to_string(),
        "IpPermissionsEgress": of(Egress),
        "Tags": tags::view(&group.tags),
        "VpcId": group.vpc.to_string(),
        "SecurityGroupArn": arn(group).to_string(),
        "OwnerId": group.owner.to_string(),
        "GroupName": group.name,
        "Description": group.description,
        "IpPermissions": of(Ingress),
    })
}

/// `GroupId` and `GroupName` of each, as interfaces and instances list their groups.
pub fn identifiers(world: &World, groups: &[SecurityGroupId]) -> Answer {
    Answer::list(groups.iter().map(|id| {
        let name = world.security_groups.get(id).map(|group| group.name.clone()).unwrap_or_default();
        Answer::members([("GroupId", id.text().into()), ("GroupName", name.into())])
    }))
}

/// What is said of a group of another VPC besides: its VPC, and the connection to it with its state.
pub fn beyond(world: &World, vpc: VpcId, group: SecurityGroupId) -> Map<String, Value> {
    let mut told = Map::new();
    let Some(other) = world.security_groups.get(&group).map(|group| group.vpc).filter(|other| *other != vpc) else {
        return told;
    };
    told.insert("VpcId".into(), json!(other.to_string()));
    let joins = |p: &&VpcPeeringConnection| p.other_side(vpc).is_some_and(|side| side.vpc == other);
    let all: Vec<_> = world.peerings.values().filter(joins).collect();
    // The one that is active, else the one that was last.
    let last = || all.iter().max_by_key(|p| p.ended);
    if let Some(peering) = all.iter().find(|p| p.is_active()).or_else(last) {
        let status = if peering.is_active() { "active" } else { "deleted" };
        told.insert("VpcPeeringConnectionId".into(), json!(peering.id.to_string()));
        told.insert("PeeringStatus".into(), json!(status));
    }
    told
}

/// Rules of one direction as `IpPermissions`: those of the same protocol and ports are one, in the order of their
/// first rule. `vpc` is that of the rules' group.
pub fn permissions<'r>(world: &World, vpc: VpcId, rules: impl Iterator<Item = &'r SecurityGroupRule>) -> Value {
    let mut merged: Vec<Vec<&SecurityGroupRule>> = Vec::new();
    for rule in rules {
        let is_like =
            |first: &&SecurityGroupRule| first.protocol == rule.protocol && wire_ports(first) == wire_ports(rule);
        match merged.iter_mut().find(|same| same.first().is_some_and(is_like)) {
            Some(same) => same.push(rule),
            None => merged.push(vec![rule]),
        }
    }
    merged.iter().filter_map(|same| Some(permission(world, vpc, same.first()?, same))).collect()
}

fn permission(world: &World, vpc: VpcId, first: &SecurityGroupRule, rules: &[&SecurityGroupRule]) -> Value {
    let mut permission = Map::new();
    permission.insert("IpProtocol".into(), json!(protocol(first)));
    if let Some((from, to)) = wire_ports(first) {
        permission.insert("FromPort".into(), json!(from));
        permission.insert("ToPort".into(), json!(to));
    }
    for list in ["UserIdGroupPairs", "IpRanges", "Ipv6Ranges", "PrefixListIds"] {
        let peers: Vec<Value> = rules.iter().filter_map(|rule| peer(world, vpc, list, rule)).collect();
        permission.insert(list.into(), Value::from(peers));
    }
    Value::Object(permission)
}

/// The rule's peer as an element of this list, if it belongs there.
fn peer(world: &World, vpc: VpcId, list: &str, rule: &SecurityGroupRule) -> Option<Value> {
    let mut peer = Map::new();
    if let Some(description) = &rule.description {
        peer.insert("Description".into(), json!(description));
    }
    match (list, &rule.peer) {
        ("UserIdGroupPairs", GroupPeer::Group { id, owner }) => {
            peer.insert("UserId".into(), json!(owner.to_string()));
            peer.insert("GroupId".into(), json!(id.to_string()));
            peer.extend(beyond(world, vpc, *id));
        }
        ("IpRanges", GroupPeer::Cidr(cidr)) => {
            peer.insert("CidrIp".into(), json!(cidr.to_string()));
        }
        ("Ipv6Ranges", GroupPeer::Ipv6Cidr(cidr)) => {
            peer.insert("CidrIpv6".into(), json!(cidr.to_string()));
        }
        ("PrefixListIds", GroupPeer::PrefixList(id)) => {
            peer.insert("PrefixListId".into(), json!(id.to_string()));
        }
        _ => return None,
    }
    Some(Value::Object(peer))
}
