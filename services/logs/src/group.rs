//! One log group with its streams, behind a lock of its own.

use crate::name::Named;
use crate::record::{self, Batch, GroupRecord, StreamRecord};
use crate::refuse;
use crate::stream::Stream;
use postern_call::Refusal;
use postern_store::Write;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const DAY: i64 = 24 * 3600 * 1000;

#[derive(Debug)]
pub struct Group {
    pub record: GroupRecord,
    pub streams: BTreeMap<String, Stream>,
    /// Set when it was deleted: whoever still holds it must take it for absent.
    pub gone: bool,
    /// The number of the next event, from 1.
    next_event: u64,
    next_stream: u64,
    bytes: usize,
}

impl Group {
    pub fn new(record: GroupRecord) -> Self {
        Self { record, streams: BTreeMap::new(), gone: false, next_event: 1, next_stream: 1, bytes: 0 }
    }

    pub fn named(&self) -> Named {
        let record = &self.record;
        Named { owner: record.account, region: record.region.clone(), name: record.name.clone() }
    }

    /// The time before which nothing is shown any more.
    pub fn oldest(&self, now: i64) -> Option<i64> {
        self.record.retention.map(|days| now - days * DAY)
    }

    pub fn stream(&self, name: &str) -> Result<&Stream, Refusal> {
        self.streams.get(name).ok_or_else(refuse::no_stream)
    }

    pub fn create_stream(&mut self, name: &str, now: i64) -> Result<Vec<Write>, Refusal> {
        if self.streams.contains_key(name) {
            return Err(refuse::stream_exists());
        }
        let record = StreamRecord { name: name.to_owned(), created: now, newest: None, ingested: None };
        let write = record::put_stream(self.record.number, self.next_stream, &record)?;
        self.load_stream(self.next_stream, record);
        Ok(vec![write])
    }

    pub fn delete_stream(&mut self, name: &str) -> Result<Vec<Write>, Refusal> {
        let stream = self.streams.remove(name).ok_or_else(refuse::no_stream)?;
        self.bytes -= stream.events.values().map(crate::stream::Event::size).sum::<usize>();
        Ok(record::delete_stream(self.record.number, stream.number))
    }

    /// Puts a batch into a stream.
    pub fn put(&mut self, name: &str, batch: Batch) -> Result<Vec<Write>, Refusal> {
        let first = self.next_event;
        let group = self.record.number;
        let stream = self.streams.get_mut(name).ok_or_else(refuse::no_stream)?;
        let mut writes = vec![record::put_batch(group, stream.number, first, &batch)?];
        self.next_event += batch.events.len() as u64;
        self.bytes += stream.add(first, batch);
        writes.push(record::put_stream(group, stream.number, &stream.record)?);
        Ok(writes)
    }

    /// Deletes what the retention no longer keeps.
    pub fn expire(&mut self, now: i64) -> Vec<Write> {
        let Some(oldest) = self.oldest(now) else { return Vec::new() };
        let mut writes = Vec::new();
        for stream in self.streams.values_mut() {
            let (bytes, batches) = stream.expire(oldest);
            self.bytes -= bytes;
            let number = (self.record.number, stream.number);
            writes.extend(batches.into_iter().map(|first| record::delete_batch(number.0, number.1, first)));
        }
        writes
    }

    /// The stream of a row on disk.
    pub fn load_stream(&mut self, number: u64, record: StreamRecord) {
        self.next_stream = self.next_stream.max(number + 1);
        self.streams.insert(record.name.clone(), Stream::new(number, record));
    }

    /// The batch of a row on disk, into the stream of this name.
    pub fn load_batch(&mut self, stream: &str, first: u64, batch: Batch) {
        self.next_event = self.next_event.max(first + batch.events.len() as u64);
        if let Some(stream) = self.streams.get_mut(stream) {
            self.bytes += stream.add(first, batch);
        }
    }

    /// The sequence token of today, 56 digits as AWS's: kept for old clients, and never asked for.
    pub fn sequence_token(&self) -> String {
        format!("{:056}", self.next_event)
    }

    /// As DescribeLogGroups shows it.
    pub fn view(&self) -> Value {
        let arn = self.named().arn();
        let mut view = json!({
            "logGroupName": self.record.name,
            "creationTime": self.record.created,
            "metricFilterCount": 0,
            "arn": format!("{arn}:*"),
            "logGroupArn": arn,
            "logGroupClass": "STANDARD",
            "storedBytes": self.bytes,
        });
        if let Some(days) = self.record.retention {
            view["retentionInDays"] = json!(days);
        }
        view
    }
}
