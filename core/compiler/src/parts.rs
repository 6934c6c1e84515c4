//! Parts on their way into a program, and the numbers that every stop agrees on.

use postern_names::{Cidr, IpFamily, Protocol};
use postern_program::*;
use std::net::IpAddr;

/// The kernel table of a route table is this plus its number.
pub(crate) const FIRST_TABLE: u32 = 1000;
/// The kernel table of what a namespace reaches without a route table: in a VPC its interfaces.
pub(crate) const INNER_TABLE: u32 = 50;
/// The kernel's own main table, the only one that guests use.
pub(crate) const MAIN_TABLE: u32 = 254;
/// The priority of the rule for a route table is this plus its number.
const FIRST_RULE: u32 = 1000;
/// The priority of the rule for the inner table: after every route table's.
const INNER_RULE: u32 = 1_000_000;
/// The kernel table by which a subnet's interface endpoints answer is this plus the subnet's number, and so is the priority of
/// its rule: before the inner table's.
const FIRST_ANSWER: u32 = 900_000;

/// The priority of a guest's rule for a source address is this plus its place: before the guest's main table.
const FIRST_SOURCE_RULE: u32 = 10_000;
/// A guest's table for its second interface and those after it is this plus the device's number.
pub(crate) const FIRST_DEVICE_TABLE: u32 = 10_000;

/// An interface's largest packet inside a VPC.
pub(crate) const VPC_MTU: u32 = 9001;
/// The largest packet through an internet gateway.
pub(crate) const INTERNET_MTU: u32 = 1500;

#[derive(Default)]
pub(crate) struct Parts(Program);

impl Parts {
    pub fn program(self) -> Program {
        self.0
    }

    fn put(&mut self, key: Key, part: Part) {
        self.0.parts.insert(key, part);
    }

    pub fn namespace(&mut self, namespace: Namespace, sysctls: &[(&str, &str)]) {
        let sysctls = sysctls.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.put(Key::Namespace(namespace), Part::Namespace { sysctls });
    }

    pub fn link(&mut self, namespace: Namespace, link: Link) {
        self.put(Key::Link(namespace, link.near.name.clone()), Part::Link(link));
    }

    /// The address alone, without a range around it.
    pub fn single_address(&mut self, namespace: Namespace, link: &str, address: impl Into<IpAddr>) {
        let address = address.into();
        self.address(namespace, link, address, IpFamily::of(address).bits());
    }

    pub fn address(&mut self, namespace: Namespace, link: &str, address: impl Into<IpAddr>, length: u8) {
        self.put(Key::Address(namespace, link.to_owned(), address.into()), Part::Address(Address { length }));
    }

    /// Both ends of a link know each other's hardware address.
    pub fn neighbour(&mut self, namespace: Namespace, link: &str, address: impl Into<IpAddr>, mac: [u8; 6]) {
        self.put(Key::Neighbour(namespace, link.to_owned(), address.into()), Part::Neighbour(Neighbour { mac }));
    }

    pub fn route(&mut self, namespace: Namespace, table: u32, to: impl Into<Cidr>, kind: RouteKind) {
        self.put(Key::Route(namespace, table, to.into()), Part::Route(Route { kind }));
    }

    /// Packets marked with a route table's number look there first.
    pub fn table_rule(&mut self, namespace: Namespace, family: IpFamily, number: u32) {
        let rule = RouteRule { mark: Some(number), sent_from: None, table: FIRST_TABLE + number };
        self.put(Key::RouteRule(namespace, family, FIRST_RULE + number), Part::RouteRule(rule));
    }

    /// What the namespace's sockets send from a subnet's range looks first into the table that this gives back.
    pub fn answer_rule(&mut self, namespace: Namespace, subnet: u32, range: impl Into<Cidr>) -> u32 {
        let (table, range) = (FIRST_ANSWER + subnet, range.into());
        let rule = RouteRule { mark: None, sent_from: Some(range), table };
        self.put(Key::RouteRule(namespace, range.family(), table), Part::RouteRule(rule));
        table
    }

    /// Every packet looks into the inner table at last. What is not there either is dropped without a word.
    pub fn inner_rule(&mut self, namespace: Namespace, family: IpFamily) {
        let rule = RouteRule { mark: None, sent_from: None, table: INNER_TABLE };
        self.put(Key::RouteRule(namespace, family, INNER_RULE), Part::RouteRule(rule));
    }

    /// Packets from an address look into a table of their own; the place says which of several such rules it is.
    pub fn source_rule(&mut self, namespace: Namespace, place: u32, source: IpAddr, table: u32) {
        let rule = RouteRule { mark: None, sent_from: Some(Cidr::host(source)), table };
        self.put(Key::RouteRule(namespace, IpFamily::of(source), FIRST_SOURCE_RULE + place), Part::RouteRule(rule));
    }

    pub fn ruleset(&mut self, namespace: Namespace, tables: Vec<Table>) {
        self.put(Key::Ruleset(namespace), Part::Ruleset(Ruleset { tables }));
    }

    pub fn listener(&mut self, at: (Namespace, Transport, IpAddr, u16), role: Role, transparent: bool) {
        let (namespace, transport, address, port) = at;
        self.put(Key::Listener(namespace, transport, address, port), Part::Listener(Listener { role, transparent }));
    }
}

/// A link's end with nothing special about it.
pub(crate) fn plain_end(name: &str) -> LinkEnd {
    LinkEnd { name: name.to_owned(), group: 0, mac: None, proxy_arp: false }
}

pub(crate) fn rule(matches: Vec<Match>, action: Action) -> Rule {
    Rule { matches, action, comment: None, counter: false }
}

/// A counted drop. The comment begins with the stop's word.
pub(crate) fn drop_rule(matches: Vec<Match>, comment: String) -> Rule {
    Rule { matches, action: Action::Drop, comment: Some(comment), counter: true }
}

/// A filter chain at a hook of the IP family.
pub(crate) fn hooked(name: &str, kind: HookKind, priority: i32, policy: Policy, rules: Vec<Rule>) -> Chain {
    Chain { name: name.to_owned(), hook: Some(Hook { kind, priority, policy, device: None }), rules }
}

pub(crate) fn chain(name: &str, rules: Vec<Rule>) -> Chain {
    Chain { name: name.to_owned(), hook: None, rules }
}

pub(crate) fn set(name: &str, key: &[Field], elements: Vec<Vec<Atom>>) -> Set {
    Set { name: name.to_owned(), key: key.to_vec(), interval: false, elements }
}

pub(crate) fn map(name: &str, key: &[Field], elements: Vec<(Vec<Atom>, MapValue)>) -> Map {
    Map { name: name.to_owned(), key: key.to_vec(), elements }
}

pub(crate) fn tcp(port: u16) -> Vec<Match> {
    port_of(Protocol::Tcp, port)
}

pub(crate) fn udp(port: u16) -> Vec<Match> {
    port_of(Protocol::Udp, port)
}

fn port_of(protocol: Protocol, port: u16) -> Vec<Match> {
    let ports = postern_names::PortRange { first: port, last: port };
    protocol.number().map(Match::Protocol).into_iter().chain([Match::DestinationPort(ports)]).collect()
}
