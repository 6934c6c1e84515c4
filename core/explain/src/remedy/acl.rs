//! An entry for a network ACL, in front of the one that denies.

use super::Candidate;
use crate::trace::*;
use postern_model::*;
use postern_names::*;
use std::net::IpAddr;

const LAST_NUMBER: u16 = 32_766;

pub(super) fn candidates(world: &World, bar: &Step) -> Vec<Candidate> {
    let Place::Acl { acl, entry, .. } = bar.place else { return vec![] };
    let Some(acl) = world.network_acls.get(&acl) else { return vec![] };
    let egress = bar.stop == Stop::NetworkAclOut;
    let peer = if egress { bar.packet.destination } else { bar.packet.source };
    let Some(number) = free_number(acl, egress, entry) else { return vec![] };
    let entry = AclEntry {
        number,
        egress,
        action: AclAction::Allow,
        protocol: bar.packet.protocol,
        ports: ports(bar),
        icmp: bar.packet.protocol.is_icmp().then_some(IcmpType { kind: None, code: None }),
        cidr: range(peer),
    };
    let what = match entry.ports {
        Some(PortRange { first, last }) => format!("--port-range From={first},To={last}"),
        None => "--icmp-type-code Type=-1,Code=-1".to_owned(),
    };
    let command = format!(
        "aws ec2 create-network-acl-entry --network-acl-id {} {} --rule-number {number} --protocol {} {what} \
         --{}cidr-block {} --rule-action allow",
        acl.id,
        if egress { "--egress" } else { "--ingress" },
        entry.protocol,
        super::of_family(entry.cidr.family()),
        entry.cidr,
    );
    let mut changed = acl.clone();
    changed.entries.push(entry);
    vec![Candidate::new(1, command, changed)]
}

/// A number that is free and comes before the entry that denies.
fn free_number(acl: &NetworkAcl, egress: bool, denies: Option<u16>) -> Option<u16> {
    let used: Vec<u16> = acl.entries.iter().filter(|e| e.egress == egress).map(|e| e.number).collect();
    match denies {
        Some(denies) => (1..denies).rev().find(|n| !used.contains(n)),
        None => {
            let next = used.iter().max().map_or(100, |most| most.saturating_add(10)).min(LAST_NUMBER);
            (1..=next).rev().find(|n| !used.contains(n))
        }
    }
}

/// An answer goes to an ephemeral port, whichever the client took.
fn ports(bar: &Step) -> Option<PortRange> {
    match (bar.packet.protocol, bar.way) {
        (protocol, _) if protocol.is_icmp() => None,
        (_, Way::Back) => Some(PortRange { first: 1024, last: 65535 }),
        (_, Way::Outward) => Some(PortRange { first: bar.packet.port, last: bar.packet.port }),
    }
}

/// A service has more addresses than the one that was tried.
fn range(peer: IpAddr) -> Cidr {
    match peer {
        IpAddr::V4(near) if !near.is_private() => Cidr::ALL_V4,
        _ => Cidr::host(peer),
    }
}
