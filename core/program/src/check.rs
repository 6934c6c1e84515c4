//! Contradictions inside a program. One that finds any is a bug of the compiler, found before the kernel meets it.

use crate::part::*;
use crate::ruleset::*;
use postern_names::IpFamily;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;

/// A contradiction, as a sentence that names the part.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Flaw(pub String);

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The kernel's limit for a link's name.
const LINK_NAME_MAX: usize = 15;
/// The limit of nft for a comment, in bytes.
const COMMENT_MAX: usize = 127;
/// The kernel's limit for names of tables, chains and sets.
const NAME_MAX: usize = 255;

/// Everything that is wrong with the program; nothing for a good one.
pub fn check(program: &Program) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    let links = links(program, &mut flaws);
    let mut addresses: BTreeMap<(Namespace, IpAddr), &str> = BTreeMap::new();
    for (key, part) in &program.parts {
        let mut flaw = |words: String| flaws.push(Flaw(format!("{}: {key}: {words}", key.namespace())));
        if !is_kind_of(key, part) {
            flaw("the part is of another kind than its key".to_owned());
        }
        if !exists(program, key.namespace()) {
            flaw("the namespace is not in the program".to_owned());
        }
        match (key, part) {
            (Key::Address(namespace, link, address), Part::Address(Address { length })) => {
                if link != "lo" && !links.contains(&(*namespace, link.as_str())) {
                    flaw("no such link".to_owned());
                }
                if *length > IpFamily::of(*address).bits() {
                    flaw(format!("/{length} is longer than the address"));
                }
                // Link-local addresses are each link's own.
                let is_links_own = matches!(address, IpAddr::V6(address) if address.is_unicast_link_local());
                if let Some(other) = addresses.insert((*namespace, *address), link).filter(|_| !is_links_own) {
                    flaw(format!("the address is on {other} too"));
                }
            }
            (Key::Neighbour(namespace, link, _), _) if !links.contains(&(*namespace, link.as_str())) => {
                flaw("no such link".to_owned());
            }
            (Key::Route(namespace, _, to), Part::Route(route)) => {
                if let RouteKind::Via { gateway, .. } = route.kind
                    && IpFamily::of(gateway) != to.family()
                {
                    flaw(format!("leads to {gateway}, which is of the other family"));
                }
                if let Some(link) = route.kind.link().filter(|link| !links.contains(&(*namespace, link))) {
                    flaw(format!("leads over {link}, which is not there"));
                }
            }
            (Key::RouteRule(namespace, family, _), Part::RouteRule(rule)) => {
                let is_table = |k: &Key| {
                    matches!(k, Key::Route(ns, table, to)
                        if ns == namespace && *table == rule.table && to.family() == *family)
                };
                if rule.sent_from.is_some_and(|range| range.family() != *family) {
                    flaw("is about a range of the other family".to_owned());
                }
                if !program.parts.keys().any(is_table) {
                    flaw(format!("looks into table {}, which is empty", rule.table));
                }
            }
            (Key::Ruleset(namespace), Part::Ruleset(ruleset)) => {
                for device in ruleset.devices().filter(|device| !links.contains(&(*namespace, device))) {
                    flaw(format!("hooks {device}, which is not there"));
                }
                ruleset.tables.iter().for_each(|table| check_table(table, &mut flaw));
            }
            _ => {}
        }
    }
    flaws
}

/// Every end of every link, by namespace and name.
fn links<'a>(program: &'a Program, flaws: &mut Vec<Flaw>) -> BTreeSet<(Namespace, &'a str)> {
    let mut ends = BTreeSet::new();
    for (key, part) in &program.parts {
        let (Key::Link(near, name), Part::Link(link)) = (key, part) else { continue };
        if *name != link.near.name {
            flaws.push(Flaw(format!("{near}: {key}: its near end is called {}", link.near.name)));
        }
        if !exists(program, link.far_namespace) {
            flaws.push(Flaw(format!("{near}: {key}: leads into {}, which is not in the program", link.far_namespace)));
        }
        for (namespace, end) in [(*near, &link.near), (link.far_namespace, &link.far)] {
            if end.name.is_empty() || end.name.len() > LINK_NAME_MAX {
                flaws.push(Flaw(format!("{namespace}: `{}` is no name for a link", end.name)));
            }
            if !ends.insert((namespace, end.name.as_str())) {
                flaws.push(Flaw(format!("{namespace}: two links are called {}", end.name)));
            }
        }
    }
    ends
}

