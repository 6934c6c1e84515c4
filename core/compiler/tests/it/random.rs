//! Random Worlds, and the questions they are asked: the simulated program against the second opinion.

use crate::plain::{is_for_an_endpoint, plain};
use crate::questions::{Question, What, Who, answer};
use postern_compiler::{compile, compile_internet, compile_vpc, touched};
use postern_model::{Change, Done, Entity, SITES, World, public_services};
use postern_names::{InstanceId, Region, SecurityGroupId, VpcEndpointId, VpcId};
use postern_program::simulate::Simulator;
use postern_program::{apply_to, check, diff};
use postern_worlds::world;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::net::Ipv4Addr;

const VPCS: u64 = 3;
const SUBNETS: u64 = 3;
const TABLES: u64 = 3;

/// One VPC as lists of choices; the text is made from it.
#[derive(Debug, Clone)]
struct Choices {
    /// Whether its ranges are its own; else they are those of every other such VPC.
    apart: bool,
    second_cidr: bool,
    dns: bool,
    internet: bool,
    /// The table of each subnet, 0 for the main one; the ACL likewise.
    subnets: Vec<(u64, u64)>,
    routes: Vec<(u64, usize, usize)>,
    entries: Vec<(u64, u16, bool, bool, usize, usize)>,
    rules: Vec<(u64, bool, usize, usize)>,
    /// Subnet, groups, public, unchecked, stopped.
    instances: Vec<(u64, BTreeSet<u64>, bool, bool, bool)>,
    /// Subnet and whether it is public.
    nats: Vec<(u64, bool)>,
    /// Service and tables.
    endpoints: Vec<(bool, BTreeSet<u64>)>,
    /// Whether S3, groups, subnets.
    interface_endpoints: Vec<(bool, BTreeSet<u64>, BTreeSet<u64>)>,
}

const DESTINATIONS: &[&str] = &[
    "0.0.0.0/0",
    "52.216.0.0/15",
    "52.216.0.0/16",
    "93.184.215.0/24",
    "10.0.1.0/24",
    "10.0.2.0/24",
    "10.0.3.0/24",
    "3.0.0.0/8",
    "list:1",
    "list:2",
    "vpc:1",
    "vpc:2",
    "vpc:3",
    "10.0.0.0/8",
];
const PROTOCOLS: &[&str] =
    &["all", "tcp", "tcp:443", "tcp:80", "tcp:1024-65535", "udp", "udp:53", "icmp", "icmp:8", "icmp:0"];
const PEERS: &[&str] = &[
    "0.0.0.0/0",
    "10.0.0.0/16",
    "10.0.1.0/24",
    "52.216.0.0/15",
    "3.0.0.0/8",
    "s3",
    "list:1",
    "group:1",
    "group:2",
    "far:1",
    "far:2",
    "10.0.0.0/8",
];

fn choices() -> impl Strategy<Value = Choices> {
    let likely = || prop::bool::weighted(0.8);
    let seldom = || prop::bool::weighted(0.2);
    let instance =
        (1..=SUBNETS, prop::collection::btree_set(1u64..=3, 1..3), likely(), seldom(), prop::bool::weighted(0.1));
    let interface_endpoint =
        (any::<bool>(), prop::collection::btree_set(1u64..=3, 1..3), prop::collection::btree_set(1..=SUBNETS, 1..3));
    (
        (likely(), seldom(), likely(), likely()),
        prop::collection::vec((0..=TABLES, 0u64..=2), SUBNETS as usize),
        prop::collection::vec((1..=TABLES, 0..DESTINATIONS.len(), 0usize..10), 0..8),
        prop::collection::vec((1u64..=2, 1u16..200, any::<bool>(), likely(), 0..PROTOCOLS.len(), 0usize..5), 0..8),
        prop::collection::vec((1u64..=3, any::<bool>(), 0..PROTOCOLS.len(), 0..PEERS.len()), 0..8),
        prop::collection::vec(instance, 1..6),
        prop::collection::vec((1..=SUBNETS, likely()), 0..3),
        (
            prop::collection::vec((likely(), prop::collection::btree_set(1..=TABLES, 1..3)), 0..2),
            prop::collection::vec(interface_endpoint, 0..3),
        ),
    )
        .prop_map(
            |((apart, second_cidr, dns, internet), subnets, routes, entries, rules, instances, nats, ends)| {
                let (endpoints, interface_endpoints) = ends;
                Choices {
                    apart,
                    second_cidr,
                    dns,
                    internet,
                    subnets,
                    routes,
                    entries,
                    rules,
                    instances,
                    nats,
                    endpoints,
                    interface_endpoints,
                }
            },
        )
}

