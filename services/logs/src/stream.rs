//! One log stream: its events by time, and the batches on disk that they lie in.

use crate::record::{Batch, StreamRecord};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// An event's place: its time in milliseconds, then its number in the group, which says what came first.
pub type Key = (i64, u64);

/// What an event counts for besides its message, by AWS's rule.
pub const OVERHEAD: usize = 26;

#[derive(Debug, Clone)]
pub struct Event {
    pub message: Arc<str>,
    pub ingested: i64,
}

impl Event {
    /// Bytes that it counts for.
    pub fn size(&self) -> usize {
        self.message.len() + OVERHEAD
    }
}

#[derive(Debug)]
pub struct Stream {
    pub number: u64,
    pub record: StreamRecord,
    pub events: BTreeMap<Key, Event>,
    /// By the time of their last event, batches by the number of their first.
    batches: BTreeSet<(i64, u64)>,
}

impl Stream {
    pub fn new(number: u64, record: StreamRecord) -> Self {
        Self { number, record, events: BTreeMap::new(), batches: BTreeSet::new() }
    }

    /// Takes a batch whose first event has the number `first`; gives the bytes it counts for.
    pub fn add(&mut self, first: u64, batch: Batch) -> usize {
        let Some(last) = batch.events.last().map(|(time, _)| *time) else { return 0 };
        self.batches.insert((last, first));
        let mut size = 0;
        for (number, (time, message)) in (first..).zip(batch.events) {
            let event = Event { message: message.into(), ingested: batch.ingested };
            size += event.size();
            self.events.insert((time, number), event);
        }
        self.record.newest = self.record.newest.max(Some(last));
        self.record.ingested = self.record.ingested.max(Some(batch.ingested));
        size
    }

    /// Drops what is older than `oldest`. Gives the bytes that went, and the batches of which nothing is left.
    pub fn expire(&mut self, oldest: i64) -> (usize, Vec<u64>) {
        let mut size = 0;
        while let Some(event) = self.events.first_entry().filter(|event| event.key().0 < oldest) {
            size += event.remove().size();
        }
        let left = self.batches.split_off(&(oldest, 0));
        let gone = std::mem::replace(&mut self.batches, left);
        (size, gone.into_iter().map(|(_, first)| first).collect())
    }

    /// As DescribeLogStreams shows it. `token` is the sequence token, which nothing depends on.
    pub fn view(&self, arn: &str, token: &str) -> Value {
        let mut view = json!({
            "logStreamName": self.record.name,
            "creationTime": self.record.created,
            "arn": arn,
            "storedBytes": 0,
            "uploadSequenceToken": token,
        });
        let first = self.events.first_key_value().map(|((time, _), _)| *time);
        let told = [
            ("firstEventTimestamp", first),
            ("lastEventTimestamp", self.record.newest),
            ("lastIngestionTime", self.record.ingested),
        ];
        for (member, value) in told {
            if let Some(value) = value {
                view[member] = json!(value);
            }
        }
        view
    }
}
