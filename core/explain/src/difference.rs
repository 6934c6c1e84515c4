//! What a change of the World opens, closes and moves: every pair that is answered in one World and not in the other, or by
//! another one.

use crate::ground::Ground;
use crate::question::{Listening, Question, Source, Target, What};
use crate::trace::{Next, Place, Trace, Way, Who};
use postern_model::World;
use postern_names::*;
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

/// Ports that are asked for whatever the change is about.
const ALWAYS: [u16; 3] = [22, 80, 443];
const SOMEBODY: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 1));
const HTTPS: u16 = 443;
/// A site of the internet, whose answer shows that one gets out.
const OUTSIDE: &str = "example.com";

/// A way that is answered in one of two Worlds, or in each by another door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    pub question: Question,
    /// The stop that barred it before; `None`: it was open, or one of its ends was not there.
    pub before: Option<Stop>,
    /// The stop that bars it now; `None`: it is open, or one of its ends is gone.
    pub after: Option<Stop>,
    pub how: How,
    /// The asker's route table and where it leads to now, where it led elsewhere before.
    pub route: Option<(RouteTableId, Option<Next>)>,
    /// Ends and targets of routes that only the World after has.
    pub new: Vec<String>,
    /// Ends that only the World before has.
    pub gone: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    Opened,
    Closed,
    /// Answered before and after, by another one.
    Moved {
        before: Who,
        after: Who,
    },
}

/// Every pair of running instances, endpoints and the internet whose way the change opens, closes or moves, on the ports that it
/// names and a few that everybody uses. A gateway endpoint is no end: its service is asked for by name, from the instances whose
/// routes change.
pub fn difference(before: &World, after: &World) -> Vec<Changed> {
    let pair = Pair { before, after, old: Ground::new(before), new: Ground::new(after) };
    let ports = ports(before, after);
    let https = BTreeSet::from([What::Tcp(HTTPS)]);
    let mut found = Vec::new();
    for from in pair.sources() {
        for to in pair.targets(from) {
            found.extend(ports.iter().filter_map(|what| pair.changed(from, &to, *what)));
        }
        for name in pair.services(from) {
            found.extend(https.iter().filter_map(|what| pair.changed(from, &name, *what)));
        }
    }
    found
}

/// The World before and after.
struct Pair<'w> {
    before: &'w World,
    after: &'w World,
    old: Ground<'w>,
    new: Ground<'w>,
}

impl Pair<'_> {
    fn changed(&self, from: Source, to: &Target, what: What) -> Option<Changed> {
        let question = Question { from, to: to.clone(), what };
        let nothing = Listening::new();
        let (was, is) = (self.old.explain(&question, &nothing), self.new.explain(&question, &nothing));
        let bar = |trace: &Trace| trace.barred_at().map(|bar| bar.stop);
        let (ends, gone) = (self.only(&question, true), self.only(&question, false));
        let mut new = ends.clone();
        let (mut before, mut after) = (bar(&was), bar(&is));
        let how = match (before.is_some(), after.is_some(), was.arrival, is.arrival) {
            (true, false, ..) => How::Opened,
            (false, true, ..) => How::Closed,
            (false, false, Some(was), Some(is)) if was.who != is.who => How::Moved { before: was.who, after: is.who },
            _ => return None,
        };
        let led = |trace: &Trace| {
            trace.steps.iter().filter(|step| step.way == Way::Outward).find_map(|step| match step.place {
                Place::Table { table, route, .. } => Some((table, route.map(|route| route.next))),
                _ => None,
            })
        };
        let route = led(&is).filter(|now| led(&was).as_ref() != Some(now));
        if let Some((_, Some(Next::Endpoint(id)))) = route
            && !self.before.endpoints.contains_key(&id)
        {
            new.push(id.to_string());
        }
        // What bars a way to one that is not there says nothing.
        if !ends.is_empty() {
            before = None;
        }
        if !gone.is_empty() {
            after = None;
        }
        Some(Changed { question, before, after, how, route, new, gone })
    }

    /// The ends that only one of the Worlds has.
    fn only(&self, question: &Question, after: bool) -> Vec<String> {
        let (has, lacks) = if after { (self.after, self.before) } else { (self.before, self.after) };
        let instance = |id: &InstanceId| has.instances.contains_key(id) && !lacks.instances.contains_key(id);
        let mut found = Vec::new();
        if let Source::Instance(id) = question.from
            && instance(&id)
        {
            found.push(id.to_string());
        }
        match &question.to {
            Target::Instance(id) if instance(id) => found.push(id.to_string()),
            Target::Endpoint(id) if has.endpoints.contains_key(id) && !lacks.endpoints.contains_key(id) => {
                found.push(id.to_string());
            }
            _ => {}
        }
        found
    }

    /// Those that run and stay, and those that are new.
    fn instances(&self) -> Vec<InstanceId> {
        let runs = |world: &World, id: &InstanceId| world.instances.get(id).is_some_and(|i| i.has_links());
        let stays = |id: &InstanceId| match self.before.instances.contains_key(id) {
            true => runs(self.before, id),
            false => runs(self.after, id),
        };
        self.after.instances.keys().filter(|id| stays(id)).copied().collect()
    }

    fn sources(&self) -> Vec<Source> {
        let mut all: Vec<Source> = self.instances().into_iter().map(Source::Instance).collect();
        all.push(Source::Internet(SOMEBODY));
        all
    }

    fn targets(&self, from: Source) -> Vec<Target> {
        let mut all: Vec<Target> = self.instances().into_iter().map(Target::Instance).collect();
        all.retain(|to| !matches!((from, to), (Source::Instance(from), Target::Instance(to)) if from == *to));
        if let Source::Instance(_) = from {
            let endpoints = self.before.endpoints.values().chain(self.after.endpoints.values());
            let doors = endpoints.filter(|endpoint| endpoint.interface().is_some()).map(|endpoint| endpoint.id);
            all.extend(doors.collect::<BTreeSet<_>>().into_iter().map(Target::Endpoint));
            all.push(Target::Name(OUTSIDE.to_owned()));
        }
        all
    }

    /// Names of the services whose gateway endpoints come into the table of the one that asks, or leave it.
    fn services(&self, from: Source) -> Vec<Target> {
        let names = |world: &World| -> BTreeSet<(VpcEndpointId, String)> {
            let Source::Instance(id) = from else { return BTreeSet::new() };
            let subnet = world.instances.get(&id).map(|instance| instance.subnet);
            let Some(table) = subnet.and_then(|subnet| world.table_of_subnet(subnet)) else { return BTreeSet::new() };
            let endpoints =
                world.endpoint_routes(table.id).into_iter().filter_map(|route| world.endpoints.get(&route.endpoint));
            endpoints.map(|e| (e.id, format!("{}.{}.amazonaws.com", e.service(), e.region))).collect()
        };
        let (old, new) = (names(self.before), names(self.after));
        let changed: BTreeSet<String> = old.symmetric_difference(&new).map(|(_, name)| name.clone()).collect();
        changed.into_iter().map(Target::Name).collect()
    }
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
