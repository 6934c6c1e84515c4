//! A rule for a security group, as narrow as it can be told.

use super::Candidate;
use crate::ground::Ground;
use crate::trace::*;
use postern_model::*;
use postern_names::*;

pub(super) fn candidates(ground: &Ground<'_>, trace: &Trace, bar: &Step) -> Vec<Candidate> {
    let Place::Groups { interface, .. } = bar.place else { return vec![] };
    let Some(eni) = ground.world.network_interfaces.get(&interface) else { return vec![] };
    let Some(group) = eni.groups.first().and_then(|id| ground.world.security_groups.get(id)) else { return vec![] };
    let (direction, verb, address) = match bar.stop {
        Stop::SecurityGroupOut => (RuleDirection::Egress, "egress", bar.packet.destination),
        _ => (RuleDirection::Ingress, "ingress", bar.packet.source),
    };
    let near = ground.holder(eni.vpc, address).filter(|near| near.id != eni.id);
    let list = trace.steps.iter().find_map(|step| match step.place {
        Place::Table { route: Some(Chosen { list: Some(list), next: Next::Endpoint(_), .. }), .. } => Some(list),
        _ => None,
    });
    let (peer, words) = match (near.and_then(|near| near.groups.first()), list) {
        (Some(id), _) => (GroupPeer::Group { id: *id, owner: group.owner }, format!("--source-group {id}")),
        (None, Some(list)) if direction == RuleDirection::Egress => (GroupPeer::PrefixList(list), String::new()),
        _ => match Cidr::host(address) {
            Cidr::V4(range) => (GroupPeer::Cidr(range), format!("--cidr {range}")),
            Cidr::V6(range) => (GroupPeer::Ipv6Cidr(range), String::new()),
        },
    };
    let (protocol, ports, icmp) = what(bar);
    let name = match protocol {
        Protocol::Icmp => "icmp".to_owned(),
        Protocol::Icmpv6 => "icmpv6".to_owned(),
        Protocol::Udp => "udp".to_owned(),
        _ => "tcp".to_owned(),
    };
    let port = ports.map_or("-1".to_owned(), |ports| ports.to_string());
    let permission = match &peer {
        GroupPeer::PrefixList(list) => format!(
            "--ip-permissions 'IpProtocol={name},FromPort={port},ToPort={port},PrefixListIds=[{{PrefixListId={list}}}]'"
        ),
        GroupPeer::Ipv6Cidr(range) => format!(
            "--ip-permissions 'IpProtocol={name},FromPort={port},ToPort={port},Ipv6Ranges=[{{CidrIpv6={range}}}]'"
        ),
        _ => format!("--protocol {name} --port {port} {words}"),
    };
    let command = format!("aws ec2 authorize-security-group-{verb} --group-id {} {permission}", group.id);
    let rule = SecurityGroupRule {
        // A copy's rule: no reply ever carries this id.
        id: SecurityGroupRuleId::from_bits(u64::MAX - group.rules.len() as u64),
        direction,
        protocol,
        ports,
        icmp,
        peer,
        description: None,
        tags: Tags::new(),
    };
    let mut changed = group.clone();
    changed.rules.push(rule);
    vec![Candidate::new(1, command, changed)]
}

fn what(bar: &Step) -> (Protocol, Option<PortRange>, Option<IcmpType>) {
    let ports = PortRange { first: bar.packet.port, last: bar.packet.port };
    match bar.packet.protocol {
        protocol if protocol.is_icmp() => (protocol, None, None),
        protocol => (protocol, Some(ports), None),
    }
}
