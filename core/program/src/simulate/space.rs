//! The namespaces of a program, made ready for look-ups: addresses, links, routing.

use super::packet::{Packet, Payload};
use super::{Place, Receiver};
use crate::part::*;
use crate::ruleset::Ruleset;
use postern_names::{Cidr, IpFamily};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// The table that guests use; the others have rules of their own.
const MAIN_TABLE: u32 = 254;

pub(super) struct Spaces<'p>(BTreeMap<Namespace, Space<'p>>);

#[derive(Default)]
pub(super) struct Space<'p> {
    addresses: BTreeSet<IpAddr>,
    /// Longest prefix first.
    tables: BTreeMap<u32, Vec<(Cidr, Kind<'p>)>>,
    /// In the order of their priorities.
    rules: Vec<(IpFamily, &'p RouteRule)>,
    listeners: BTreeMap<(Transport, IpAddr, u16), &'p Listener>,
    ends: BTreeMap<&'p str, End<'p>>,
    pub ruleset: Option<&'p Ruleset>,
    forwards: bool,
    forwards_v6: bool,
}

enum Kind<'p> {
    Made(&'p RouteKind),
    /// The subnet of an address on a link.
    Connected(&'p str),
}

/// One end of a link, seen from its own namespace.
pub(super) struct End<'p> {
    pub group: u32,
    pub proxy_arp: bool,
    /// Whether the next hop is asked for.
    pub arp: bool,
    pub peer: (Namespace, &'p str),
}

/// Where routing sends a packet.
#[derive(Clone, Copy)]
pub(super) enum Way<'p> {
    Here,
    Out { link: &'p str, next_hop: IpAddr },
}

impl<'p> Spaces<'p> {
    pub fn new(program: &'p Program) -> Self {
        let mut spaces: BTreeMap<Namespace, Space<'p>> = BTreeMap::new();
        for (key, part) in &program.parts {
            match (key, part) {
                (Key::Link(near, _), Part::Link(link)) => {
                    let (a, b) = ((*near, &link.near), (link.far_namespace, &link.far));
                    for ((namespace, own), (peer, other)) in [(a, b), (b, a)] {
                        let (group, proxy_arp, arp) = (own.group, own.proxy_arp, link.arp);
                        let end = End { group, proxy_arp, arp, peer: (peer, &other.name) };
                        spaces.entry(namespace).or_default().ends.insert(&own.name, end);
                    }
                }
                _ => spaces.entry(key.namespace()).or_default().add(key, part),
            }
        }
        for space in spaces.values_mut() {
            for table in space.tables.values_mut() {
                table.sort_by_key(|(to, _)| std::cmp::Reverse(to.length()));
            }
        }
        Self(spaces)
    }

    pub fn get(&self, namespace: Namespace) -> Option<&Space<'p>> {
        self.0.get(&namespace)
    }
}

impl<'p> Space<'p> {
    fn add(&mut self, key: &'p Key, part: &'p Part) {
        match (key, part) {
            (Key::Namespace(_), Part::Namespace { sysctls }) => {
                let is_on = |wanted: &str| sysctls.iter().any(|(name, value)| name == wanted && value == "1");
                self.forwards = is_on("net.ipv4.ip_forward");
                self.forwards_v6 = is_on("net.ipv6.conf.all.forwarding");
            }
            (Key::Address(_, link, address), Part::Address(Address { length })) => {
                self.addresses.insert(*address);
                if let Some(subnet) = Cidr::new(*address, *length).filter(|_| *length < IpFamily::of(*address).bits()) {
                    self.tables.entry(MAIN_TABLE).or_default().push((subnet, Kind::Connected(link)));
                }
            }
            (Key::Route(_, table, to), Part::Route(route)) => {
                self.tables.entry(*table).or_default().push((*to, Kind::Made(&route.kind)));
            }
            (Key::RouteRule(_, family, _), Part::RouteRule(rule)) => self.rules.push((*family, rule)),
            (Key::Ruleset(_), Part::Ruleset(ruleset)) => self.ruleset = Some(ruleset),
            (Key::Listener(_, transport, address, port), Part::Listener(listener)) => {
                self.listeners.insert((*transport, *address, *port), listener);
            }
            _ => {}
        }
    }

    pub fn end(&self, link: &str) -> Option<&End<'p>> {
        self.ends.get(link)
    }

    pub fn has_address(&self, address: IpAddr) -> bool {
        self.addresses.contains(&address)
    }

    /// The kernel's look-up: own addresses, then rule by rule. `sent_from` is the source of what the namespace itself sends.
    pub fn route(
        &self,
        is_guest: bool,
        destination: IpAddr,
        mark: u32,
        sent_from: Option<IpAddr>,
    ) -> Result<Way<'p>, Place> {
        if self.has_address(destination) {
            return Ok(Way::Here);
        }
        let family = IpFamily::of(destination);
        let is_meant = |(of, rule): &&(IpFamily, &RouteRule)| {
            *of == family
                && rule.mark.is_none_or(|wanted| wanted == mark)
                && rule.sent_from.is_none_or(|range| sent_from.is_some_and(|source| range.contains(source)))
        };
        let ruled = self.rules.iter().filter(is_meant).map(|(_, rule)| rule.table);
        let tables: Vec<u32> = ruled.chain(is_guest.then_some(MAIN_TABLE)).collect();
        for number in tables {
            let Some(table) = self.tables.get(&number) else { continue };
            let Some((to, kind)) = table.iter().find(|(to, _)| to.contains(destination)) else { continue };
            return match kind {
                Kind::Connected(link) => Ok(Way::Out { link, next_hop: destination }),
                Kind::Made(RouteKind::Link { link }) => Ok(Way::Out { link, next_hop: destination }),
                Kind::Made(RouteKind::Via { gateway, link }) => Ok(Way::Out { link, next_hop: *gateway }),
                Kind::Made(RouteKind::Local) => Ok(Way::Here),
                Kind::Made(RouteKind::Throw) => continue,
                Kind::Made(RouteKind::Blackhole | RouteKind::Unreachable) => Err(Place::Route(number, *to)),
            };
        }
        Err(Place::NoRoute)
    }

    /// Whether the namespace forwards packets of the family.
    pub fn forwards(&self, family: IpFamily) -> bool {
        match family {
            IpFamily::V4 => self.forwards,
            IpFamily::V6 => self.forwards_v6,
        }
    }

    /// Whether a neighbour's question on the link is answered: for what routing delivers here, or, of IPv4, by proxy for
    /// what it sends elsewhere. An IPv6 address is answered for where it is.
    pub fn answers_arp(&self, is_guest: bool, link: &str, address: IpAddr) -> bool {
        if address.is_ipv6() {
            return self.has_address(address);
        }
        match self.route(is_guest, address, 0, None) {
            Ok(Way::Here) => true,
            Ok(Way::Out { link: other, .. }) => other != link && self.end(link).is_some_and(|end| end.proxy_arp),
            Err(_) => false,
        }
    }

    /// What takes a packet that routing delivers here.
    pub fn receiver(&self, is_guest: bool, packet: Packet) -> Receiver {
        if is_guest {
            return if self.has_address(packet.destination) { Receiver::Guest } else { Receiver::Appliance };
        }
        let (transport, port) = match packet.payload {
            Payload::Tcp { destination_port, .. } => (Transport::Tcp, destination_port),
            Payload::Udp { destination_port, .. } => (Transport::Udp, destination_port),
            Payload::Echo { is_reply: false, .. } if self.has_address(packet.destination) => return Receiver::Echo,
            Payload::Echo { .. } | Payload::Other(_) => return Receiver::Nobody,
        };
        let at = |address| self.listeners.get(&(transport, address, port));
        let can_answer = |listener: &&&Listener| listener.transparent || self.has_address(packet.destination);
        at(packet.destination)
            .or_else(|| at(IpFamily::of(packet.destination).unspecified()))
            .filter(can_answer)
            .map_or(Receiver::Nobody, |listener| Receiver::Listener(listener.role))
    }
}
