//! Queues and messages on disk. A send is one row; a receive one small row beside it; a delete takes both away.

use crate::moves::Task;
use crate::queue::{Content, Dedup, Held, Messages, Millis, Seen, Standing};
use crate::settings::Settings;
use postern_call::Refusal;
use postern_kit::{Kind, Tags};
use postern_store::{Store, StoreError, Write};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Arc;

const QUEUE: &str = "sqs.queue";
const MESSAGE: &str = "sqs.message";
const STANDING: &str = "sqs.standing";
const DEDUP: &str = "sqs.dedup";
const TASK: &str = "sqs.task";
const QUEUES: Kind<Row> = Kind::new(QUEUE);
const MESSAGES: Kind<Whole> = Kind::new(MESSAGE);
const STANDINGS: Kind<Standing> = Kind::new(STANDING);
const SEEN: Kind<Seen> = Kind::new(DEDUP);
const TASKS: Kind<Task> = Kind::new(TASK);

/// A queue's own row.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Row {
    /// Never used again: messages of a deleted queue cannot appear in its successor.
    pub number: u64,
    pub created: Millis,
    pub modified: Millis,
    pub settings: Settings,
    pub tags: Tags,
    /// When it was deleted: for a minute its name cannot be used again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted: Option<Millis>,
}

/// A message's row.
#[derive(Serialize, Deserialize)]
struct Whole {
    #[serde(rename = "c", with = "shared")]
    content: Arc<Content>,
    #[serde(rename = "s")]
    standing: Standing,
}

/// A value behind an [`Arc`] as the value itself.
mod shared {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use std::sync::Arc;

    pub fn serialize<T: Serialize, S: Serializer>(value: &Arc<T>, s: S) -> Result<S::Ok, S::Error> {
        (**value).serialize(s)
    }
    pub fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(d: D) -> Result<Arc<T>, D::Error> {
        T::deserialize(d).map(Arc::new)
    }
}

pub fn queue(key: &str, row: &Row) -> Result<Write, Refusal> {
    QUEUES.put(key, row)
}

pub fn message(queue: u64, number: u64, held: &Held) -> Result<Write, Refusal> {
    let whole = Whole { content: Arc::clone(&held.content), standing: held.standing };
    MESSAGES.put(message_key(queue, number), &whole)
}

pub fn standing(queue: u64, number: u64, standing: &Standing) -> Result<Write, Refusal> {
    STANDINGS.put(message_key(queue, number), standing)
}

/// A message is gone.
pub fn gone(queue: u64, number: u64) -> [Write; 2] {
    let key = message_key(queue, number);
    [MESSAGE, STANDING].map(|kind| Write::Delete { kind: kind.to_owned(), key: key.clone() })
}

/// All messages of a queue are gone.
pub fn all_gone(queue: u64) -> [Write; 2] {
    [MESSAGE, STANDING].map(|kind| Write::DeleteUnder { kind: kind.to_owned(), prefix: queue_key(queue) })
}

/// What a deleted queue leaves besides.
pub fn queue_gone(queue: u64) -> [Write; 2] {
    [DEDUP, TASK].map(|kind| Write::DeleteUnder { kind: kind.to_owned(), prefix: queue_key(queue) })
}

pub fn seen(queue: u64, key: &str, seen: &Seen) -> Result<Write, Refusal> {
    SEEN.put(queue_key(queue) + key, seen)
}

pub fn forgotten(queue: u64, key: &str) -> Write {
    SEEN.delete(queue_key(queue) + key)
}

pub fn task(queue: u64, task: &Task) -> Result<Write, Refusal> {
    TASKS.put(queue_key(queue) + &task.id, task)
}

pub fn task_gone(queue: u64, task: &Task) -> Write {
    TASKS.delete(queue_key(queue) + &task.id)
}

fn queue_key(queue: u64) -> String {
    format!("{queue:016x}/")
}

fn message_key(queue: u64, number: u64) -> String {
    format!("{queue:016x}/{number:016x}")
}

/// Everything that the disk has of one queue.
#[derive(Default)]
pub struct Found {
    pub messages: Vec<(u64, Arc<Content>, Standing)>,
    pub dedup: Dedup,
    pub tasks: Vec<Task>,
}

impl Found {
    pub fn into_messages(self, fifo: bool, now: Millis) -> (Messages, Dedup, Vec<Task>) {
        let mut messages = Messages::new(fifo);
        for (number, content, standing) in self.messages {
            messages.restore(number, content, standing, now);
        }
        (messages, self.dedup, self.tasks)
    }
}

/// The queues by their keys.
pub fn load_queues(store: &Store) -> Result<Vec<(String, Row)>, StoreError> {
    QUEUES.load(store)
}

/// What belongs to the queues, by their numbers.
pub fn load_contents(store: &Store) -> Result<HashMap<u64, Found>, StoreError> {
    let mut found: HashMap<u64, Found> = HashMap::new();
    let mut standings: HashMap<String, Standing> = STANDINGS.load(store)?.into_iter().collect();
    for (key, whole) in MESSAGES.load(store)? {
        let (queue, rest) = parts(MESSAGE, &key)?;
        let number = u64::from_str_radix(rest, 16).map_err(|error| unreadable(MESSAGE, &key, &error.to_string()))?;
        let standing = standings.remove(&key).unwrap_or(whole.standing);
        found.entry(queue).or_default().messages.push((number, whole.content, standing));
    }
    for (key, seen) in SEEN.load(store)? {
        let (queue, rest) = parts(DEDUP, &key)?;
        found.entry(queue).or_default().dedup.remember(rest.to_owned(), seen);
    }
    for (key, task) in TASKS.load(store)? {
        found.entry(parts(TASK, &key)?.0).or_default().tasks.push(task);
    }
    Ok(found)
}

fn parts<'k>(kind: &str, key: &'k str) -> Result<(u64, &'k str), StoreError> {
    let (queue, rest) = key.split_once('/').ok_or_else(|| unreadable(kind, key, "no queue in its key"))?;
    let queue = u64::from_str_radix(queue, 16).map_err(|error| unreadable(kind, key, &error.to_string()))?;
    Ok((queue, rest))
}

fn unreadable(kind: &str, key: &str, why: &str) -> StoreError {
    StoreError { step: "read the queues", word: format!("{kind} {key}: {why}") }
}
