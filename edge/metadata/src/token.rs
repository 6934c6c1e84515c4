//! The tokens of version 2: each good for one instance and a time.

use postern_names::InstanceId;
use std::collections::HashMap;

/// Tokens an instance may hold at once; the oldest goes first.
const MOST_PER_INSTANCE: usize = 256;

/// The tokens given out.
#[derive(Debug, Default)]
pub struct Tokens(HashMap<InstanceId, Vec<(String, i64)>>);

impl Tokens {
    /// Keeps a new token for an instance until `expires` (Unix seconds).
    pub fn keep(&mut self, instance: InstanceId, token: String, expires: i64, now: i64) {
        let held = self.0.entry(instance).or_default();
        held.retain(|(_, end)| *end > now);
        if held.len() >= MOST_PER_INSTANCE {
            held.remove(0);
        }
        held.push((token, expires));
    }

    /// Whether this instance was given this token and it is still good.
    pub fn is_good(&self, instance: InstanceId, token: &str, now: i64) -> bool {
        let held = self.0.get(&instance);
        held.is_some_and(|held| held.iter().any(|(known, end)| *end > now && same(known, token)))
    }
}

/// Compares without telling by time where two texts differ.
fn same(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).fold(0, |differ, (x, y)| differ | (x ^ y)) == 0
}
