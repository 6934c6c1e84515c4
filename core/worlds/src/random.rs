//! Random Worlds as texts, and the places that a question may name in them.

use crate::Dice;
use postern_model::{NetworkInterface, SITES, World, public_services};
use postern_names::Region;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::net::{IpAddr, Ipv6Addr};

const SUBNETS: u64 = 3;
const TABLES: u64 = 3;
const ACLS: u64 = 2;
const GROUPS: u64 = 3;

const DESTINATIONS: &[&str] = &[
    "0.0.0.0/0",
    "52.216.0.0/15",
    "52.216.0.0/16",
    "93.184.215.0/24",
    "10.N.1.0/24",
    "10.N.2.0/24",
    "10.N.3.0/24",
    "3.0.0.0/8",
    "list:1",
    "list:2",
];
const PROTOCOLS: &[&str] =
    &["all", "tcp", "tcp:443", "tcp:80", "tcp:1024-65535", "udp", "udp:53", "icmp", "icmp:8", "icmp:0"];
const PROTOCOLS_V6: &[&str] =
    &["all", "tcp", "tcp:443", "tcp:80", "tcp:1024-65535", "udp", "icmpv6", "icmpv6:128", "icmpv6:129", "icmp"];
const PEERS_V6: &[&str] =
    &["::/0", "2600:1f18::/32", "2600:1f18:0:100::/56", "2600:1f18:0:101::/64", "2600:1f18:0:200::/56", "2606::/16"];
const DESTINATIONS_V6: &[&str] =
    &["::/0", "2606:2800::/32", "2600:1f18:0:N01::/64", "2600:1f18:0:N02::/64", "2600:1f18::/32"];
const ENTRY_PEERS: &[&str] = &["0.0.0.0/0", "10.0.0.0/16", "10.0.1.0/24", "52.216.0.0/15", "3.0.0.0/8", "10.1.0.0/16"];
const RULE_PEERS: &[&str] = &[
    "0.0.0.0/0",
    "10.0.0.0/16",
    "10.0.1.0/24",
    "10.1.0.0/16",
    "52.216.0.0/15",
    "3.0.0.0/8",
    "s3",
    "list:1",
    "group:1",
    "group:2",
];

/// The text of a World: one or two VPCs with everything in them. Ids of VPC v begin at v * 10.
pub fn random(seed: u64) -> String {
    let dice = &mut Dice::new(seed);
    let mut text = String::from("list 1 10.0.2.0/24 52.216.0.0/15 10.0.2.128/25\nlist 2 3.0.0.0/16\n");
    let vpcs = 1 + dice.roll(2) as u64;
    let is_alike = dice.is(40);
    for v in 1..=vpcs {
        let second = if is_alike { 0 } else { v - 1 };
        let newer = &mut Dice::new(seed ^ (0x6666 * v));
        let has_v6 = newer.is(60);
        one(&mut Writer { text: &mut text, dice, newer, v, second, has_v6 });
    }
    if vpcs == 2 && !is_alike && dice.is(70) {
        text += "peering 1 vpc 1 vpc 2\n";
        for (v, far) in [(1, 1), (2, 0)] {
            for table in 1..=TABLES {
                if dice.is(80) {
                    let _ = writeln!(text, "route {} 10.{far}.0.0/16 pcx:1", v * 10 + table);
                }
            }
        }
        for (v, far) in [(1, 2), (2, 1)] {
            let (group, peer) = (v * 10 + 2, far * 10 + 1 + dice.roll(GROUPS as usize));
            let way = dice.pick(&["in", "out"]);
            let _ = writeln!(text, "rule {group} {way} tcp group:{peer}");
        }
    }
    if dice.is(8) {
        let _ = writeln!(text, "down {}", dice.pick(&["us-east-1a", "us-east-1b", "us-east-1c"]));
    }
    text
}

struct Writer<'a> {
    text: &'a mut String,
    dice: &'a mut Dice,
    v: u64,
    /// For what is of IPv6, so that everything else is as it would be without.
    newer: &'a mut Dice,
    /// The second number of the VPC's addresses.
    second: u64,
    /// The VPC has IPv6 too, and so have its subnets.
    has_v6: bool,
}

