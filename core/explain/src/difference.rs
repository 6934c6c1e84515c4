//! What a change of the World opens and closes: every pair that is answered in one World and not in the other.

use crate::ground::Ground;
use crate::question::{Listening, Question, Source, Target, What};
use postern_model::World;
use postern_names::*;
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

/// Ports that are asked for whatever the change is about.
const ALWAYS: [u16; 3] = [22, 80, 443];
const SOMEBODY: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 1));
/// A site of the internet, whose answer shows that one gets out.
const OUTSIDE: &str = "example.com";

/// A way that is answered in one of two Worlds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    pub question: Question,
    /// The stop that barred it before; `None`: it was open.
    pub before: Option<Stop>,
    /// The stop that bars it now; `None`: it is open.
    pub after: Option<Stop>,
}

/// Every pair of running instances, endpoints and the internet whose way the change opens or closes, on the ports that it
/// names and a few that everybody uses. Instances that only one World has are compared with nothing.
pub fn difference(before: &World, after: &World) -> Vec<Changed> {
    let (old, new) = (Ground::new(before), Ground::new(after));
    let nothing = Listening::new();
    let ports = ports(before, after);
    let sources = sources(before, after);
    let mut found = Vec::new();
    for from in &sources {
        for to in targets(before, after, *from) {
            for what in &ports {
                let question = Question { from: *from, to: to.clone(), what: *what };
                let bar = |ground: &Ground<'_>| ground.explain(&question, &nothing).barred_at().map(|bar| bar.stop);
                let (was, is) = (bar(&old), bar(&new));
                if was.is_some() != is.is_some() {
                    found.push(Changed { question, before: was, after: is });
                }
            }
        }
    }
    found
}

fn runs(world: &World, id: &InstanceId) -> bool {
    world.instances.get(id).is_some_and(|instance| instance.state.has_links())
}

fn instances(before: &World, after: &World) -> Vec<InstanceId> {
    before.instances.keys().filter(|id| runs(before, id) && after.instances.contains_key(id)).copied().collect()
}

fn sources(before: &World, after: &World) -> Vec<Source> {
    let mut all: Vec<Source> = instances(before, after).into_iter().map(Source::Instance).collect();
    all.push(Source::Internet(SOMEBODY));
    all
}

fn targets(before: &World, after: &World, from: Source) -> Vec<Target> {
    let mut all: Vec<Target> = instances(before, after).into_iter().map(Target::Instance).collect();
    all.retain(|to| !matches!((from, to), (Source::Instance(from), Target::Instance(to)) if from == *to));
    if let Source::Instance(_) = from {
        let endpoints: BTreeSet<VpcEndpointId> =
            before.endpoints.keys().chain(after.endpoints.keys()).copied().collect();
        all.extend(endpoints.into_iter().map(Target::Endpoint));
        all.push(Target::Name(OUTSIDE.to_owned()));
    }
    all
}

/// The first port of every rule and entry that only one of the Worlds has.
fn ports(before: &World, after: &World) -> BTreeSet<What> {
    let mut found: BTreeSet<What> = ALWAYS.into_iter().map(What::Tcp).collect();
    for (one, other) in [(before, after), (after, before)] {
        for group in one.security_groups.values() {
            let same = other.security_groups.get(&group.id);
            let is_new = |id| same.is_none_or(|same| !same.rules.iter().any(|rule| rule.id == id));
            for rule in group.rules.iter().filter(|rule| is_new(rule.id)) {
                add(&mut found, rule.protocol, rule.ports);
            }
        }
        for acl in one.network_acls.values() {
            let same = other.network_acls.get(&acl.id);
            for entry in acl.entries.iter().filter(|entry| same.is_none_or(|same| !same.entries.contains(entry))) {
                add(&mut found, entry.protocol, entry.ports);
            }
        }
    }
    found
}

fn add(found: &mut BTreeSet<What>, protocol: Protocol, ports: Option<PortRange>) {
    match (protocol, ports) {
        (Protocol::Tcp, Some(range)) => drop(found.insert(What::Tcp(range.first))),
        (Protocol::Udp, Some(range)) => drop(found.insert(What::Udp(range.first))),
        (Protocol::Icmp, _) => drop(found.insert(What::Ping)),
        _ => {}
    }
}
