//! Steps of a program, put into force phase by phase.
//!
//! Steps of one kind that follow each other are one phase: their requests go out together, namespace by namespace. A phase
//! with a refusal is the last one; what is in force by then is known exactly, so that the next difference can go on.

use crate::counters;
use crate::error::{Failure, HostError, Outcome};
use crate::listener::{self, Opened};
use crate::namespace::Space;
use crate::netlink::Request;
use crate::requests::{self, Way};
use crate::state::{State, absent};
use crate::{nftables, sysctl};
use postern_program::{Key, Namespace, Part, RouteKind, Ruleset, Step};
use rustix::io::Errno;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

/// A step with its position in the list.
pub(crate) type Placed<'a> = (usize, &'a Step);

/// Whether a missing device may be a guest's doing: one with privilege in its own namespace can delete its end of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guests {
    MayHaveCut,
    WereMended,
}

/// The requests of one namespace in a phase, and whose they are: position and number.
#[derive(Default)]
pub(crate) struct Batch {
    pub requests: Vec<Request>,
    pub owners: Vec<(usize, usize)>,
}

/// What came of a phase: the steps in force, and the first refusal.
#[derive(Default)]
pub(crate) struct Phase {
    pub done: Vec<usize>,
    pub opened: Vec<Opened>,
    pub refusal: Option<(usize, Failure)>,
}

impl Phase {
    fn met_missing_device(&self) -> bool {
        let missing = |errno: Option<i32>| errno == Some(Errno::NODEV.raw_os_error());
        self.refusal.as_ref().is_some_and(|(_, failure)| missing(failure.errno))
    }

    pub fn settle(&mut self, position: usize, outcome: Outcome<()>) {
        match outcome {
            Ok(()) => self.done.push(position),
            Err(failure) => {
                if self.refusal.as_ref().is_none_or(|(first, _)| position < *first) {
                    self.refusal = Some((position, failure));
                }
            }
        }
    }
}

impl State {
    /// Puts steps into force. On a refusal, sockets opened by the same call are closed again and not counted as done.
    pub fn apply(&mut self, steps: &[Step]) -> Result<Vec<Opened>, HostError> {
        let outcome = self.run(steps, Guests::MayHaveCut);
        let home = self.go_home();
        let opened = outcome?;
        home.map_err(|failure| failure.during("leave the last namespace"))?;
        Ok(opened)
    }

    pub fn run(&mut self, steps: &[Step], guests: Guests) -> Result<Vec<Opened>, HostError> {
        let dying: BTreeSet<Namespace> = steps.iter().filter_map(removed_namespace).collect();
        // Steps inside a namespace that goes away wait for it: they are done when it is.
        let (waiting, active): (Vec<Placed<'_>>, Vec<Placed<'_>>) =
            steps.iter().enumerate().partition(|(_, step)| self.goes_with(&dying, step));
        let (returning, active): (Vec<Placed<'_>>, Vec<Placed<'_>>) =
            active.into_iter().partition(|(_, step)| is_ruleset_that_returns(step, steps));
        let mut done: Vec<usize> = returning.iter().map(|(position, _)| *position).collect();
        returning.iter().for_each(|(_, step)| self.record(step));
        let mut opened = Vec::new();
        for group in active.chunk_by(|a, b| phase_of(a.1) == phase_of(b.1)) {
            let mut phase = self.phase(group);
            if guests == Guests::MayHaveCut && phase.met_missing_device() {
                self.mend_cut_links()?;
                let left: Vec<Placed<'_>> = group.iter().filter(|(p, _)| !phase.done.contains(p)).copied().collect();
                let again = self.phase(&left);
                phase = Phase { done: [phase.done, again.done].concat(), ..again };
            }
            if let (Some((_, step)), None) = (group.first(), &phase.refusal)
                && removed_namespace(step).is_some()
            {
                phase.done.extend(waiting.iter().map(|(position, _)| *position));
            }
            done.extend(phase.done.iter().copied());
            for step in phase.done.iter().filter_map(|position| steps.get(*position)) {
                self.record(step);
            }
            opened.append(&mut phase.opened);
            if let Some((position, failure)) = phase.refusal {
                return Err(self.give_up(steps, position, failure, done, &opened));
            }
        }
        Ok(opened)
    }