impl Writer<'_> {
    fn id(&self, n: u64) -> u64 {
        self.v * 10 + n
    }
    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.text, "{line}");
    }
    fn at(&self, subnet: u64, host: u64) -> String {
        format!("10.{}.{subnet}.{host}", self.second)
    }
    fn at_v6(&self, subnet: u64, host: u64) -> String {
        let host = if host == 0 { String::new() } else { format!("{host:x}") };
        format!("2600:1f18:0:{}0{subnet}::{host}", self.v)
    }
    fn some(&mut self, of: u64, most: usize) -> Vec<u64> {
        let count = 1 + self.dice.roll(most);
        let chosen: BTreeSet<u64> = (0..count).map(|_| 1 + self.dice.roll(of as usize) as u64).collect();
        chosen.into_iter().map(|n| self.id(n)).collect()
    }
    fn ids(list: &[u64]) -> String {
        list.iter().map(u64::to_string).collect::<Vec<_>>().join(" ")
    }
}

fn one(w: &mut Writer<'_>) {
    let v = w.v;
    let more = if w.dice.is(20) { format!(" 10.{}.0.0/16", 7 + v) } else { String::new() };
    let dns = if w.dice.is(85) { "" } else { " no-dns" };
    let range = w.second;
    let newer = if w.has_v6 { format!(" 2600:1f18:0:{v}00::/56") } else { String::new() };
    w.line(format_args!("vpc {v} 10.{range}.0.0/16{more}{newer}{dns}"));
    for n in 1..=SUBNETS {
        let (id, at) = (w.id(n), w.at(n, 0));
        let newer = if w.has_v6 { format!(" {}/64", w.at_v6(n, 0)) } else { String::new() };
        w.line(format_args!("subnet {id} vpc {v} {at}/24{newer}"));
    }
    let internet = w.dice.is(80);
    if internet {
        w.line(format_args!("igw {v} vpc {v}"));
    }
    borders(w);
    groups(w);
    for n in 1..=1 + w.dice.roll(5) as u64 {
        instance(w, n);
    }
    let nats = w.dice.roll(3) as u64;
    for n in 1..=nats {
        let subnet = 1 + w.dice.roll(SUBNETS as usize) as u64;
        let public = if internet && w.dice.is(80) { format!(" public 3.{v}.1.{n}") } else { String::new() };
        let (id, of, at) = (w.id(n), w.id(subnet), w.at(subnet, 100 + n));
        w.line(format_args!("nat {id} subnet {of} {at}{public}"));
    }
    endpoints(w);
    routes(w, nats);
}

/// Tables and ACLs with their subnets.
fn borders(w: &mut Writer<'_>) {
    let v = w.v;
    let tables: Vec<u64> = (0..SUBNETS).map(|_| w.dice.roll(TABLES as usize + 1) as u64).collect();
    let acls: Vec<u64> = (0..SUBNETS).map(|_| w.dice.roll(ACLS as usize + 1) as u64).collect();
    let of = |w: &Writer<'_>, all: &[u64], wanted: u64| {
        let found: Vec<u64> = (1..).zip(all).filter(|(_, n)| **n == wanted).map(|(subnet, _)| w.id(subnet)).collect();
        Writer::ids(&found)
    };
    for n in 1..=TABLES {
        let (id, subnets, main) = (w.id(n), of(w, &tables, n), if n == 1 { "main " } else { "" });
        w.line(format_args!("table {id} vpc {v} {main}subnets {subnets}"));
    }
    for n in 1..=ACLS {
        let (id, subnets) = (w.id(n), of(w, &acls, n));
        w.line(format_args!("acl {id} vpc {v} subnets {subnets}"));
        let mut seen = BTreeSet::new();
        for _ in 0..w.dice.roll(4) {
            let (number, way) = (1 + w.dice.roll(199), w.dice.pick(&["in", "out"]));
            let action = if w.dice.is(75) { "allow" } else { "deny" };
            let (protocol, peer) = (w.dice.pick(PROTOCOLS), w.dice.pick(ENTRY_PEERS));
            if seen.insert((number, way)) {
                w.line(format_args!("entry {id} {number} {way} {action} {protocol} {peer}"));
            }
        }
        for way in ["in", "out"] {
            if w.dice.is(93) {
                w.line(format_args!("entry {id} 200 {way} allow all 0.0.0.0/0"));
            }
            if w.has_v6 && w.newer.is(93) {
                w.line(format_args!("entry {id} 201 {way} allow all ::/0"));
            }
        }
        for _ in 0..if w.has_v6 { w.newer.roll(3) } else { 0 } {
            let (number, way) = (1 + w.newer.roll(199), w.newer.pick(&["in", "out"]));
            let action = if w.newer.is(70) { "allow" } else { "deny" };
            let (protocol, peer) = (w.newer.pick(PROTOCOLS_V6), w.newer.pick(PEERS_V6));
            if seen.insert((number, way)) {
                w.line(format_args!("entry {id} {number} {way} {action} {protocol} {peer}"));
            }
        }
    }
}

