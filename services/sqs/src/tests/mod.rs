//! The service as a client uses it, over a store on a disk.

mod durable;
mod fifo;
mod moves;
mod policies;
mod queues;
mod standard;
mod waiting;

use crate::Sqs;
use postern_call::{Call, Refusal};
use postern_kit::testing::{Heard, call};
use postern_names::AccountId;
use postern_serve::Service;
use postern_store::Store;
use serde_json::{Value, json};
use std::sync::Arc;
use time::{Duration, OffsetDateTime};

/// A service on a fresh directory, with a clock that stands still until it is moved.
pub struct Rig {
    pub sqs: Sqs,
    pub heard: Arc<Heard>,
    dir: tempfile::TempDir,
    now: OffsetDateTime,
}

pub const URL: &str = "http://127.0.0.1:4566/123456789012/q";

impl Rig {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let heard = Arc::new(Heard::default());
        let sqs = open(&dir, &heard);
        Self { sqs, heard, dir, now: OffsetDateTime::now_utc() }
    }

    /// As after a stop of the daemon.
    pub fn restart(self) -> Self {
        let Self { sqs, heard, dir, now } = self;
        drop(sqs);
        Self { sqs: open(&dir, &heard), heard, dir, now }
    }

    pub fn wait(&mut self, seconds: i64) {
        self.now += Duration::seconds(seconds);
    }

    pub fn call_of(&self, operation: &str, input: Value) -> Call {
        Call { now: self.now, ..call("sqs", AccountId::DEFAULT, operation, input) }
    }

    pub async fn ask(&self, operation: &str, input: Value) -> Result<Value, Refusal> {
        self.sqs.call(self.call_of(operation, input)).await
    }

    pub async fn done(&self, operation: &str, input: Value) -> Value {
        self.ask(operation, input).await.unwrap_or_else(|refusal| panic!("{operation}: {refusal:?}"))
    }

    pub async fn refused(&self, operation: &str, input: Value) -> Refusal {
        match self.ask(operation, input).await {
            Err(refusal) => refusal,
            Ok(reply) => panic!("{operation} gave {reply}"),
        }
    }

    /// Makes the queue `q`.
    pub async fn queue(attributes: Value) -> Self {
        let rig = Self::new();
        rig.make("q", attributes).await;
        rig
    }

    pub async fn make(&self, name: &str, attributes: Value) -> String {
        let made = self.done("CreateQueue", json!({ "QueueName": name, "Attributes": attributes })).await;
        text(&made["QueueUrl"])
    }

    pub async fn send(&self, body: &str) -> Value {
        self.done("SendMessage", json!({ "QueueUrl": URL, "MessageBody": body })).await
    }

    /// Up to ten messages, with all their attributes.
    pub async fn receive(&self, url: &str) -> Vec<Value> {
        let input = json!({ "QueueUrl": url, "MaxNumberOfMessages": 10, "AttributeNames": ["All"], "MessageAttributeNames": ["All"] });
        let reply = self.done("ReceiveMessage", input).await;
        reply["Messages"].as_array().cloned().unwrap_or_default()
    }

    pub async fn bodies(&self, url: &str) -> Vec<String> {
        self.receive(url).await.iter().map(|message| text(&message["Body"])).collect()
    }

    pub async fn counts(&self, url: &str) -> [String; 3] {
        let reply = self.done("GetQueueAttributes", json!({ "QueueUrl": url, "AttributeNames": ["All"] })).await;
        ["", "NotVisible", "Delayed"]
            .map(|which| text(&reply["Attributes"][format!("ApproximateNumberOfMessages{which}")]))
    }
}

fn open(dir: &tempfile::TempDir, heard: &Arc<Heard>) -> Sqs {
    let store = Arc::new(Store::open(&dir.path().join("sqs.db")).unwrap());
    Sqs::open(store, heard.clone(), "http://127.0.0.1:4566".to_owned()).unwrap()
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}
