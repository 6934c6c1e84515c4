//! From the ruleset in force to the wanted one by what differs, in one transaction: what stays is not touched, so that an
//! address more costs the same in a VPC of hundreds as in one of two.
//!
//! A chain whose rules differ gets all of them anew. What cannot change on a living table (a chain's hook, a set's key, the
//! elements of ranges) asks for the whole ruleset instead.

use super::set::{self, Element};
use super::{SetIds, add_chain, add_rules, add_table, family, push_text};
use crate::netfilter::header;
use crate::netlink::Batch;
use postern_program::{Atom, Chain, Map, MapValue, Ruleset, Set, Table};
use std::collections::{BTreeMap, BTreeSet};

const NFT_MSG_DELTABLE: u16 = 2;
const NFT_MSG_DELCHAIN: u16 = 5;
const NFT_MSG_DELRULE: u16 = 8;
const NFT_MSG_DELSET: u16 = 11;
/// Table and name, for tables, chains, rules of a chain, and sets alike.
const NFTA_TABLE: u16 = 1;
const NFTA_SET_NAME: u16 = 2;
const NFTA_RULE_CHAIN: u16 = 2;
const NFTA_CHAIN_NAME: u16 = 3;

/// A chain of a ruleset in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place<'r> {
    pub family: u8,
    pub table: &'r str,
    pub chain: &'r str,
}

/// What takes one ruleset to another.
pub(crate) struct Change<'r> {
    pub batch: Batch,
    /// Chains that lose rules which count: their counts go with them.
    pub uncounted: Vec<Place<'r>>,
    ids: SetIds,
}

/// The change between two rulesets; `None` if the wanted one must be loaded whole.
pub(crate) fn between<'r>(former: &'r Ruleset, wanted: &Ruleset) -> Option<Change<'r>> {
    let mut change = Change { batch: Batch::nftables(), uncounted: Vec::new(), ids: SetIds::default() };
    let same = |one: &Table, other: &Table| one.family == other.family && one.name == other.name;
    for gone in former.tables.iter().filter(|table| !wanted.tables.iter().any(|next| same(table, next))) {
        gone.chains.iter().for_each(|chain| change.lose(gone, chain));
        change.delete(format!("table {}", gone.name), NFT_MSG_DELTABLE, gone, None);
    }
    for table in &wanted.tables {
        match former.tables.iter().find(|before| same(before, table)) {
            Some(before) => change.table(before, table)?,
            None => add_table(&mut change.batch, table, &mut change.ids),
        }
    }
    Some(change)
}

impl<'r> Change<'r> {
    /// What is named comes before what names it, and goes after it.
    fn table(&mut self, before: &'r Table, table: &Table) -> Option<()> {
        let chains = Sides::of(&before.chains, &table.chains, |chain| &chain.name);
        let sets = Sides::of(&before.sets, &table.sets, |set| &set.name);
        let maps = Sides::of(&before.maps, &table.maps, |map| &map.name);
        let is_kept = chains.both.iter().all(|(old, new)| old.hook == new.hook)
            && sets.both.iter().all(|(old, new)| is_same_set(old, new))
            && maps.both.iter().all(|(old, new)| is_same_map((before, old), (table, new)))
            && !sets.only_new.iter().any(|set| before.maps.iter().any(|map| map.name == set.name))
            && !maps.only_new.iter().any(|map| before.sets.iter().any(|set| set.name == map.name));
        if !is_kept {
            return None;
        }
        let rewritten: Vec<_> = chains.both.iter().filter(|(old, new)| old.rules != new.rules).collect();
        chains.only_new.iter().for_each(|chain| add_chain(&mut self.batch, table, chain));
        let family = family(table.family);
        for set in &sets.only_new {
            set::add_set(&mut self.batch, family, &table.name, set, self.ids.next());
        }
        for map in &maps.only_new {
            set::add_map(&mut self.batch, family, table, map, self.ids.next());
        }
        let elements: Vec<Elements<'_>> = (sets.both.iter().map(|(old, new)| Elements::of_sets(old, new)))
            .chain(maps.both.iter().map(|(old, new)| Elements::of_maps(old, new)))
            .collect();
        for of in &elements {
            set::remove_elements(&mut self.batch, family, &table.name, of.name, &of.gone);
        }
        for old in rewritten.iter().map(|(old, _)| *old).chain(chains.only_old.iter().copied()) {
            self.flush(before, old);
        }
        for of in &elements {
            set::insert_elements(&mut self.batch, family, &table.name, of.name, &of.new);
        }
        for chain in rewritten.iter().map(|(_, new)| *new).chain(chains.only_new.iter().copied()) {
            add_rules(&mut self.batch, table, chain);
        }
        let names = sets.only_old.iter().map(|set| &set.name).chain(maps.only_old.iter().map(|map| &map.name));
        for name in names {
            self.delete(format!("set {name}"), NFT_MSG_DELSET, table, Some((NFTA_SET_NAME, name)));
        }
        for chain in &chains.only_old {
            let name = (NFTA_CHAIN_NAME, chain.name.as_str());
            self.delete(format!("chain {}", chain.name), NFT_MSG_DELCHAIN, table, Some(name));
        }
        Some(())
    }