/// What VPCs have to do with each other.
#[derive(Debug, Clone)]
struct Between {
    /// Pairs of VPCs, and whether both main tables lead to the other side.
    peerings: Vec<(u64, u64, bool)>,
    zones_down: BTreeSet<&'static str>,
}

fn between() -> impl Strategy<Value = Between> {
    let pairs = prop::sample::subsequence(vec![(1, 2), (2, 3), (3, 1)], 0..=3);
    let zones = prop::sample::select(vec!["us-east-1a", "us-east-1b", "us-east-1c"]);
    let down = prop_oneof![4 => Just(BTreeSet::new()), 1 => prop::collection::btree_set(zones, 1..2)];
    (pairs, prop::bool::weighted(0.9), down).prop_map(|(pairs, routed, zones_down)| {
        let peerings = pairs.into_iter().map(|(a, b)| (a, b, routed)).collect();
        Between { peerings, zones_down }
    })
}

/// Where the ranges of VPC v begin: `10.0` or its own.
fn base(v: u64, c: &Choices) -> String {
    if c.apart { format!("10.{}", 10 + v) } else { "10.0".to_owned() }
}

/// Ids of VPC v begin at v * 10.
fn text(all: &[Choices], between: &Between) -> String {
    let mut text = String::from("list 1 10.0.2.0/24 52.216.0.0/15 10.0.2.128/25\nlist 2 3.0.0.0/16\n");
    let bases: Vec<String> = (1..).zip(all).map(|(v, c)| base(v, c)).collect();
    for (v, choices) in (1..).zip(all) {
        let mut own = String::new();
        let _ = one(&mut own, v, choices);
        let second = format!("10.{}.", if choices.apart { 20 + v } else { 1 });
        text += &own.replace("10.0.", &format!("{}.", bases[v as usize - 1])).replace("10.1.", &second);
    }
    let of = |v: u64| bases.get(v as usize - 1).map(|base| format!("{base}.0.0/16"));
    let mut routed = Vec::new();
    for (n, (a, b, both)) in (1..).zip(&between.peerings) {
        if let (Some(near), Some(far)) = (of(*a), of(*b))
            && near != far
        {
            let _ = writeln!(text, "peering {n} vpc {a} vpc {b}");
            if *both {
                routed.extend([(*a, far, n), (*b, near, n)]);
            }
        }
    }
    for (v, to, n) in routed {
        let _ = writeln!(text, "rule {} in all {to}", v * 10 + 1);
        for table in 1..=TABLES {
            let _ = writeln!(text, "route {} {to} pcx:{n}", v * 10 + table);
        }
    }
    for zone in &between.zones_down {
        let _ = writeln!(text, "down {zone}");
    }
    known_names(&text, &bases)
}