/// A guest's namespace is its sandbox's: no part makes it.
fn exists(program: &Program, namespace: Namespace) -> bool {
    matches!(namespace, Namespace::Instance(_)) || program.parts.contains_key(&Key::Namespace(namespace))
}

fn is_kind_of(key: &Key, part: &Part) -> bool {
    matches!(
        (key, part),
        (Key::Namespace(_), Part::Namespace { .. })
            | (Key::Link(..), Part::Link(_))
            | (Key::Ruleset(_), Part::Ruleset(_))
            | (Key::Address(..), Part::Address(_))
            | (Key::Neighbour(..), Part::Neighbour(_))
            | (Key::Route(..), Part::Route(_))
            | (Key::RouteRule(..), Part::RouteRule(_))
            | (Key::Listener(..), Part::Listener(_))
    )
}

fn check_table(table: &Table, flaw: &mut impl FnMut(String)) {
    let chains: BTreeSet<&str> = table.chains.iter().map(|chain| chain.name.as_str()).collect();
    let sets: BTreeMap<&str, &Set> = table.sets.iter().map(|set| (set.name.as_str(), set)).collect();
    let maps: BTreeMap<&str, &Map> = table.maps.iter().map(|map| (map.name.as_str(), map)).collect();
    let names: Vec<&str> = chains.iter().chain(sets.keys()).chain(maps.keys()).copied().collect();
    if names.len() != table.chains.len() + table.sets.len() + table.maps.len() {
        flaw(format!("table {} has a name twice", table.name));
    }
    for name in names.iter().filter(|name| !is_prefixed(name)) {
        flaw(format!("`{name}` could be a keyword, or is too long"));
    }
    for set in &table.sets {
        check_set(set, table.family.addresses(), flaw);
    }
    for map in &table.maps {
        check_map(map, table.family.addresses(), &chains, flaw);
    }
    for chain in &table.chains {
        if chain.hook.as_ref().is_some_and(|hook| hook.device.is_some()) != (table.family == Family::Netdev)
            && chain.hook.is_some()
        {
            flaw(format!("{}: a hook has a device in a netdev table and nowhere else", chain.name));
        }
        for rule in &chain.rules {
            let mut here = |words: String| flaw(format!("{}: {words}", chain.name));
            check_rule(rule, table.family, &chains, &sets, &maps, &mut here);
        }
    }
}