fn groups(w: &mut Writer<'_>) {
    let v = w.v;
    for n in 1..=GROUPS {
        let id = w.id(n);
        w.line(format_args!("group {id} vpc {v}"));
    }
    let (first, last) = (w.id(1), w.id(3));
    w.line(format_args!("rule {first} out all 0.0.0.0/0\nrule {first} in all 10.0.0.0/8"));
    w.line(format_args!("rule {last} out all 0.0.0.0/0\nrule {last} in all 0.0.0.0/0"));
    let (second, peer) = (w.id(2), w.dice.pick(&["0.0.0.0/0", "10.0.0.0/8"]));
    if w.dice.is(60) {
        w.line(format_args!("rule {second} out all 0.0.0.0/0\nrule {second} in tcp {peer}"));
    }
    if w.has_v6 {
        w.line(format_args!("rule {first} out all ::/0\nrule {first} in all 2600:1f18::/32"));
        w.line(format_args!("rule {last} out all ::/0\nrule {last} in all ::/0"));
        for _ in 0..w.newer.roll(4) {
            let group = 1 + w.newer.roll(GROUPS as usize) as u64;
            let (id, way, protocol) = (w.id(group), w.newer.pick(&["in", "out"]), w.newer.pick(PROTOCOLS_V6));
            let peer = w.newer.pick(PEERS_V6);
            w.line(format_args!("rule {id} {way} {protocol} {peer}"));
        }
    }
    for _ in 0..w.dice.roll(8) {
        let group = 1 + w.dice.roll(GROUPS as usize) as u64;
        let (id, way, protocol) = (w.id(group), w.dice.pick(&["in", "out"]), w.dice.pick(PROTOCOLS));
        let peer = match w.dice.pick(RULE_PEERS) {
            "group:1" => format!("group:{first}"),
            "group:2" => format!("group:{}", w.id(2)),
            other => other.to_owned(),
        };
        w.line(format_args!("rule {id} {way} {protocol} {peer}"));
    }
}

fn instance(w: &mut Writer<'_>, n: u64) {
    let subnet = 1 + w.dice.roll(SUBNETS as usize) as u64;
    let groups = w.some(GROUPS, 2);
    let v = w.v;
    let public = if w.dice.is(60) { format!(" public 3.{v}.0.{n}") } else { String::new() };
    let unchecked = if w.dice.is(15) { " unchecked" } else { "" };
    let stopped = if w.dice.is(10) { " stopped" } else { "" };
    let (id, of, at, groups) = (w.id(n), w.id(subnet), w.at(subnet, 10 + n), Writer::ids(&groups));
    let newer = if w.has_v6 && w.newer.is(75) { format!(" {}", w.at_v6(subnet, 10 + n)) } else { String::new() };
    w.line(format_args!("instance {id} subnet {of} {at}{newer} groups {groups}{public}{unchecked}{stopped}"));
}

fn endpoints(w: &mut Writer<'_>) {
    let v = w.v;
    let mut taken = BTreeSet::new();
    for n in 1..=w.dice.roll(3) as u64 {
        let service = if w.dice.is(80) { "s3" } else { "dynamodb" };
        let tables = w.some(TABLES, 2);
        let free: Vec<u64> = tables.into_iter().filter(|table| taken.insert((service, *table))).collect();
        let (id, tables) = (w.id(n), Writer::ids(&free));
        w.line(format_args!("endpoint {id} vpc {v} {service} tables {tables}"));
    }
    for n in 7..7 + w.dice.roll(3) as u64 {
        let service = w.dice.pick(&["s3", "sts"]);
        let (groups, subnets) = (w.some(GROUPS, 2), w.some(SUBNETS, 2));
        let is_dual = w.has_v6 && w.newer.is(60);
        let at = |w: &Writer<'_>, subnet: &u64| {
            let newer = if is_dual { format!(",{}", w.at_v6(subnet - v * 10, 50 + n)) } else { String::new() };
            format!("{subnet} {}{newer}", w.at(subnet - v * 10, 50 + n))
        };
        let places: Vec<String> = subnets.iter().map(|subnet| at(w, subnet)).collect();
        let (id, groups, places) = (w.id(n), Writer::ids(&groups), places.join(" "));
        w.line(format_args!("interface-endpoint {id} vpc {v} {service} groups {groups} at {places}"));
    }
}