    fn give_up(
        &mut self,
        steps: &[Step],
        position: usize,
        failure: Failure,
        mut done: Vec<usize>,
        opened: &[Opened],
    ) -> HostError {
        let closed: BTreeSet<&Key> = opened.iter().map(|o| &o.key).collect();
        done.retain(|d| !steps.get(*d).is_some_and(|step| closed.contains(step.key())));
        done.sort_unstable();
        for key in closed {
            self.program.parts.remove(key);
        }
        let step = steps.get(position).map(describe).unwrap_or_default();
        HostError { done, ..failure.during(step) }
    }

    fn goes_with(&self, dying: &BTreeSet<Namespace>, step: &Step) -> bool {
        match step {
            Step::Remove(key @ Key::Link(near, _)) => {
                let far = self.program.parts.get(key).and_then(|part| match part {
                    Part::Link(link) => Some(link.far_namespace),
                    _ => None,
                });
                dying.contains(near) && far.is_some_and(|far| dying.contains(&far))
            }
            Step::Remove(Key::Namespace(_)) => false,
            Step::Remove(key) => dying.contains(&key.namespace()),
            Step::Add(..) | Step::Replace(..) => false,
        }
    }

    fn phase(&mut self, group: &[Placed<'_>]) -> Phase {
        match group.first().map(|(_, step)| phase_of(step)) {
            Some((Kind::Namespace, _)) => self.one_by_one(group, Self::namespace_step),
            Some((Kind::Link, false)) => self.set_links(group),
            Some((Kind::Link, true)) => self.remove_links(group),
            Some((Kind::Netlink, _)) => self.netlink_steps(group),
            Some((Kind::Ruleset, _)) => self.one_by_one(group, Self::ruleset_step),
            Some((Kind::Listener, _)) => self.listener_steps(group),
            None => Phase::default(),
        }
    }

    fn one_by_one(&mut self, group: &[Placed<'_>], act: fn(&mut State, &Step) -> Outcome<()>) -> Phase {
        let mut phase = Phase::default();
        for (position, step) in group {
            phase.settle(*position, act(self, step));
            if phase.refusal.is_some() {
                break;
            }
        }
        phase
    }

    fn namespace_step(&mut self, step: &Step) -> Outcome<()> {
        match step {
            Step::Add(Key::Namespace(namespace), Part::Namespace { sysctls })
            | Step::Replace(Key::Namespace(namespace), Part::Namespace { sysctls }) => {
                if !self.spaces.contains_key(namespace) {
                    if let Namespace::Instance(_) = namespace {
                        return self.space(*namespace).map(|_| ());
                    }
                    let space = Space::create()?;
                    sysctl::set_neutral()?;
                    self.spaces.insert(*namespace, space);
                }
                self.space(*namespace)?.enter()?;
                sysctls.iter().try_for_each(|(name, value)| sysctl::set(name, value))
            }
            Step::Remove(Key::Namespace(namespace)) => {
                self.drop_space(*namespace);
                Ok(())
            }
            other => Err(mismatch(other)),
        }
    }

    /// Lets go of a namespace; the kernel takes it down when nothing else holds it.
    pub fn drop_space(&mut self, namespace: Namespace) {
        self.spaces.remove(&namespace);
        self.links.remove_all(namespace);
        self.counted.retain(|(ns, _), _| *ns != namespace);
    }

    /// Addresses, routes and rules: one send for each namespace.
    fn netlink_steps(&mut self, group: &[Placed<'_>]) -> Phase {
        let mut phase = Phase::default();
        let mut batches: BTreeMap<Namespace, Batch> = BTreeMap::new();
        for (position, step) in group {
            let namespace = step.key().namespace();
            if matches!(step, Step::Remove(_)) && !self.spaces.contains_key(&namespace) {
                phase.done.push(*position);
                continue;
            }
            match self.space(namespace).and_then(|_| self.requests_of(step)) {
                Ok(requests) => {
                    let batch = batches.entry(namespace).or_default();
                    batch.owners.push((*position, requests.len()));
                    batch.requests.extend(requests);
                }
                Err(failure) => {
                    phase.settle(*position, Err(failure));
                    break;
                }
            }
        }
        for (namespace, batch) in batches {
            let Ok(space) = self.space_mut(namespace) else { continue };
            let mut outcomes = space.route.each(batch.requests).into_iter();
            for (position, count) in batch.owners {
                let own: Vec<Outcome<()>> = outcomes.by_ref().take(count).collect();
                phase.settle(position, own.into_iter().collect());
            }
        }
        phase
    }

    fn requests_of(&self, step: &Step) -> Outcome<Vec<Request>> {
        let former = self.program.parts.get(step.key());
        Ok(match (step, former) {
            (Step::Add(Key::Address(ns, link, address), Part::Address(part)), _)
            | (Step::Replace(Key::Address(ns, link, address), Part::Address(part)), _) => {
                let index = self.link_index(*ns, link)?;
                if address.is_ipv6() {
                    self.space(*ns)?.enter()?;
                    sysctl::allow_ipv6(link)?;
                }
                let add = requests::address_add(index, *address, part.length);
                match former {
                    Some(Part::Address(old)) if old.length != part.length => {
                        vec![requests::address_delete(index, *address, old.length), add]
                    }
                    _ => vec![add],
                }
            }
            (Step::Remove(Key::Address(ns, link, address)), Some(Part::Address(old))) => {
                match self.links.index(*ns, link) {
                    Some(index) => vec![requests::address_delete(index, *address, old.length)],
                    None => Vec::new(),
                }
            }
            (Step::Add(Key::Neighbour(ns, link, address), Part::Neighbour(part)), _)
            | (Step::Replace(Key::Neighbour(ns, link, address), Part::Neighbour(part)), _) => {
                vec![requests::neighbour_set(self.link_index(*ns, link)?, *address, part.mac)]
            }
            (Step::Remove(Key::Neighbour(ns, link, address)), _) => match self.links.index(*ns, link) {
                Some(index) => vec![requests::neighbour_delete(index, *address)],
                None => Vec::new(),
            },
            (Step::Add(Key::Route(ns, table, to), Part::Route(part)), _)
            | (Step::Replace(Key::Route(ns, table, to), Part::Route(part)), _) => {
                vec![requests::route_set(*table, *to, self.way(*ns, &part.kind)?)]
            }
            (Step::Remove(Key::Route(_, table, to)), _) => vec![requests::route_delete(*table, *to)],
            (Step::Add(Key::RouteRule(_, family, priority), Part::RouteRule(rule)), _)
            | (Step::Replace(Key::RouteRule(_, family, priority), Part::RouteRule(rule)), _) => {
                let mut list = vec![requests::rule_add(*family, *priority, rule)];
                if let Some(Part::RouteRule(old)) = former
                    && old != rule
                {
                    list.push(requests::rule_delete(*family, *priority, old));
                }
                list
            }
            (Step::Remove(Key::RouteRule(_, family, priority)), Some(Part::RouteRule(old))) => {
                vec![requests::rule_delete(*family, *priority, old)]
            }
            (Step::Remove(_), None) => Vec::new(),
            (other, _) => return Err(mismatch(other)),
        })
    }

    fn way(&self, namespace: Namespace, kind: &RouteKind) -> Outcome<Way> {
        Ok(match kind {
            RouteKind::Link { link } => Way::Link(self.link_index(namespace, link)?),
            RouteKind::Via { gateway, link } => Way::Via(*gateway, self.link_index(namespace, link)?),
            RouteKind::Local => Way::Local,
            RouteKind::Throw => Way::Throw,
            RouteKind::Blackhole => Way::Blackhole,
            RouteKind::Unreachable => Way::Unreachable,
        })
    }

    fn ruleset_step(&mut self, step: &Step) -> Outcome<()> {
        match step {
            Step::Add(Key::Ruleset(ns), Part::Ruleset(rules))
            | Step::Replace(Key::Ruleset(ns), Part::Ruleset(rules)) => self.set_ruleset(*ns, rules),
            Step::Remove(Key::Ruleset(ns)) => match self.spaces.get_mut(ns) {
                Some(space) => nftables::remove(space.netfilter()?),
                None => Ok(()),
            },
            other => Err(mismatch(other)),
        }
    }

    /// By what differs from the ruleset in force, where that can be done; else whole. A change that the kernel refuses left
    /// everything as it was, so the whole ruleset is tried and has the last word.
    fn set_ruleset(&mut self, namespace: Namespace, rules: &Ruleset) -> Outcome<()> {
        let space = self.spaces.get_mut(&namespace).ok_or_else(|| absent(namespace))?;
        let former = match self.program.parts.get(&Key::Ruleset(namespace)) {
            Some(Part::Ruleset(former)) => Some(former),
            _ => None,
        };
        if let Some(change) = former.and_then(|former| nftables::between(former, rules)) {
            let netlink = space.netfilter()?;
            let counts = counters::read_chains(netlink, &change.uncounted)?;
            match netlink.transact(change.batch) {
                Ok(()) => {
                    self.add_counts(namespace, counts);
                    return Ok(());
                }
                Err(failure) => tracing::debug!(why = %failure.word, %namespace, "a ruleset is loaded whole"),
            }
        }
        self.keep_counts(namespace)?;
        let space = self.spaces.get_mut(&namespace).ok_or_else(|| absent(namespace))?;
        nftables::replace(space.netfilter()?, rules)
    }

    fn listener_steps(&mut self, group: &[Placed<'_>]) -> Phase {
        let mut phase = Phase::default();
        for (position, step) in group {
            let outcome = match step {
                Step::Add(key @ Key::Listener(ns, transport, address, port), Part::Listener(part))
                | Step::Replace(key @ Key::Listener(ns, transport, address, port), Part::Listener(part)) => self
                    .space(*ns)
                    .and_then(Space::enter)
                    .and_then(|()| listener::open(*transport, *address, *port, part.transparent))
                    .map(|socket| phase.opened.push(Opened { key: key.clone(), role: part.role, socket })),
                // The socket is its holder's: it stops listening when the holder closes it.
                Step::Remove(Key::Listener(..)) => Ok(()),
                other => Err(mismatch(other)),
            };
            phase.settle(*position, outcome);
            if phase.refusal.is_some() {
                break;
            }
        }
        phase
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Namespace,
    Link,
    /// Addresses, routes and rules.
    Netlink,
    Ruleset,
    Listener,
}

/// The kind of a step and whether it removes. Addresses, routes and rules are one phase: one needs the other only within a
/// namespace, where requests are answered in order.
fn phase_of(step: &Step) -> (Kind, bool) {
    let removes = matches!(step, Step::Remove(_));
    let kind = match step.key() {
        Key::Namespace(_) => Kind::Namespace,
        Key::Link(..) => Kind::Link,
        Key::Address(..) | Key::Neighbour(..) | Key::Route(..) | Key::RouteRule(..) => Kind::Netlink,
        Key::Ruleset(_) => Kind::Ruleset,
        Key::Listener(..) => Kind::Listener,
    };
    (kind, removes)
}

/// A ruleset that goes and comes again in the same steps stays until the new one takes its place: there is no moment
/// without a filter.
fn is_ruleset_that_returns(step: &Step, steps: &[Step]) -> bool {
    let Step::Remove(key @ Key::Ruleset(_)) = step else { return false };
    steps.iter().any(|later| matches!(later, Step::Add(again, _) if again == key))
}

fn removed_namespace(step: &Step) -> Option<Namespace> {
    match step {
        Step::Remove(Key::Namespace(namespace)) => Some(*namespace),
        _ => None,
    }
}

pub(crate) fn mismatch(step: &Step) -> Failure {
    Failure::new("read a step", format!("{}: the part is not of its key's kind", describe(step)))
}

fn describe(step: &Step) -> String {
    let verb = match step {
        Step::Add(..) => "add",
        Step::Replace(..) => "replace",
        Step::Remove(_) => "remove",
    };
    match step.key() {
        Key::Namespace(ns) => format!("{verb} namespace {ns}"),
        Key::Link(ns, name) => format!("{verb} link {name} in {ns}"),
        Key::Address(ns, link, address) => format!("{verb} address {address} on {link} in {ns}"),
        Key::Neighbour(ns, link, address) => format!("{verb} neighbour {address} on {link} in {ns}"),
        Key::Route(ns, table, to) => format!("{verb} route to {to} in table {table} of {ns}"),
        Key::RouteRule(ns, family, priority) => {
            format!("{verb} routing rule {priority} of {family:?} in {ns}")
        }
        Key::Ruleset(ns) => format!("{verb} ruleset of {ns}"),
        Key::Listener(ns, transport, address, port) => {
            format!("{verb} {transport:?} listener {} in {ns}", SocketAddr::new(*address, *port)).to_lowercase()
        }
    }
}
