//! The search: every pair of ends that a match path takes, until a packet finds a way that no exclude path takes.

use super::ends::{Candidate, Neighbours, candidates};
use super::packets::{AllRules, Asked, Way};
use super::statement::{Resources, Statement};
use super::{FINDINGS_MAX, Found, PACKETS_MAX};
use crate::analyse::{self, Tried};
use crate::endpoints::End;
use crate::path::components;
use crate::ports::Open;
use postern_explain::{Assumed, Ground, Listening, Packet, Place, Question, Trace, Way as Direction, What};
use postern_model::{AccessScope, InsightsPath, World};
use postern_names::*;
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashSet};

pub struct Search<'a> {
    world: &'a World,
    scope: &'a AccessScope,
    ground: Ground<'a>,
    rules: AllRules,
    neighbours: Neighbours,
    ends: Vec<Candidate>,
    matched: Vec<Statement>,
    excluded: Vec<Statement>,
    /// For each exclude path, which ends it takes at the source and at the destination.
    barred: Vec<(Vec<bool>, Vec<bool>)>,
    /// Pairs that have a finding.
    met: HashSet<(usize, usize)>,
    ways: Vec<Vec<Value>>,
    packets: usize,
    warning: Option<String>,
}

impl<'a> Search<'a> {
    pub fn new(world: &'a World, scope: &'a AccessScope, matched: Vec<Statement>, excluded: Vec<Statement>) -> Self {
        let ends = candidates(world, scope);
        let mask = |statement: &Statement| {
            let source = ends.iter().map(|end| statement.source.resources.takes(end)).collect();
            (source, ends.iter().map(|end| statement.destination.resources.takes(end)).collect())
        };
        Self {
            world,
            scope,
            ground: Ground::new(world),
            rules: AllRules::of(world),
            neighbours: Neighbours::of(world),
            barred: excluded.iter().map(mask).collect(),
            ends,
            matched,
            excluded,
            met: HashSet::new(),
            ways: Vec::new(),
            packets: 0,
            warning: None,
        }
    }

    pub fn found(self) -> Found {
        let is_own =
            |eni: &&postern_model::NetworkInterface| eni.owner == self.scope.owner && eni.region == self.scope.region;
        let interfaces = self.world.network_interfaces.values().filter(is_own).count();
        Found { ways: self.ways, interfaces, warning: self.warning }
    }

    pub fn run(&mut self) {
        for place in 0..self.matched.len() {
            let (sources, targets) = self.sides(place);
            // Round by round, so that what is kept when there is too much has something of everybody.
            for round in 0..targets.len() {
                for (turn, from) in sources.iter().enumerate() {
                    let Some(to) = targets.get((turn + round) % targets.len()) else { continue };
                    if self.warning.is_some() {
                        return;
                    }
                    self.pair(place, *from, *to);
                }
            }
        }
    }

    /// The places of the ends that a match path takes.
    fn sides(&self, place: usize) -> (Vec<usize>, Vec<usize>) {
        let Some(statement) = self.matched.get(place) else { return (Vec::new(), Vec::new()) };
        let taken = |of: &dyn Fn(&Candidate) -> bool| -> Vec<usize> {
            self.ends.iter().enumerate().filter(|(_, end)| of(end)).map(|(place, _)| place).collect()
        };
        let starts = |end: &Candidate| matches!(end.end, End::Interface(_) | End::InternetGateway(_));
        let sources = taken(&|end| starts(end) && statement.source.resources.takes(end));
        (sources, taken(&|end| statement.destination.resources.takes(end) && self.is_an_end(statement, end)))
    }

    /// A way to a VPC of the account goes on behind the connection, unless the connection itself is asked for.
    fn is_an_end(&self, statement: &Statement, end: &Candidate) -> bool {
        let End::Peering(id) = end.end else { return true };
        let is_named = !matches!(statement.destination.resources, Resources::All);
        let sides = self.world.peerings.get(&id).map(|peering| [peering.requester.owner, peering.accepter.owner]);
        is_named || sides.is_some_and(|sides| sides.iter().any(|owner| *owner != self.scope.owner))
    }

    /// The first way between two ends that the match path takes and no exclude path does.
    fn pair(&mut self, place: usize, from: usize, to: usize) {
        let Some(way) = self.way_between(place, from, to) else { return };
        if self.ways.len() >= FINDINGS_MAX {
            self.warning = Some(format!("There are more than {FINDINGS_MAX} findings; the others are left out."));
            return;
        }
        self.met.insert((from, to));
        self.ways.push(way);
    }

