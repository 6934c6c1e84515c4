//! What is kept on disk: a row for each group, stream and batch. Keys of streams and batches begin with their group's
//! number, so that a group goes with all that is in it.

use postern_call::Refusal;
use postern_kit::{Kind, Tags};
use postern_names::AccountId;
use postern_store::{Store, StoreError, Write};
use serde::{Deserialize, Serialize};

const GROUPS: Kind<GroupRecord> = Kind::new("logs.group");
const STREAMS: Kind<StreamRecord> = Kind::new("logs.stream");
const BATCHES: Kind<Batch> = Kind::new("logs.batch");

/// A group without what is in it. Times are milliseconds since 1970.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct GroupRecord {
    pub number: u64,
    pub account: AccountId,
    pub region: String,
    pub name: String,
    pub created: i64,
    /// Days that events are kept; `None`: for ever.
    pub retention: Option<i64>,
    pub tags: Tags,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StreamRecord {
    pub name: String,
    pub created: i64,
    /// The time of the last event ever, and when it came: known for longer than the event itself.
    pub newest: Option<i64>,
    pub ingested: Option<i64>,
}

/// The events of one PutLogEvents in the order of their time.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Batch {
    pub ingested: i64,
    pub events: Vec<(i64, String)>,
}

fn group_key(group: u64) -> String {
    format!("{group:016x}")
}
fn stream_key(group: u64, stream: u64) -> String {
    format!("{group:016x}/{stream:016x}")
}
fn batch_key(group: u64, stream: u64, first: u64) -> String {
    format!("{group:016x}/{stream:016x}/{first:016x}")
}
/// The numbers of a key.
fn numbers(key: &str) -> Option<Vec<u64>> {
    key.split('/').map(|number| u64::from_str_radix(number, 16).ok()).collect()
}

pub fn put_group(record: &GroupRecord) -> Result<Write, Refusal> {
    GROUPS.put(group_key(record.number), record)
}
/// The group and all that is in it.
pub fn delete_group(group: u64) -> Vec<Write> {
    let prefix = format!("{}/", group_key(group));
    let under = |kind: &str| Write::DeleteUnder { kind: kind.into(), prefix: prefix.clone() };
    vec![under("logs.batch"), under("logs.stream"), GROUPS.delete(group_key(group))]
}
pub fn put_stream(group: u64, stream: u64, record: &StreamRecord) -> Result<Write, Refusal> {
    STREAMS.put(stream_key(group, stream), record)
}
pub fn delete_stream(group: u64, stream: u64) -> Vec<Write> {
    let prefix = format!("{}/", stream_key(group, stream));
    vec![Write::DeleteUnder { kind: "logs.batch".into(), prefix }, STREAMS.delete(stream_key(group, stream))]
}
/// `first` is the number of the batch's first event.
pub fn put_batch(group: u64, stream: u64, first: u64, batch: &Batch) -> Result<Write, Refusal> {
    BATCHES.put(batch_key(group, stream, first), batch)
}
pub fn delete_batch(group: u64, stream: u64, first: u64) -> Write {
    BATCHES.delete(batch_key(group, stream, first))
}

/// Everything that was kept, streams and batches with the numbers of their keys. Blocks; meant for the start.
pub struct Kept {
    pub groups: Vec<GroupRecord>,
    pub streams: Vec<(Vec<u64>, StreamRecord)>,
    pub batches: Vec<(Vec<u64>, Batch)>,
}

pub fn load(store: &Store) -> Result<Kept, StoreError> {
    fn numbered<T>((key, value): (String, T)) -> Result<(Vec<u64>, T), StoreError> {
        let numbers = numbers(&key).ok_or_else(|| StoreError { step: "read a key", word: format!("logs: {key}") })?;
        Ok((numbers, value))
    }
    Ok(Kept {
        groups: GROUPS.load(store)?.into_iter().map(|(_, record)| record).collect(),
        streams: STREAMS.load(store)?.into_iter().map(numbered).collect::<Result<_, _>>()?,
        batches: BATCHES.load(store)?.into_iter().map(numbered).collect::<Result<_, _>>()?,
    })
}
