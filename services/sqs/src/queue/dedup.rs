//! What a FIFO queue has accepted in the last five minutes.

use super::message::Millis;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};

/// An accepted message, as its repetition is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    pub id: String,
    pub number: u64,
    pub until: Millis,
}

#[derive(Debug, Default)]
pub struct Dedup {
    seen: HashMap<String, Seen>,
    by_end: BTreeSet<(Millis, String)>,
}

impl Dedup {
    /// What was accepted under this key.
    pub fn find(&self, key: &str, now: Millis) -> Option<&Seen> {
        self.seen.get(key).filter(|seen| seen.until > now)
    }

    pub fn remember(&mut self, key: String, seen: Seen) {
        let end = seen.until;
        if let Some(before) = self.seen.insert(key.clone(), seen) {
            self.by_end.remove(&(before.until, key.clone()));
        }
        self.by_end.insert((end, key));
    }

    /// Forgets what is over; gives the keys.
    pub fn forget(&mut self, now: Millis) -> Vec<String> {
        let mut gone = Vec::new();
        while self.by_end.first().is_some_and(|(end, _)| *end <= now) {
            if let Some((_, key)) = self.by_end.pop_first() {
                self.seen.remove(&key);
                gone.push(key);
            }
        }
        gone
    }
}