/// Puts in ranges for VPCs' names and groups of other VPCs, and leaves out lines that would say a thing twice or name what is
/// not there.
fn known_names(text: &str, bases: &[String]) -> String {
    let count = bases.len() as u64;
    let mut seen = BTreeSet::new();
    let mut kept = String::new();
    for line in text.lines() {
        let mut words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let own = words.get(1).and_then(|n| n.parse::<u64>().ok()).map_or(0, |n| n / 10);
        if words[0] == "route" {
            if let Some(v) = words[2].strip_prefix("vpc:").and_then(|v| v.parse::<usize>().ok()) {
                match bases.get(v - 1) {
                    Some(base) => words[2] = format!("{base}.0.0/16"),
                    None => continue,
                }
            }
            let is_own = bases.get(own as usize - 1).is_some_and(|base| words[2] == format!("{base}.0.0/16"));
            if is_own || !seen.insert((words[1].clone(), words[2].clone())) {
                continue;
            }
        }
        if words[0] == "rule"
            && let Some(n) = words[4].strip_prefix("far:")
        {
            let other = own % count + 1;
            words[4] = format!("group:{}", other * 10 + n.parse::<u64>().unwrap_or(1));
        }
        kept += &words.join(" ");
        kept.push('\n');
    }
    kept
}

fn one(text: &mut String, v: u64, c: &Choices) -> std::fmt::Result {
    let id = |n: u64| v * 10 + n;
    let list = |of: Vec<u64>| of.iter().map(u64::to_string).collect::<Vec<_>>().join(" ");
    let second = if c.second_cidr { " 10.1.0.0/16" } else { "" };
    writeln!(text, "vpc {v} 10.0.0.0/16{second}{}", if c.dns { "" } else { " no-dns" })?;
    for n in 1..=SUBNETS {
        writeln!(text, "subnet {} vpc {v} 10.0.{n}.0/24", id(n))?;
    }
    if c.internet {
        writeln!(text, "igw {v} vpc {v}")?;
    }
    let with = |wanted: u64, pick: fn(&(u64, u64)) -> u64| {
        let found = (1..).zip(&c.subnets).filter(|(_, s)| pick(s) == wanted).map(|(n, _)| id(n));
        list(found.collect())
    };
    for n in 1..=TABLES {
        let main = if n == 1 { "main " } else { "" };
        writeln!(text, "table {} vpc {v} {main}subnets {}", id(n), with(n, |s| s.0))?;
    }
    for n in 1..=2 {
        writeln!(text, "acl {} vpc {v} subnets {}", id(n), with(n, |s| s.1))?;
    }
    let mut seen = BTreeSet::new();
    for (acl, number, out, allow, protocol, peer) in &c.entries {
        if seen.insert((acl, number, out)) {
            let (way, action) = (if *out { "out" } else { "in" }, if *allow { "allow" } else { "deny" });
            writeln!(text, "entry {} {number} {way} {action} {} {}", id(*acl), PROTOCOLS[*protocol], PEERS[*peer])?;
        }
    }
    for acl in 1..=2 {
        for way in ["in", "out"] {
            writeln!(text, "entry {} 200 {way} allow all 0.0.0.0/0", id(acl))?;
        }
    }
    for n in 1..=3 {
        writeln!(text, "group {} vpc {v}", id(n))?;
    }
    writeln!(text, "rule {} out all 0.0.0.0/0\nrule {} in all 10.0.0.0/16", id(1), id(1))?;
    writeln!(text, "rule {} out all 0.0.0.0/0\nrule {} in all 0.0.0.0/0", id(3), id(3))?;
    writeln!(text, "route {} 0.0.0.0/0 igw:{v}", id(1))?;
    for (group, out, protocol, peer) in &c.rules {
        let peer = match PEERS[*peer].strip_prefix("group:") {
            Some(n) => format!("group:{}", id(n.parse().unwrap_or(1))),
            None => PEERS[*peer].to_owned(),
        };
        let way = if *out { "out" } else { "in" };
        writeln!(text, "rule {} {way} {} {peer}", id(*group), PROTOCOLS[*protocol])?;
    }
    for (n, (subnet, groups, public, unchecked, stopped)) in (1..).zip(&c.instances) {
        let groups = list(groups.iter().map(|g| id(*g)).collect());
        let public = if *public { format!(" public 3.{v}.0.{n}") } else { String::new() };
        let flags = [(*unchecked, " unchecked"), (*stopped, " stopped")];
        let flags: String = flags.iter().filter(|(on, _)| *on).map(|(_, word)| *word).collect();
        writeln!(
            text,
            "instance {} subnet {} 10.0.{subnet}.{} groups {groups}{public}{flags}",
            id(n),
            id(*subnet),
            10 + n
        )?;
    }
    for (n, (subnet, public)) in (1..).zip(&c.nats) {
        let public = if *public && c.internet { format!(" public 3.{v}.1.{n}") } else { String::new() };
        writeln!(text, "nat {} subnet {} 10.0.{subnet}.{}{public}", id(n), id(*subnet), 100 + n)?;
    }
    let mut taken = BTreeSet::new();
    for (n, (s3, tables)) in (1..).zip(&c.endpoints) {
        let service = if *s3 { "s3" } else { "dynamodb" };
        let free: Vec<u64> = tables.iter().filter(|t| taken.insert((service, **t))).map(|t| id(*t)).collect();
        writeln!(text, "endpoint {} vpc {v} {service} tables {}", id(n), list(free))?;
    }
    for (n, (s3, groups, subnets)) in (7..).zip(&c.interface_endpoints) {
        let service = if *s3 { "s3" } else { "sts" };
        let groups = list(groups.iter().map(|g| id(*g)).collect());
        let places: Vec<String> = subnets.iter().map(|s| format!("{} 10.0.{s}.{}", id(*s), 50 + n)).collect();
        writeln!(text, "interface-endpoint {} vpc {v} {service} groups {groups} at {}", id(n), places.join(" "))?;
    }
    let mut seen = BTreeSet::from([(&1, &0)]);
    for (table, destination, target) in &c.routes {
        if seen.insert((table, destination)) {
            let target = match target {
                0..3 => format!("igw:{v}"),
                3..5 => format!("nat:{}", id(1)),
                5..7 => format!("eni:{}", id(1)),
                7 => format!("eni:{}", id(9)),
                _ => format!("pcx:{}", target - 7),
            };
            writeln!(text, "route {} {} {target}", id(*table), DESTINATIONS[*destination])?;
        }
    }
    Ok(())
}

