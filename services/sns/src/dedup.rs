//! What FIFO topics have accepted in the last five minutes.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};

/// How long a deduplication id is remembered, in milliseconds.
pub const REMEMBERED: i64 = 5 * 60 * 1000;

/// An accepted message, as its repetition is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    pub id: String,
    pub sequence: String,
    /// Milliseconds since 1970.
    pub until: i64,
}

#[derive(Debug, Default)]
pub struct Dedup {
    seen: HashMap<String, Seen>,
    by_end: BTreeSet<(i64, String)>,
}

impl Dedup {
    pub fn new(known: Vec<(String, Seen)>) -> Self {
        let mut dedup = Self::default();
        for (key, seen) in known {
            dedup.remember(key, seen);
        }
        dedup
    }

    pub fn find(&self, key: &str, now: i64) -> Option<Seen> {
        self.seen.get(key).filter(|seen| seen.until > now).cloned()
    }

    pub fn remember(&mut self, key: String, seen: Seen) {
        let end = seen.until;
        if let Some(before) = self.seen.insert(key.clone(), seen) {
            self.by_end.remove(&(before.until, key.clone()));
        }
        self.by_end.insert((end, key));
    }

    /// Forgets what is over; gives the keys.
    pub fn forget(&mut self, now: i64) -> Vec<String> {
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