fn routes(w: &mut Writer<'_>, nats: u64) {
    let (v, second) = (w.v, w.second);
    let first = w.id(1);
    w.line(format_args!("route {first} 0.0.0.0/0 igw:{v}"));
    if w.has_v6 {
        routes_v6(w);
    }
    let mut seen = BTreeSet::from([(1, 0)]);
    for _ in 0..w.dice.roll(8) {
        let table = 1 + w.dice.roll(TABLES as usize) as u64;
        let destination = w.dice.roll(DESTINATIONS.len());
        let nat = if nats > 0 { 1 + w.dice.roll(nats as usize) as u64 } else { 9 };
        let (nat, eni, gone) = (w.id(nat), w.id(1), w.id(9));
        let target = match w.dice.roll(9) {
            0..3 => format!("igw:{v}"),
            3..6 => format!("nat:{nat}"),
            6..8 => format!("eni:{eni}"),
            _ => format!("eni:{gone}"),
        };
        if seen.insert((table, destination)) {
            let to = DESTINATIONS[destination].replace('N', &second.to_string());
            let id = w.id(table);
            w.line(format_args!("route {id} {to} {target}"));
        }
    }
}

fn routes_v6(w: &mut Writer<'_>) {
    let v = w.v;
    let mut seen = BTreeSet::new();
    for _ in 0..2 + w.newer.roll(6) {
        let (table, destination) = (1 + w.newer.roll(TABLES as usize) as u64, w.newer.roll(DESTINATIONS_V6.len()));
        let (eni, gone) = (w.id(1), w.id(9));
        let target = match w.newer.roll(6) {
            0..4 => format!("igw:{v}"),
            4 => format!("eni:{eni}"),
            _ => format!("eni:{gone}"),
        };
        if seen.insert((table, destination)) {
            let (id, to) = (w.id(table), DESTINATIONS_V6[destination].replace('N', &v.to_string()));
            w.line(format_args!("route {id} {to} {target}"));
        }
    }
}

/// A router's own, nobody of a VPC, nobody of a subnet, nobody at all.
const OTHERS_V6: [Ipv6Addr; 4] = [
    Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1),
    Ipv6Addr::new(0x2600, 0x1f18, 0, 0x1ff, 0, 0, 0, 9),
    Ipv6Addr::new(0x2600, 0x1f18, 0, 0x101, 0, 0, 0, 0xc8),
    Ipv6Addr::new(0x2001, 0x4860, 0x4860, 0, 0, 0, 0, 0x8888),
];

/// Every place that a question may be about: what is there, and some that is not.
pub fn questions(world: &World) -> Vec<IpAddr> {
    let services = public_services(&Region::new("us-east-1"));
    let mut places: Vec<IpAddr> = services.iter().take(3).map(|service| service.address.into()).collect();
    places.extend(SITES.iter().flat_map(|site| site.addresses()));
    let addresses = || world.network_interfaces.values().flat_map(|eni| &eni.addresses);
    places.extend(world.network_interfaces.values().flat_map(NetworkInterface::every_address));
    places.extend(addresses().filter_map(|address| address.auto_public).map(IpAddr::V4));
    places.extend(world.addresses.values().map(|address| IpAddr::V4(address.public_ip)));
    places.extend(world.vpcs.values().filter_map(|vpc| vpc.resolver()).map(IpAddr::V4));
    let others = [
        [169, 254, 169, 253],
        [169, 254, 169, 254],
        [169, 254, 1, 1],
        [169, 254, 169, 123],
        [10, 0, 1, 1],
        [10, 0, 1, 200],
        [10, 0, 9, 9],
        [10, 1, 0, 5],
        [52, 217, 3, 3],
        [52, 216, 7, 7],
        [3, 0, 0, 9],
        [8, 8, 8, 8],
    ];
    places.extend(others.map(IpAddr::from));
    places.extend(OTHERS_V6.iter().map(|text| IpAddr::V6(*text)));
    places.sort();
    places.dedup();
    places
}