fn worlds() -> impl Strategy<Value = String> {
    (prop::collection::vec(choices(), 1..=VPCS as usize), between()).prop_map(|(all, between)| text(&all, &between))
}

/// Every running instance asks for everything that is somewhere, and for some that is nowhere.
fn questions(world: &World) -> Vec<Question> {
    let region = Region::new("us-east-1");
    let services = public_services(&region);
    let mut places: Vec<Ipv4Addr> = services.iter().take(3).map(|s| s.address).collect();
    places.extend(SITES.iter().map(|site| site.address));
    places.extend(world.network_interfaces.values().flat_map(|e| e.addresses.iter().map(|a| a.address)));
    places.extend(world.network_interfaces.values().flat_map(|e| e.addresses.iter().filter_map(|a| a.auto_public)));
    places.extend(world.addresses.values().map(|a| a.public_ip));
    places.extend(
        ["10.0.0.2", "169.254.169.253", "169.254.169.254", "169.254.1.1", "169.254.1.2", "169.254.169.123", "10.0.1.1"]
            .into_iter()
            .chain([
                "10.0.1.200",
                "10.11.0.2",
                "10.12.1.1",
                "10.13.9.9",
                "10.22.0.5",
                "10.0.1.255",
                "10.0.9.9",
                "10.1.0.5",
                "52.217.3.3",
                "52.216.7.7",
                "3.0.0.9",
                "8.8.8.8",
            ])
            .filter_map(|a| a.parse::<Ipv4Addr>().ok()),
    );
    places.sort();
    places.dedup();
    let what = [What::Tcp(443), What::Tcp(80), What::Tcp(22), What::Udp(53), What::Ping];
    let mut questions = Vec::new();
    for from in world.instances.values().filter(|i| i.has_links()).map(|i| i.id) {
        let own: BTreeSet<_> =
            world.interfaces_of_instance(from).iter().flat_map(|e| &e.addresses).map(|a| a.address).collect();
        for destination in places.iter().copied().filter(|place| !own.contains(place)) {
            questions.extend(what.iter().map(|what| Question { from, destination, what: *what }));
        }
    }
    questions
}