    /// Takes every rule out of a chain.
    fn flush(&mut self, table: &'r Table, chain: &'r Chain) {
        self.lose(table, chain);
        if !chain.rules.is_empty() {
            let label = format!("rules of chain {}", chain.name);
            self.delete(label, NFT_MSG_DELRULE, table, Some((NFTA_RULE_CHAIN, &chain.name)));
        }
    }

    fn lose(&mut self, table: &'r Table, chain: &'r Chain) {
        if chain.rules.iter().any(|rule| rule.counter) {
            self.uncounted.push(Place { family: family(table.family), table: &table.name, chain: &chain.name });
        }
    }

    fn delete(&mut self, label: String, message: u16, table: &Table, name: Option<(u16, &str)>) {
        let mut payload = header(family(table.family));
        push_text(&mut payload, NFTA_TABLE, &table.name);
        if let Some((kind, name)) = name {
            push_text(&mut payload, kind, name);
        }
        self.batch.delete(label, message, &payload);
    }
}

/// Two lists of named things, matched by name, each in its own order.
struct Sides<'o, 'n, T> {
    only_old: Vec<&'o T>,
    only_new: Vec<&'n T>,
    both: Vec<(&'o T, &'n T)>,
}

impl<'o, 'n, T> Sides<'o, 'n, T> {
    fn of(old: &'o [T], new: &'n [T], name: fn(&T) -> &String) -> Self {
        let by_name: BTreeMap<&String, &'o T> = old.iter().map(|thing| (name(thing), thing)).collect();
        let mut sides = Self { only_old: Vec::new(), only_new: Vec::new(), both: Vec::new() };
        let mut met = BTreeSet::new();
        for thing in new {
            met.insert(name(thing));
            match by_name.get(name(thing)) {
                Some(before) => sides.both.push((before, thing)),
                None => sides.only_new.push(thing),
            }
        }
        sides.only_old = old.iter().filter(|thing| !met.contains(name(thing))).collect();
        sides
    }
}

fn is_same_set(old: &Set, new: &Set) -> bool {
    old.key == new.key && old.interval == new.interval && (!old.interval || old.elements == new.elements)
}

fn is_same_map((old_table, old): (&Table, &Map), (table, new): (&Table, &Map)) -> bool {
    old.key == new.key && set::value_kind(old_table, old) == set::value_kind(table, new)
}

/// What differs between the elements of a set or map before and after. A key with another value goes and comes.
struct Elements<'a> {
    name: &'a str,
    gone: Vec<Element<'a>>,
    new: Vec<Element<'a>>,
}

type ByKey<'a> = BTreeMap<&'a [Atom], Option<&'a MapValue>>;

impl<'a> Elements<'a> {
    fn of_sets(old: &'a Set, new: &'a Set) -> Self {
        let side = |set: &'a Set| set.elements.iter().map(|atoms| (atoms.as_slice(), None)).collect();
        if old.elements == new.elements { Self::none(&new.name) } else { Self::of(&new.name, &side(old), &side(new)) }
    }

    fn of_maps(old: &'a Map, new: &'a Map) -> Self {
        let side = |map: &'a Map| map.elements.iter().map(|(atoms, value)| (atoms.as_slice(), Some(value))).collect();
        if old.elements == new.elements { Self::none(&new.name) } else { Self::of(&new.name, &side(old), &side(new)) }
    }

    fn none(name: &'a str) -> Self {
        Self { name, gone: Vec::new(), new: Vec::new() }
    }

    fn of(name: &'a str, old: &ByKey<'a>, new: &ByKey<'a>) -> Self {
        let without = |from: &ByKey<'a>, other: &ByKey<'a>| {
            from.iter()
                .filter(|(key, value)| other.get(*key) != Some(value))
                .map(|(key, value)| (*key, *value))
                .collect()
        };
        Self { name, gone: without(old, new), new: without(new, old) }
    }
}