fn is_prefixed(name: &str) -> bool {
    name.len() <= NAME_MAX
        && ["c_", "s_", "m_"].iter().any(|prefix| name.starts_with(prefix))
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

fn check_set(set: &Set, family: IpFamily, flaw: &mut impl FnMut(String)) {
    let mut seen = BTreeSet::new();
    for element in &set.elements {
        if !fits(&set.key, element, family, set.interval) {
            flaw(format!("{}: {element:?} is no element of it", set.name));
        }
        if !seen.insert(element) {
            flaw(format!("{}: {element:?} is in it twice", set.name));
        }
    }
    let ranges: Vec<_> = set
        .elements
        .iter()
        .filter_map(|element| match element.as_slice() {
            [Atom::Range(range)] => Some(*range),
            _ => None,
        })
        .collect();
    for (n, a) in ranges.iter().enumerate() {
        if let Some(b) = ranges.iter().skip(n + 1).find(|b| a.overlaps(**b)) {
            flaw(format!("{}: {a} and {b} overlap", set.name));
        }
    }
}

fn check_map(map: &Map, family: IpFamily, chains: &BTreeSet<&str>, flaw: &mut impl FnMut(String)) {
    let mut seen = BTreeSet::new();
    for (key, value) in &map.elements {
        if !fits(&map.key, key, family, false) {
            flaw(format!("{}: {key:?} is no key of it", map.name));
        }
        if !seen.insert(key) {
            flaw(format!("{}: {key:?} is in it twice", map.name));
        }
        if let MapValue::Jump(chain) | MapValue::Goto(chain) = value
            && !chains.contains(chain.as_str())
        {
            flaw(format!("{}: leads to the chain {chain}, which is not there", map.name));
        }
    }
}

/// Whether the atoms are what the fields hold.
fn fits(key: &[Field], atoms: &[Atom], family: IpFamily, interval: bool) -> bool {
    key.len() == atoms.len()
        && key.iter().zip(atoms).all(|(field, atom)| match (field, atom) {
            (Field::InLink | Field::OutLink, Atom::Link(_)) => true,
            (Field::InGroup | Field::OutGroup, Atom::Group(_)) => true,
            (Field::Source | Field::Destination, Atom::Address(address)) => IpFamily::of(*address) == family,
            (Field::Source | Field::Destination, Atom::Range(range)) => interval && range.family() == family,
            _ => false,
        })
}

/// Whether the one key can be looked up by the other's fields: the kernel knows types, not directions.
fn same_types(a: &[Field], b: &[Field]) -> bool {
    let kind = |field: &Field| match field {
        Field::InLink | Field::OutLink => 0,
        Field::InGroup | Field::OutGroup => 1,
        Field::Source | Field::Destination => 2,
    };
    a.iter().map(kind).eq(b.iter().map(kind))
}

fn check_rule(
    rule: &Rule,
    family: Family,
    chains: &BTreeSet<&str>,
    sets: &BTreeMap<&str, &Set>,
    maps: &BTreeMap<&str, &Map>,
    flaw: &mut impl FnMut(String),
) {
    for condition in &rule.matches {
        match condition {
            Match::In { fields, set } | Match::NotIn { fields, set } => match sets.get(set.as_str()) {
                None => flaw(format!("asks the set {set}, which is not there")),
                Some(found) if !same_types(&found.key, fields) => flaw(format!("asks the set {set} for other fields")),
                Some(_) => {}
            },
            Match::DestinationPort(_) | Match::SourcePort(_)
                if !rule.matches.iter().any(|m| matches!(m, Match::Protocol(6 | 17))) =>
            {
                flaw("compares ports of no protocol".to_owned());
            }
            Match::Source(range) | Match::Destination(range) if range.family() != family.addresses() => {
                flaw(format!("compares with {range}, which no packet of its table has"));
            }
            Match::Icmp { .. } if !rule.matches.contains(&Match::Protocol(icmp_number(family))) => {
                flaw("compares an ICMP type of no ICMP".to_owned());
            }
            _ => {}
        }
    }
    check_action(&rule.action, chains, maps, flaw);
    if let Some(comment) = &rule.comment {
        if comment.len() > COMMENT_MAX || comment.contains(['"', '\n', '\\']) {
            flaw(format!("`{comment}` is no comment for nft"));
        }
    } else if rule.action == Action::Drop {
        flaw("drops without a comment".to_owned());
    }
}

/// The protocol that ICMP is in a table.
fn icmp_number(family: Family) -> u8 {
    match family.addresses() {
        IpFamily::V4 => 1,
        IpFamily::V6 => 58,
    }
}

fn check_action(action: &Action, chains: &BTreeSet<&str>, maps: &BTreeMap<&str, &Map>, flaw: &mut impl FnMut(String)) {
    let (name, fields): (&String, &[Field]) = match action {
        Action::Jump(chain) | Action::Goto(chain) => {
            if !chains.contains(chain.as_str()) {
                flaw(format!("jumps to {chain}, which is not there"));
            }
            return;
        }
        Action::Verdict { fields, map } | Action::MarkFrom { fields, map } => (map, fields),
        Action::SourceFrom { map } => (map, &[Field::Source]),
        Action::DestinationFrom { map } => (map, &[Field::Destination]),
        Action::Accept | Action::Drop | Action::Return | Action::SetMark { .. } | Action::Masquerade { .. } => return,
    };
    let Some(map) = maps.get(name.as_str()) else {
        return flaw(format!("asks the map {name}, which is not there"));
    };
    if !same_types(&map.key, fields) {
        flaw(format!("asks the map {name} for other fields"));
    }
    let right = |value: &MapValue| match action {
        Action::Verdict { .. } => matches!(value, MapValue::Jump(_) | MapValue::Goto(_)),
        Action::MarkFrom { .. } => matches!(value, MapValue::Mark(_)),
        _ => matches!(value, MapValue::Address(_)),
    };
    if !map.elements.iter().all(|(_, value)| right(value)) {
        flaw(format!("wants other values than the map {name} has"));
    }
}