/// Asks everything; gives back how many questions were answered.
fn compare(text: &str) -> Result<usize, TestCaseError> {
    let world = world(text);
    let program = compile(&world);
    let flaws = check(&program);
    prop_assert!(flaws.is_empty(), "{flaws:#?}\n{text}");
    let simulator = Simulator::new(&program);
    let mut answered = 0;
    for question in questions(&world) {
        let outcome = simulator.ask(question.namespace(), question.packet(&world));
        let expected = plain(&world, question);
        answered += usize::from(expected.is_answered);
        prop_assert_eq!(answer(&outcome), expected, "{}\nsimulated: {}\n{}", question, outcome, text);
    }
    Ok(answered)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn the_simulated_program_does_what_aws_would(text in worlds()) {
        compare(&text)?;
    }

    #[test]
    fn the_same_world_has_the_same_text(text in worlds()) {
        prop_assert_eq!(compile(&world(&text)).text(), compile(&world(&text)).text());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    /// The door asks the World which endpoint a connection came by: it must name one wherever the routes lead to a door,
    /// and none elsewhere.
    #[test]
    fn the_world_names_the_endpoint_that_the_routes_chose(text in worlds()) {
        let world = world(&text);
        let places: BTreeSet<Ipv4Addr> = questions(&world).iter().map(|q| q.destination).collect();
        for interface in world.network_interfaces.values() {
            for place in &places {
                let named = world.gateway_endpoint_for(interface.subnet, (*place).into()).is_some();
                prop_assert_eq!(named, is_for_an_endpoint(&world, interface, *place), "{} {}\n{}", interface.id, place, text);
            }
        }
    }

    #[test]
    fn every_part_has_one_owner(text in worlds()) {
        let world = world(&text);
        let alone = world.vpcs.keys().map(|vpc| compile_vpc(&world, *vpc).parts.len()).sum::<usize>();
        prop_assert_eq!(alone + compile_internet(&world).parts.len(), compile(&world).parts.len());
    }

    /// From World to World: the steps are the wanted program's, and nothing is left over.
    #[test]
    fn steps_lead_from_world_to_world(a in worlds(), b in worlds()) {
        let (a, b) = (compile(&world(&a)), compile(&world(&b)));
        prop_assert_eq!(apply_to(a.clone(), &diff(&a, &b)), b);
    }
}

/// From World to World by single changes, in an order that leaves things dangling on the way.
fn changes(from: &World, to: &World) -> Vec<Change> {
    let (from, to) = (from.entities(), to.entities());
    let removed = from.iter().filter(|one| !to.iter().any(|other| other.key() == one.key()));
    let removed: Vec<Change> = removed.map(|one| Change::Remove(one.key())).collect();
    let put = to.iter().filter(|one| !from.contains(one)).map(|one| Change::Put(Box::new(one.clone())));
    put.rev().chain(removed).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20, ..ProptestConfig::default() })]

    /// After a change only the VPCs that it touches are looked at: no other may need other parts.
    #[test]
    fn what_a_change_does_not_touch_stays(a in worlds(), b in worlds()) {
        let (mut world, b) = (world(&a), world(&b));
        for change in changes(&world, &b) {
            let vpcs: BTreeSet<VpcId> = world.vpcs.keys().chain(b.vpcs.keys()).copied().collect();
            let before: Vec<_> = vpcs.iter().map(|vpc| compile_vpc(&world, *vpc)).collect();
            let internet = compile_internet(&world);
            let undo = world.apply(change.clone());
            let touched = touched(&world, &[Done { change: change.clone(), undo }]);
            for (vpc, before) in vpcs.iter().zip(before).filter(|(vpc, _)| !touched.contains(vpc)) {
                prop_assert_eq!(compile_vpc(&world, *vpc), before, "{} {:?}", vpc, change);
            }
            prop_assert!(!touched.is_empty() || compile_internet(&world) == internet, "{:?}", change);
        }
    }
}

