//! What must be done to a running program so that it becomes the wanted one.

use crate::part::*;
use std::collections::BTreeSet;

/// One step of a change, carried out in the order given by [`diff`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    Add(Key, Part),
    /// The key has a part already; it becomes this one.
    Replace(Key, Part),
    Remove(Key),
}

impl Step {
    pub fn key(&self) -> &Key {
        match self {
            Self::Add(key, _) | Self::Replace(key, _) | Self::Remove(key) => key,
        }
    }
}

/// The steps from `running` to `wanted`: what goes, last things first, then what comes or changes, first things first.
/// Nothing for equal programs. What the kernel takes away with a link or with a link's last address (addresses, routes,
/// rulesets that hook the link) is removed and added again.
pub fn diff(running: &Program, wanted: &Program) -> Vec<Step> {
    let lost = lost(running, wanted);
    let goes = |key: &Key| !wanted.parts.contains_key(key) || lost.contains(key);
    let removals = running.parts.keys().rev().filter(|key| goes(key)).cloned().map(Step::Remove);
    let others = wanted.parts.iter().filter_map(|(key, part)| match running.parts.get(key) {
        None => Some(Step::Add(key.clone(), part.clone())),
        Some(_) if lost.contains(key) => Some(Step::Add(key.clone(), part.clone())),
        Some(former) if former != part => Some(Step::Replace(key.clone(), part.clone())),
        Some(_) => None,
    });
    removals.chain(others).collect()
}

/// The program after these steps.
pub fn apply_to(mut program: Program, steps: &[Step]) -> Program {
    for step in steps {
        match step {
            Step::Add(key, part) | Step::Replace(key, part) => program.parts.insert(key.clone(), part.clone()),
            Step::Remove(key) => program.parts.remove(key),
        };
    }
    program
}

/// Running parts that are wanted again but go on the way.
fn lost(running: &Program, wanted: &Program) -> BTreeSet<Key> {
    let mut lost = BTreeSet::new();
    let mut cut_links: BTreeSet<(Namespace, &str)> = BTreeSet::new();
    let mut bare_links: BTreeSet<(Namespace, &str)> = BTreeSet::new();
    for (key, part) in &running.parts {
        let next = wanted.parts.get(key);
        match (key, part) {
            (Key::Link(near, name), Part::Link(link)) if !is_same_pair(link, next) => {
                cut_links.insert((*near, name));
                cut_links.insert((link.far_namespace, &link.far.name));
                lost.insert(key.clone());
            }
            (Key::Address(namespace, link, _), _) if link != "lo" && next != Some(part) => {
                bare_links.insert((*namespace, link));
                lost.insert(key.clone());
            }
            _ => {}
        }
    }
    for (key, part) in &running.parts {
        let namespace = key.namespace();
        let is_lost = match (key, part) {
            (Key::Address(_, link, _) | Key::Neighbour(_, link, _), _) => cut_links.contains(&(namespace, link)),
            (_, Part::Route(route)) => route
                .kind
                .link()
                .is_some_and(|link| cut_links.contains(&(namespace, link)) || bare_links.contains(&(namespace, link))),
            (_, Part::Ruleset(ruleset)) => ruleset.devices().any(|device| cut_links.contains(&(namespace, device))),
            _ => false,
        };
        if is_lost {
            lost.insert(key.clone());
        }
    }
    lost
}

/// Whether the wanted part is a pair of the same ends: all else changes on a living link.
fn is_same_pair(link: &Link, next: Option<&Part>) -> bool {
    matches!(next, Some(Part::Link(next))
        if next.near.name == link.near.name && next.far.name == link.far.name && next.far_namespace == link.far_namespace)
}
