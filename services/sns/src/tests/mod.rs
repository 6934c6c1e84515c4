//! The service as a client uses it, with a deliverer that keeps what it is given.

mod delivery;
mod servers;
mod subscriptions;
mod topics;

use crate::{Deliver, Letter, Parcel, Sns, Undelivered};
use async_trait::async_trait;
use postern_call::{Call, Refusal};
use postern_kit::testing::{Heard, call};
use postern_names::AccountId;
use postern_serve::Service;
use postern_store::Store;
use serde_json::{Value, json};
use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};
use time::OffsetDateTime;

/// Keeps parcels; refuses those for the queues that it is told.
#[derive(Default)]
pub struct Kept {
    parcels: Mutex<Vec<Parcel>>,
    closed: Mutex<BTreeSet<String>>,
    pub letters: Mutex<Vec<Letter>>,
    /// What servers answer; that they take it, when nothing is left.
    pub answers: Mutex<VecDeque<Result<(), Undelivered>>>,
}

#[async_trait]
impl Deliver for Kept {
    async fn to_queue(&self, parcel: &Parcel) -> Result<(), Refusal> {
        if self.closed.lock().unwrap().contains(&parcel.queue) {
            return Err(Refusal::new("AccessDenied", "no").status(403));
        }
        self.parcels.lock().unwrap().push(parcel.clone());
        Ok(())
    }

    async fn to_server(&self, letter: &Letter) -> Result<(), Undelivered> {
        self.letters.lock().unwrap().push(letter.clone());
        self.answers.lock().unwrap().pop_front().unwrap_or(Ok(()))
    }
}

pub struct Rig {
    pub sns: Sns,
    pub heard: Arc<Heard>,
    pub kept: Arc<Kept>,
    dir: tempfile::TempDir,
    pub now: OffsetDateTime,
}

pub const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:t";
pub const QUEUE: &str = "arn:aws:sqs:us-east-1:123456789012:q";

impl Rig {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (heard, kept) = (Arc::new(Heard::default()), Arc::new(Kept::default()));
        let sns = open(&dir, &heard, &kept);
        Self { sns, heard, kept, dir, now: OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000) }
    }

    /// With the topic `t`.
    pub async fn topic() -> Self {
        let rig = Self::new();
        rig.done("CreateTopic", json!({ "Name": "t" })).await;
        rig
    }

    /// Does not resume: see [`Sns::resume`].
    pub fn restart(self) -> Self {
        let Self { sns, heard, kept, dir, now } = self;
        drop(sns);
        Self { sns: open(&dir, &heard, &kept), heard, kept, dir, now }
    }

    pub fn call_of(&self, operation: &str, input: Value) -> Call {
        Call { now: self.now, ..call("sns", AccountId::DEFAULT, operation, input) }
    }

    pub async fn done(&self, operation: &str, input: Value) -> Value {
        let done = self.sns.call(self.call_of(operation, input)).await;
        done.unwrap_or_else(|refusal| panic!("{operation}: {refusal:?}"))
    }

    pub async fn refused(&self, operation: &str, input: Value) -> Refusal {
        match self.sns.call(self.call_of(operation, input)).await {
            Err(refusal) => refusal,
            Ok(reply) => panic!("{operation} gave {reply}"),
        }
    }

    /// Subscribes the queue `q` to the topic `t`.
    pub async fn subscribe(&self, attributes: Value) -> String {
        let input = json!({ "TopicArn": TOPIC, "Protocol": "sqs", "Endpoint": QUEUE, "Attributes": attributes });
        self.done("Subscribe", input).await["SubscriptionArn"].as_str().unwrap().to_owned()
    }

    /// What was delivered since the last time.
    pub fn delivered(&self) -> Vec<Parcel> {
        std::mem::take(&mut self.kept.parcels.lock().unwrap())
    }

    pub fn bodies(&self) -> Vec<String> {
        self.delivered().into_iter().map(|parcel| parcel.body).collect()
    }

    /// Waits until the store has so many entries of a kind, each with this text in it.
    pub async fn kept(&self, kind: &str, count: usize, text: &str) {
        let store = Store::open(&self.dir.path().join("state.db")).unwrap();
        let has = |(_, value): &(String, Vec<u8>)| String::from_utf8_lossy(value).contains(text);
        while !matches!(store.load(kind).unwrap(), rows if rows.len() == count && rows.iter().all(has)) {
            tokio::task::yield_now().await;
        }
    }

    pub fn close(&self, queue: &str) {
        self.kept.closed.lock().unwrap().insert(queue.to_owned());
    }
}

fn open(dir: &tempfile::TempDir, heard: &Arc<Heard>, kept: &Arc<Kept>) -> Sns {
    let store = Arc::new(Store::open(&dir.path().join("state.db")).unwrap());
    Sns::open(store, heard.clone(), kept.clone(), None).unwrap()
}
