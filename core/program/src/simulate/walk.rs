//! The way of packets from namespace to namespace.

use super::filter::{self, Sight, TRACKING};
use super::packet::Packet;
use super::space::{Space, Spaces, Way};
use super::track::{Seen, Tracker};
use super::{Arrival, Fate, Loss, Place};
use crate::part::Namespace;
use crate::ruleset::HookKind;
use std::collections::BTreeMap;
use std::net::IpAddr;

const TIME_TO_LIVE: u32 = 64;

/// One question and what it leaves behind: the connections that namespaces know.
pub(super) struct Walk<'s, 'p> {
    spaces: &'s Spaces<'p>,
    trackers: BTreeMap<Namespace, Tracker>,
    none: Space<'p>,
}

/// A packet between two namespaces.
struct Flight<'p> {
    to: (Namespace, &'p str),
    packet: Packet,
}

/// A packet inside a namespace.
#[derive(Clone, Copy)]
struct Visit<'p> {
    namespace: Namespace,
    packet: Packet,
    mark: u32,
    in_link: Option<&'p str>,
    seen: Seen,
}

enum Next<'p> {
    Flies(Flight<'p>),
    Ends(Fate),
}

impl<'s, 'p> Walk<'s, 'p> {
    pub fn new(spaces: &'s Spaces<'p>) -> Self {
        Self { spaces, trackers: BTreeMap::new(), none: Space::default() }
    }

    /// Sends a packet of the namespace's own.
    pub fn send(&mut self, namespace: Namespace, packet: Packet) -> Fate {
        let mut next = self.depart(namespace, packet).unwrap_or_else(dropped);
        for _ in 0..TIME_TO_LIVE {
            match next {
                Next::Ends(fate) => return fate,
                Next::Flies(flight) => next = self.enter(flight).unwrap_or_else(dropped),
            }
        }
        Fate::Dropped(Loss { namespace, place: Place::TimeToLive, comment: None })
    }

    fn space(&self, namespace: Namespace) -> &Space<'p> {
        self.spaces.get(namespace).unwrap_or(&self.none)
    }

    /// Local output: routing, the output chains, and out.
    fn depart(&mut self, namespace: Namespace, mut packet: Packet) -> Result<Next<'p>, Loss> {
        let way = self.way(namespace, packet.destination, 0, Some(packet.source))?;
        let seen = self.trackers.entry(namespace).or_default().look(&mut packet);
        let mut visit = Visit { namespace, packet, mark: 0, in_link: None, seen };
        match way {
            Way::Here => {
                visit.in_link = Some("lo");
                self.filter(HookKind::Output, i32::MIN..i32::MAX, &mut visit, Some("lo"))?;
                self.deliver(visit)
            }
            Way::Out { link, next_hop } => {
                self.filter(HookKind::Output, i32::MIN..i32::MAX, &mut visit, Some(link))?;
                self.leave(visit, link, next_hop)
            }
        }
    }

    /// From a link: device hook, prerouting, routing, then in or through.
    fn enter(&mut self, flight: Flight<'p>) -> Result<Next<'p>, Loss> {
        let (namespace, link) = flight.to;
        let unseen = Seen::unknown();
        let mut visit = Visit { namespace, packet: flight.packet, mark: 0, in_link: Some(link), seen: unseen };
        self.filter(HookKind::Ingress, i32::MIN..i32::MAX, &mut visit, None)?;
        self.filter(HookKind::Prerouting, i32::MIN..TRACKING, &mut visit, None)?;
        visit.seen = self.trackers.entry(namespace).or_default().look(&mut visit.packet);
        self.filter(HookKind::Prerouting, TRACKING..i32::MAX, &mut visit, None)?;
        if is_guest(namespace) {
            return self.deliver(visit);
        }
        match self.way(namespace, visit.packet.destination, visit.mark, None)? {
            Way::Here => self.deliver(visit),
            Way::Out { link, next_hop } => {
                if !self.space(namespace).forwards(visit.packet.family()) {
                    return Err(Loss { namespace, place: Place::NotForwarding, comment: None });
                }
                self.filter(HookKind::Forward, i32::MIN..i32::MAX, &mut visit, Some(link))?;
                self.leave(visit, link, next_hop)
            }
        }
    }

    fn deliver(&mut self, mut visit: Visit<'p>) -> Result<Next<'p>, Loss> {
        self.filter(HookKind::Input, i32::MIN..i32::MAX, &mut visit, None)?;
        let Visit { namespace, packet, seen, .. } = visit;
        let mut confirmed = packet;
        self.trackers.entry(namespace).or_default().confirm(&mut confirmed, seen, None);
        let receiver = self.space(namespace).receiver(is_guest(namespace), packet);
        Ok(Next::Ends(Fate::Delivered(Arrival { namespace, receiver, packet })))
    }

    /// Postrouting, translation, device hook, and across the link to whoever answers for the next hop.
    fn leave(&mut self, mut visit: Visit<'p>, link: &'p str, next_hop: IpAddr) -> Result<Next<'p>, Loss> {
        let all = i32::MIN..i32::MAX;
        self.filter(HookKind::Postrouting, all.clone(), &mut visit, Some(link))?;
        let translated = self.filter(HookKind::SourceNat, all.clone(), &mut visit, Some(link))?;
        let (namespace, seen) = (visit.namespace, visit.seen);
        self.trackers.entry(namespace).or_default().confirm(&mut visit.packet, seen, translated);
        self.filter(HookKind::Egress, all, &mut visit, Some(link))?;
        let lost = Loss { namespace, place: Place::Neighbour(next_hop), comment: None };
        let Some(end) = self.space(namespace).end(link) else { return Err(lost) };
        let (peer, name) = end.peer;
        if end.arp && !self.space(peer).answers_arp(is_guest(peer), name, next_hop) {
            return Err(lost);
        }
        Ok(Next::Flies(Flight { to: (peer, name), packet: visit.packet }))
    }

    fn way(
        &self,
        namespace: Namespace,
        destination: IpAddr,
        mark: u32,
        sent_from: Option<IpAddr>,
    ) -> Result<Way<'p>, Loss> {
        let route = self.space(namespace).route(is_guest(namespace), destination, mark, sent_from);
        route.map_err(|place| Loss { namespace, place, comment: None })
    }

    fn filter(
        &self,
        kind: HookKind,
        priorities: std::ops::Range<i32>,
        visit: &mut Visit<'p>,
        out_link: Option<&str>,
    ) -> Result<Option<IpAddr>, Loss> {
        let space = self.space(visit.namespace);
        let group = |link: &str| space.end(link).map_or(0, |end| end.group);
        let mut sight = Sight {
            packet: &mut visit.packet,
            mark: &mut visit.mark,
            in_link: visit.in_link.map(|link| (link, group(link))),
            out_link: out_link.map(|link| (link, group(link))),
            state: visit.seen.state(),
        };
        filter::run(visit.namespace, space.ruleset, kind, priorities, &mut sight)
    }
}

fn dropped<'p>(loss: Loss) -> Next<'p> {
    Next::Ends(Fate::Dropped(loss))
}

fn is_guest(namespace: Namespace) -> bool {
    matches!(namespace, Namespace::Instance(_))
}
