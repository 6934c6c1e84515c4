//! Ports that a question leaves open: which to try, and for which others the same way holds.

use postern_explain::{Place, Step, Trace, Way};
use postern_model::{AclAction, World};
use postern_names::{PortRange, Stop, VpcId};
use std::collections::BTreeSet;

/// Ports worth a try, the likely ones first: a rule's first port is admitted whenever any of its ports is, unless another
/// range that begins or ends inside says otherwise; those are tried too.
pub(crate) fn candidates(world: &World, vpcs: &BTreeSet<VpcId>, within: PortRange, first: &[u16]) -> Vec<u16> {
    let mut found: BTreeSet<u16> = BTreeSet::from([within.first, within.last]);
    let groups = world.security_groups.values().filter(|group| vpcs.contains(&group.vpc));
    let of_groups = groups.flat_map(|group| &group.rules).filter_map(|rule| rule.ports);
    let acls = world.network_acls.values().filter(|acl| vpcs.contains(&acl.vpc));
    let of_acls = acls.flat_map(|acl| &acl.entries).filter_map(|entry| entry.ports);
    for range in of_groups.chain(of_acls) {
        found.extend([range.first, range.last.saturating_add(1)]);
    }
    let mut all: Vec<u16> = first.to_vec();
    all.extend(found.into_iter().filter(|port| !first.contains(port)));
    all.retain(|port| within.contains(*port));
    all
}

/// The ports around those that were asked for which every stop says the same.
pub(crate) struct Open {
    pub source: PortRange,
    pub destination: PortRange,
}

impl Open {
    pub fn of(world: &World, trace: &Trace, source: PortRange, destination: PortRange) -> Self {
        let mut open = Self { source, destination };
        for step in &trace.steps {
            open.meet(world, step);
        }
        open
    }

    fn meet(&mut self, world: &World, step: &Step) {
        // The answer's destination port is the port that the question came from.
        let (mine, port) = match step.way {
            Way::Outward => (&mut self.destination, step.packet.port),
            Way::Back => (&mut self.source, step.packet.port),
        };
        match step.place {
            Place::Groups { rule: Some((group, rule)), .. } => {
                let group = world.security_groups.get(&group);
                let rule = group.and_then(|group| group.rules.iter().find(|r| r.id == rule));
                narrow(mine, rule.and_then(|rule| rule.ports), port);
            }
            Place::Acl { acl, entry, .. } => {
                let egress = step.stop == Stop::NetworkAclOut;
                let entries = world.network_acls.get(&acl).into_iter().flat_map(|acl| &acl.entries);
                let met = entries.filter(|e| e.egress == egress && entry.is_none_or(|number| e.number <= number));
                for other in met {
                    let decides = Some(other.number) == entry;
                    match (decides, other.action) {
                        (true, _) => narrow(mine, other.ports, port),
                        (false, AclAction::Deny) => cut(mine, other.ports, port),
                        (false, AclAction::Allow) => {}
                    }
                }
            }
            _ => {}
        }
    }
}

/// No further than the range goes that holds the port.
fn narrow(mine: &mut PortRange, range: Option<PortRange>, port: u16) {
    if let Some(range) = range.filter(|range| range.contains(port)) {
        *mine = PortRange { first: mine.first.max(range.first), last: mine.last.min(range.last) };
    }
}

/// Only the side of the range that the port is on.
fn cut(mine: &mut PortRange, range: Option<PortRange>, port: u16) {
    match range {
        Some(range) if port < range.first => mine.last = mine.last.min(range.first - 1),
        Some(range) if port > range.last => mine.first = mine.first.max(range.last + 1),
        _ => {}
    }
}
