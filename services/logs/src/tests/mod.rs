//! The service through its door: calls as the codec gives them, on a store on disk.

mod events;
mod filters;
mod groups;
mod retention;

use crate::Logs;
use postern_call::Refusal;
use postern_kit::testing::{Heard, call};
use postern_names::AccountId;
use postern_serve::Service;
use postern_store::Store;
use serde_json::{Value, json};
use std::sync::Arc;
use time::Duration;

struct Rig {
    service: Logs,
    heard: Arc<Heard>,
    directory: tempfile::TempDir,
}

/// The time of the testing calls in milliseconds.
fn now() -> i64 {
    call("logs", AccountId::DEFAULT, "", json!({})).now.unix_timestamp() * 1000
}

fn arn(rest: &str) -> String {
    format!("arn:aws:logs:us-east-1:{}:{rest}", AccountId::DEFAULT)
}

impl Rig {
    fn new() -> Self {
        Self::on(tempfile::tempdir().unwrap())
    }
    fn on(directory: tempfile::TempDir) -> Self {
        let store = Arc::new(Store::open(&directory.path().join("logs.db")).unwrap());
        let heard = Arc::new(Heard::default());
        let service = Logs::open(store, heard.clone()).unwrap();
        Self { service, heard, directory }
    }
    /// With a group `g` and its streams.
    async fn with(streams: &[&str]) -> Self {
        let rig = Self::new();
        rig.ok("CreateLogGroup", json!({ "logGroupName": "g" })).await;
        for stream in streams {
            rig.ok("CreateLogStream", json!({ "logGroupName": "g", "logStreamName": stream })).await;
        }
        rig
    }
    /// What the disk gives back.
    fn again(self) -> Self {
        let Self { service, directory, .. } = self;
        drop(service);
        Self::on(directory)
    }
    async fn later(&self, milliseconds: i64, operation: &str, input: Value) -> Result<Value, Refusal> {
        let mut call = call("logs", AccountId::DEFAULT, operation, input);
        call.now += Duration::milliseconds(milliseconds);
        self.service.call(call).await
    }
    async fn ok(&self, operation: &str, input: Value) -> Value {
        self.later(0, operation, input).await.unwrap()
    }
    async fn refused(&self, operation: &str, input: Value) -> Refusal {
        self.later(0, operation, input).await.unwrap_err()
    }
    /// Puts events so many milliseconds from now.
    async fn put(&self, stream: &str, events: &[(i64, &str)]) -> Value {
        let events: Vec<Value> =
            events.iter().map(|(at, message)| json!({ "timestamp": now() + at, "message": message })).collect();
        let input = json!({ "logGroupName": "g", "logStreamName": stream, "logEvents": events });
        self.ok("PutLogEvents", input).await
    }
    async fn get(&self, stream: &str, more: Value) -> Value {
        self.ok("GetLogEvents", merged(json!({ "logGroupName": "g", "logStreamName": stream }), more)).await
    }
    async fn filter(&self, more: Value) -> Value {
        self.ok("FilterLogEvents", merged(json!({ "logGroupName": "g" }), more)).await
    }
    /// The rows of a kind on disk.
    fn rows(&self, kind: &str) -> usize {
        Store::open(&self.directory.path().join("logs.db")).unwrap().load(kind).unwrap().len()
    }
}

fn merged(mut input: Value, more: Value) -> Value {
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    input
}

fn messages(reply: &Value) -> Vec<&str> {
    reply["events"].as_array().unwrap().iter().map(|event| event["message"].as_str().unwrap()).collect()
}
