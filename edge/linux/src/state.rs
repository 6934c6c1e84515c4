//! What the namespace thread knows: the namespaces it holds, the links in them, the program in force.

use crate::error::{Failure, Outcome};
use crate::namespace::{Space, enter, unshare};
use crate::requests::LOOPBACK;
use postern_program::{Key, Namespace, Part, Program, Step};
use std::collections::BTreeMap;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, PoisonError, RwLock};

/// Links get their numbers from here, one count for all namespaces: the number alone tells the link, and no request has to
/// wait for the kernel's choice. Guests may make links of their own below.
const FIRST_INDEX: u32 = 1000;

pub(crate) struct State {
    /// An empty namespace of its own, where the thread waits, so that it keeps no other one alive.
    home: OwnedFd,
    pub spaces: BTreeMap<Namespace, Space>,
    pub links: LinkTable,
    next_index: u32,
    pub program: Program,
    /// Packets counted by rulesets that were replaced since.
    pub counted: BTreeMap<(Namespace, String), u64>,
}

impl State {
    /// Leaves the calling thread in the home namespace.
    pub fn new(links: LinkTable) -> Outcome<State> {
        Ok(State {
            home: unshare()?,
            spaces: BTreeMap::new(),
            links,
            next_index: FIRST_INDEX,
            program: Program::default(),
            counted: BTreeMap::new(),
        })
    }

    pub fn go_home(&self) -> Outcome<()> {
        enter(self.home.as_fd())
    }

    pub fn space(&self, namespace: Namespace) -> Outcome<&Space> {
        self.spaces.get(&namespace).ok_or_else(|| absent(namespace))
    }

    pub fn space_mut(&mut self, namespace: Namespace) -> Outcome<&mut Space> {
        self.spaces.get_mut(&namespace).ok_or_else(|| absent(namespace))
    }

    pub fn fresh_index(&mut self) -> u32 {
        self.next_index += 1;
        self.next_index
    }

    pub fn link_index(&self, namespace: Namespace, name: &str) -> Outcome<u32> {
        self.links
            .index(namespace, name)
            .ok_or_else(|| Failure::new("look up a link", format!("no link {name} in {namespace}")))
    }

    /// Notes that a step is in force.
    pub fn record(&mut self, step: &Step) {
        match step {
            Step::Add(key, part) | Step::Replace(key, part) => self.program.parts.insert(key.clone(), part.clone()),
            Step::Remove(key) => self.program.parts.remove(key),
        };
    }

    /// The parts in force that the kernel drops when the link goes: addresses on it and routes over it, at both ends.
    pub fn parts_over(&self, namespace: Namespace, link: &str) -> Vec<(Key, Part)> {
        let over = |(key, part): &(&Key, &Part)| match (key, part) {
            (Key::Address(ns, name, _) | Key::Neighbour(ns, name, _), _) => *ns == namespace && name == link,
            (Key::Route(ns, ..), Part::Route(route)) => *ns == namespace && route.kind.link() == Some(link),
            _ => false,
        };
        self.program.parts.iter().filter(over).map(|(key, part)| (key.clone(), part.clone())).collect()
    }
}

pub(crate) fn absent(namespace: Namespace) -> Failure {
    Failure::new("look up a namespace", format!("{namespace} is not here"))
}

/// Names and numbers of the links that exist; read by every thread that asks where a connection came from.
#[derive(Clone, Default)]
pub(crate) struct LinkTable(Arc<RwLock<Links>>);

#[derive(Default)]
struct Links {
    by_name: BTreeMap<(Namespace, String), u32>,
    by_index: BTreeMap<(Namespace, u32), String>,
}

impl LinkTable {
    pub fn name(&self, namespace: Namespace, index: u32) -> Option<String> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).by_index.get(&(namespace, index)).cloned()
    }

    pub fn index(&self, namespace: Namespace, name: &str) -> Option<u32> {
        if name == "lo" {
            return Some(LOOPBACK);
        }
        self.0.read().unwrap_or_else(PoisonError::into_inner).by_name.get(&(namespace, name.to_owned())).copied()
    }

    pub fn insert(&self, namespace: Namespace, name: &str, index: u32) {
        let mut links = self.0.write().unwrap_or_else(PoisonError::into_inner);
        links.by_name.insert((namespace, name.to_owned()), index);
        links.by_index.insert((namespace, index), name.to_owned());
    }

    pub fn remove(&self, namespace: Namespace, name: &str) {
        let mut links = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(index) = links.by_name.remove(&(namespace, name.to_owned())) {
            links.by_index.remove(&(namespace, index));
        }
    }

    pub fn remove_all(&self, namespace: Namespace) {
        let mut links = self.0.write().unwrap_or_else(PoisonError::into_inner);
        links.by_name.retain(|(ns, _), _| *ns != namespace);
        links.by_index.retain(|(ns, _), _| *ns != namespace);
    }
}