#[test]
fn what_no_packet_depends_on_touches_nothing() {
    let text = "vpc 1 10.0.0.0/16\nsubnet 1 vpc 1 10.0.1.0/24\ngroup 1 vpc 1\ngroup 2 vpc 1\nendpoint 1 vpc 1 s3\n\
                instance 1 subnet 1 10.0.1.5 groups 1\ninstance 2 subnet 1 10.0.1.6 groups 1 stopped";
    let world = world(text);
    let touches = |entity: Entity| {
        let change = Change::Put(Box::new(entity));
        !touched(&world, &[Done { undo: change.clone(), change }]).is_empty()
    };
    assert!(touches(world.security_groups[&SecurityGroupId::from_bits(1)].clone().into()));
    assert!(!touches(world.security_groups[&SecurityGroupId::from_bits(2)].clone().into()), "nobody wears it");
    assert!(!touches(world.endpoints[&VpcEndpointId::from_bits(1)].clone().into()), "it is in no route table");
    assert!(touches(world.instances[&InstanceId::from_bits(1)].clone().into()));
    assert!(!touches(world.instances[&InstanceId::from_bits(2)].clone().into()), "it has no links");
}

/// Worlds on which the two opinions once differed, or that hold much.
#[test]
fn kept_worlds() {
    for text in include_str!("kept.txt").split("\n\n").filter(|text| !text.trim().is_empty()) {
        if let Err(difference) = compare(text) {
            panic!("{difference}");
        }
    }
}

/// Random Worlds must not be so broken that nothing ever passes.
#[test]
fn much_passes_in_random_worlds() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let mut kinds: Vec<Who> = Vec::new();
    let (mut asked, mut answered, mut at_interface_endpoints) = (0, 0, 0);
    let (mut over_peerings, mut at_endpoints_of_peers) = (0, 0);
    for _ in 0..30 {
        let world = world(&worlds().new_tree(&mut runner).unwrap().current());
        for question in questions(&world) {
            let answer = plain(&world, question);
            asked += 1;
            answered += usize::from(answer.is_answered);
            let inside = question.destination.is_private() && answer.is_answered;
            at_interface_endpoints += usize::from(inside && matches!(answer.arrival, Some((Who::Endpoint, _))));
            let home = world.instances[&question.from].vpc;
            let is_foreign = !world.vpcs[&home].cidrs.iter().any(|c| c.cidr.contains(question.destination));
            if inside && is_foreign {
                let is_endpoint = matches!(answer.arrival, Some((Who::Endpoint, _)));
                *if is_endpoint { &mut at_endpoints_of_peers } else { &mut over_peerings } += 1;
            }
            let who = match answer.arrival {
                Some((Who::Instance(_), _)) => Who::Instance(InstanceId::from_bits(0)),
                Some((Who::Appliance(_), _)) => Who::Appliance(InstanceId::from_bits(0)),
                Some((who, _)) => who,
                None => continue,
            };
            if !kinds.contains(&who) {
                kinds.push(who);
            }
        }
    }
    assert!(answered * 15 > asked, "{answered} of {asked}");
    assert!(kinds.len() >= 8, "{kinds:?}");
    assert!(at_interface_endpoints > 20, "{at_interface_endpoints}");
    assert!(over_peerings > 100 && at_endpoints_of_peers > 10, "{over_peerings} {at_endpoints_of_peers}");
}