    fn way_between(&mut self, place: usize, from: usize, to: usize) -> Option<Vec<Value>> {
        let Self { world, scope, ground, rules, neighbours, ends, matched, excluded, barred, .. } = self;
        let (start, end, matched) = (ends.get(from)?, ends.get(to)?, matched.get(place)?);
        if !neighbours.can_meet(start, end) || self.met.contains(&(from, to)) {
            return None;
        }
        let asked = Asked { matched, excluded };
        let source_port = asked.source_port()?;
        let path = path(scope);
        let measure = analyse::Asked { world, path: &path, from: start.end, to: Some(end.end) };
        let mut ways: Option<Vec<Way>> = None;
        for protocol in asked.protocols() {
            for port in rules.ports(start, end, protocol, &asked) {
                for way in ways.get_or_insert_with(|| rules.ways(world, start, end, &asked)) {
                    self.packets += 1;
                    if self.packets > PACKETS_MAX {
                        let what =
                            format!("More than {PACKETS_MAX} packets would have to be followed; the rest is left out.");
                        self.warning = Some(what);
                        return None;
                    }
                    ground.assume(Assumed { source: way.own.map(Into::into), source_port, internet_answers: true });
                    let what = if protocol == Protocol::Udp { What::Udp(port) } else { What::Tcp(port) };
                    let question = Question { from: way.from, to: way.to.clone(), what };
                    let tried = measure.tried(ground.explain(&question, &Listening::new()), source_port);
                    if !tried.arrives() || !tried.foreign(world, scope.owner, &BTreeSet::new()).is_empty() {
                        continue;
                    }
                    let sight = Sight::of(&tried.trace);
                    let is_excluded = excluded.iter().zip(barred.iter()).any(|(other, (sources, targets))| {
                        let takes = |mask: &[bool], place: usize| mask.get(place).copied().unwrap_or_default();
                        takes(sources, from) && takes(targets, to) && sight.is_of(other)
                    });
                    if sight.is_of(matched) && !is_excluded {
                        return Some(told(world, &tried, matched, port, source_port));
                    }
                }
            }
        }
        None
    }
}

/// What statements look at of a way.
struct Sight {
    first: Vec<Packet>,
    last: Vec<Packet>,
    met: Vec<String>,
}

impl Sight {
    fn of(trace: &Trace) -> Self {
        let outward = || trace.steps.iter().filter(|step| step.way == Direction::Outward);
        let met = outward().filter_map(|step| match step.place {
            Place::NatGateway { id, .. } => Some(id.to_string()),
            Place::Peering(id) => Some(id.to_string()),
            Place::Endpoint { id, .. } => id.map(|id| id.to_string()),
            _ => None,
        });
        // At a gateway a packet has two forms: with the private address and with the public one.
        let forms = |step: Option<&postern_explain::Step>| {
            let mut forms: Vec<Packet> = step.map(|step| step.packet).into_iter().collect();
            if let Some(step) = step
                && let Place::InternetGateway { private: Some(private), public: Some(public), .. } = step.place
            {
                let is_leaving = step.packet.source == private;
                forms.push(match is_leaving {
                    true => Packet { source: public, ..step.packet },
                    false => Packet { destination: private, ..step.packet },
                });
            }
            forms
        };
        Self { first: forms(outward().next()), last: forms(outward().next_back()), met: met.collect() }
    }

    fn is_of(&self, statement: &Statement) -> bool {
        statement.source.header.admits(&self.first)
            && statement.destination.header.admits(&self.last)
            && statement.is_through(&self.met)
    }
}

/// The components of the way: an interface is an end, with its instance as what it is attached to.
fn told(world: &World, tried: &Tried, matched: &Statement, port: u16, source_port: u16) -> Vec<Value> {
    let headers = [&matched.source.header, &matched.destination.header];
    let around = |port: u16, lists: [&Vec<PortRange>; 2]| {
        let mut range = PortRange::ALL;
        for list in lists {
            if let Some(own) = list.iter().find(|own| own.contains(port)) {
                range = PortRange { first: range.first.max(own.first), last: range.last.min(own.last) };
            }
        }
        range
    };
    let sources = around(source_port, headers.map(|header| &header.source_ports));
    let destinations = around(port, headers.map(|header| &header.destination_ports));
    let outward = Trace {
        steps: tried.trace.steps.iter().filter(|step| step.way == Direction::Outward).copied().collect(),
        ..tried.trace.clone()
    };
    let open = Open::of(world, &outward, sources, destinations);
    let mut all = components(world, &outward, Direction::Outward, &open);
    all.retain(|one| one.pointer("/Component/Id").and_then(Value::as_str).is_none_or(|id| !id.starts_with("i-")));
    for (place, one) in all.iter_mut().enumerate() {
        one["SequenceNumber"] = json!(place + 1);
    }
    all
}

/// A path of Reachability Analyzer that asks for nothing: its measure of a trace is by the ends alone.
fn path(scope: &AccessScope) -> InsightsPath {
    InsightsPath {
        id: NetworkInsightsPathId::from_bits(0),
        owner: scope.owner,
        region: scope.region.clone(),
        source: String::new(),
        destination: None,
        protocol: Protocol::Tcp,
        source_ip: None,
        destination_ip: None,
        destination_port: None,
        at_source: None,
        at_destination: None,
        created: scope.created,
        tags: Default::default(),
    }
}
