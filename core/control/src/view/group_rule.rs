//! One rule of a security group in replies.

use crate::tags;
use postern_model::{GroupPeer, RuleDirection, SecurityGroup, SecurityGroupRule, World};
use postern_names::{Arn, Protocol};
use serde_json::{Map, Value, json};

/// `tcp`, `udp`, `icmp`, `icmpv6`, `-1` or the protocol's number.
pub fn protocol(rule: &SecurityGroupRule) -> String {
    protocol_word(rule.protocol)
}

pub fn protocol_word(protocol: Protocol) -> String {
    match protocol {
        Protocol::Tcp => "tcp".into(),
        Protocol::Udp => "udp".into(),
        Protocol::Icmp => "icmp".into(),
        Protocol::Icmpv6 => "icmpv6".into(),
        other => other.to_string(),
    }
}

/// `FromPort` and `ToPort`: ports, or ICMP type and code with -1 for any; `None` where the protocol has neither.
pub fn wire_ports(rule: &SecurityGroupRule) -> Option<(i64, i64)> {
    let any = |number: Option<u8>| number.map_or(-1, i64::from);
    match rule.protocol {
        Protocol::Tcp | Protocol::Udp => {
            Some(rule.ports.map_or((0, 65535), |ports| (i64::from(ports.first), i64::from(ports.last))))
        }
        Protocol::Icmp | Protocol::Icmpv6 => Some(rule.icmp.map_or((-1, -1), |icmp| (any(icmp.kind), any(icmp.code)))),
        Protocol::All | Protocol::Number(_) => None,
    }
}

pub fn arn(group: &SecurityGroup, rule: &SecurityGroupRule) -> Arn {
    Arn::new("ec2", group.region.as_str(), group.owner, format!("security-group-rule/{}", rule.id))
}

/// As DescribeSecurityGroupRules and the Authorize calls show it.
pub fn group_rule(world: &World, group: &SecurityGroup, rule: &SecurityGroupRule) -> Value {
    let mut reply = common(group, rule);
    reply.insert("GroupOwnerId".into(), json!(group.owner.to_string()));
    if let GroupPeer::Group { id, owner } = &rule.peer {
        let mut peer = json!({ "GroupId": id.to_string(), "UserId": owner.to_string() });
        if let Some(peer) = peer.as_object_mut() {
            peer.extend(super::group::beyond(world, group.vpc, *id));
        }
        reply.insert("ReferencedGroupInfo".into(), peer);
    }
    reply.insert("Tags".into(), tags::view(&rule.tags));
    reply.insert("SecurityGroupRuleArn".into(), json!(arn(group, rule).to_string()));
    Value::Object(reply)
}

/// As the Revoke calls show it.
pub fn revoked_rule(group: &SecurityGroup, rule: &SecurityGroupRule) -> Value {
    let mut reply = common(group, rule);
    if let GroupPeer::Group { id, .. } = &rule.peer {
        reply.insert("ReferencedGroupId".into(), json!(id.to_string()));
    }
    Value::Object(reply)
}

fn common(group: &SecurityGroup, rule: &SecurityGroupRule) -> Map<String, Value> {
    let (from, to) = wire_ports(rule).unwrap_or((-1, -1));
    let mut reply = Map::new();
    reply.insert("SecurityGroupRuleId".into(), json!(rule.id.to_string()));
    reply.insert("GroupId".into(), json!(group.id.to_string()));
    reply.insert("IsEgress".into(), json!(rule.direction == RuleDirection::Egress));
    reply.insert("IpProtocol".into(), json!(protocol(rule)));
    reply.insert("FromPort".into(), json!(from));
    reply.insert("ToPort".into(), json!(to));
    match &rule.peer {
        GroupPeer::Cidr(cidr) => reply.insert("CidrIpv4".into(), json!(cidr.to_string())),
        GroupPeer::Ipv6Cidr(cidr) => reply.insert("CidrIpv6".into(), json!(cidr.to_string())),
        GroupPeer::PrefixList(id) => reply.insert("PrefixListId".into(), json!(id.to_string())),
        GroupPeer::Group { .. } => None,
    };
    if let Some(description) = &rule.description {
        reply.insert("Description".into(), json!(description));
    }
    reply
}
