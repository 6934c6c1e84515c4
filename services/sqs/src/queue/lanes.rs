//! What can be received next: by time in a standard queue, group by group in a FIFO queue.

use super::message::{Group, Millis};
use std::collections::{BTreeSet, HashMap};

/// The messages that can be received, in the order in which they will be.
#[derive(Debug)]
pub enum Ready {
    Standard(BTreeSet<(Millis, u64)>),
    Fifo(Lanes),
}

/// A FIFO queue's groups. A group gives nothing while one of its messages is in flight.
#[derive(Debug, Default)]
pub struct Lanes {
    lanes: HashMap<Group, Lane>,
    /// The groups that can give, by their oldest message.
    open: BTreeSet<(u64, Group)>,
    ready: usize,
}

#[derive(Debug, Default)]
struct Lane {
    ready: BTreeSet<u64>,
    in_flight: usize,
}

impl Lane {
    fn head(&self) -> Option<u64> {
        if self.in_flight == 0 { self.ready.first().copied() } else { None }
    }
}

impl Lanes {
    pub fn len(&self) -> usize {
        self.ready
    }

    /// How many groups can give.
    pub fn open(&self) -> usize {
        self.open.len()
    }

    /// Changes one group and puts it where it now belongs.
    fn alter<T>(&mut self, group: &Group, change: impl FnOnce(&mut Lane) -> T) -> T {
        let lane = self.lanes.entry(group.clone()).or_default();
        let (before, held) = (lane.head(), lane.ready.len());
        let result = change(lane);
        let (after, holds) = (lane.head(), lane.ready.len());
        let empty = holds == 0 && lane.in_flight == 0;
        self.ready = self.ready + holds - held;
        if before != after {
            if let Some(head) = before {
                self.open.remove(&(head, group.clone()));
            }
            if let Some(head) = after {
                self.open.insert((head, group.clone()));
            }
        }
        if empty {
            self.lanes.remove(group);
        }
        result
    }

    pub fn put(&mut self, group: &Group, number: u64) {
        self.alter(group, |lane| lane.ready.insert(number));
    }

    pub fn remove(&mut self, group: &Group, number: u64) {
        self.alter(group, |lane| lane.ready.remove(&number));
    }

    /// The group that is to give next, and its messages in order.
    pub fn next(&self) -> Option<(Group, impl Iterator<Item = u64>)> {
        let (_, group) = self.open.first()?;
        Some((group.clone(), self.lanes.get(group)?.ready.iter().copied()))
    }

    /// A message of the group goes out.
    pub fn sent_out(&mut self, group: &Group, number: u64) {
        self.alter(group, |lane| {
            lane.ready.remove(&number);
            lane.in_flight += 1;
        });
    }

    /// A message of the group is in flight already: at the start.
    pub fn is_out(&mut self, group: &Group) {
        self.alter(group, |lane| lane.in_flight += 1);
    }

    /// A message of the group is no longer in flight.
    pub fn came_back(&mut self, group: &Group) {
        self.alter(group, |lane| lane.in_flight = lane.in_flight.saturating_sub(1));
    }
}
