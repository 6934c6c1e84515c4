//! A network ACL in replies, with the last entries that AWS shows though nobody made them.

use crate::listed::{FilterValues, Listed, flag, one};
use crate::tags;
use postern_model::{AclAction, AclEntry, IcmpType, NetworkAcl, Tags, World};
use postern_names::{AccountId, Cidr, NetworkAclId, PortRange, Protocol, Region};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The number of the implied last entry: deny all.
const LAST: u16 = 32_767;
/// The same for IPv6, in a VPC that has it.
const LAST_V6: u16 = 32_768;

impl Listed for NetworkAcl {
    type Id = NetworkAclId;
    const PREFIX: &'static str = NetworkAclId::PREFIX;
    const FILTERS: &'static [(&'static str, FilterValues<Self>)] = &[
        ("association.association-id", |_, acl| acl.associations.iter().map(|(id, _)| id.to_string()).collect()),
        ("association.network-acl-id", |_, acl| acl.associations.iter().map(|_| acl.id.to_string()).collect()),
        ("association.subnet-id", |_, acl| acl.associations.iter().map(|(_, id)| id.to_string()).collect()),
        ("default", |_, acl| flag(acl.is_default)),
        ("entry.cidr", |w, acl| each(w, acl, |e| e.cidr.v4().map(|cidr| cidr.to_string()))),
        ("entry.icmp.code", |w, acl| each(w, acl, |e| shown_icmp(e).map(|(_, code)| code.to_string()))),
        ("entry.icmp.type", |w, acl| each(w, acl, |e| shown_icmp(e).map(|(kind, _)| kind.to_string()))),
        ("entry.ipv6-cidr", |w, acl| each(w, acl, |e| e.cidr.v6().map(|cidr| cidr.to_string()))),
        ("entry.port-range.from", |w, acl| each(w, acl, |e| shown_ports(e).map(|ports| ports.first.to_string()))),
        ("entry.port-range.to", |w, acl| each(w, acl, |e| shown_ports(e).map(|ports| ports.last.to_string()))),
        // The guide says protocols are matched by name here, the replies carry numbers: both are right.
        ("entry.protocol", |w, acl| entries(w, acl).iter().flat_map(protocol_words).collect()),
        ("entry.rule-action", |w, acl| each(w, acl, |e| Some(action(e.action).to_owned()))),
        ("entry.egress", |w, acl| each(w, acl, |e| Some(e.egress.to_string()))),
        ("entry.rule-number", |w, acl| each(w, acl, |e| Some(e.number.to_string()))),
        ("network-acl-id", |_, acl| one(acl.id)),
        ("owner-id", |_, acl| one(acl.owner)),
        ("vpc-id", |_, acl| one(acl.vpc)),
    ];
    fn all(world: &World) -> &BTreeMap<NetworkAclId, Self> {
        &world.network_acls
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

pub fn network_acl(world: &World, acl: &NetworkAcl) -> Value {
    let associations: Vec<Value> = acl
        .associations
        .iter()
        .map(|(id, subnet)| {
            json!({
                "NetworkAclAssociationId": id.to_string(),
                "NetworkAclId": acl.id.to_string(),
                "SubnetId": subnet.to_string(),
            })
        })
        .collect();
    json!({
        "Associations": associations,
        "Entries": entries(world, acl).iter().map(entry).collect::<Vec<_>>(),
        "IsDefault": acl.is_default,
        "NetworkAclId": acl.id.to_string(),
        "Tags": tags::view(&acl.tags),
        "VpcId": acl.vpc.to_string(),
        "OwnerId": acl.owner.to_string(),
    })
}

/// The user's entries and the implied ones: egress first, each way by number, as AWS lists them.
fn entries(world: &World, acl: &NetworkAcl) -> Vec<AclEntry> {
    let has_v6 = world.vpcs.get(&acl.vpc).is_some_and(|vpc| !vpc.ipv6_cidrs.is_empty());
    let of_family = [(LAST, Cidr::ALL_V4)].into_iter().chain(has_v6.then_some((LAST_V6, Cidr::ALL_V6)));
    let ways = of_family.flat_map(|last| [(true, last), (false, last)]);
    let implied = ways.map(|(egress, (number, cidr))| AclEntry {
        number,
        egress,
        action: AclAction::Deny,
        protocol: Protocol::All,
        ports: None,
        icmp: None,
        cidr,
    });
    let mut all: Vec<AclEntry> = acl.entries.iter().cloned().chain(implied).collect();
    all.sort_by_key(|entry| (!entry.egress, entry.number));
    all
}

fn each(world: &World, acl: &NetworkAcl, value: fn(&AclEntry) -> Option<String>) -> Vec<String> {
    entries(world, acl).iter().filter_map(value).collect()
}

fn entry(entry: &AclEntry) -> Value {
    let member = if entry.cidr.v4().is_some() { "CidrBlock" } else { "Ipv6CidrBlock" };
    let mut shown = json!({
        member: entry.cidr.to_string(),
        "Egress": entry.egress,
        "Protocol": entry.protocol.to_string(),
        "RuleAction": action(entry.action),
        "RuleNumber": entry.number,
    });
    if let Some(ports) = shown_ports(entry) {
        shown["PortRange"] = json!({ "From": ports.first, "To": ports.last });
    }
    if let Some((kind, code)) = shown_icmp(entry) {
        shown["IcmpTypeCode"] = json!({ "Code": code, "Type": kind });
    }
    shown
}

fn shown_ports(entry: &AclEntry) -> Option<PortRange> {
    entry.protocol.has_ports().then(|| entry.ports.unwrap_or(PortRange::ALL))
}

/// Type and code, -1 for any.
fn shown_icmp(entry: &AclEntry) -> Option<(i64, i64)> {
    let any = |number: Option<u8>| number.map_or(-1, i64::from);
    let icmp = entry.icmp.unwrap_or(IcmpType { kind: None, code: None });
    entry.protocol.is_icmp().then(|| (any(icmp.kind), any(icmp.code)))
}

fn protocol_words(entry: &AclEntry) -> Vec<String> {
    let name = match entry.protocol {
        Protocol::Tcp => Some("tcp"),
        Protocol::Udp => Some("udp"),
        Protocol::Icmp => Some("icmp"),
        Protocol::Icmpv6 => Some("icmpv6"),
        Protocol::All | Protocol::Number(_) => None,
    };
    name.map(str::to_owned).into_iter().chain([entry.protocol.to_string()]).collect()
}

fn action(action: AclAction) -> &'static str {
    match action {
        AclAction::Allow => "allow",
        AclAction::Deny => "deny",
    }
}
