//! What was answered is there after a restart, whatever the traffic was.

use super::{Rig, URL, text};
use serde_json::json;
use std::collections::BTreeSet;

#[tokio::test]
async fn everything_stands_as_it_stood() {
    let rig = Rig::queue(json!({ "VisibilityTimeout": "30" })).await;
    for body in ["ready", "in flight", "deleted"] {
        rig.send(body).await;
    }
    let got = rig.receive(URL).await;
    let handle = |body: &str| got.iter().find(|one| one["Body"] == body).unwrap()["ReceiptHandle"].clone();
    rig.done("DeleteMessage", json!({ "QueueUrl": URL, "ReceiptHandle": handle("deleted") })).await;
    let now = json!({ "QueueUrl": URL, "ReceiptHandle": handle("ready"), "VisibilityTimeout": 0 });
    rig.done("ChangeMessageVisibility", now).await;
    rig.done("SendMessage", json!({ "QueueUrl": URL, "MessageBody": "delayed", "DelaySeconds": 600 })).await;
    let rig = rig.restart();
    assert_eq!(rig.counts(URL).await, ["1", "1", "1"]);
    // Handles outlive the restart.
    rig.done("DeleteMessage", json!({ "QueueUrl": URL, "ReceiptHandle": handle("in flight") })).await;
    let again = rig.receive(URL).await;
    assert_eq!(again.len(), 1);
    assert_eq!(again[0]["Attributes"]["ApproximateReceiveCount"], "2");
    let rig = rig.restart();
    assert_eq!(rig.counts(URL).await, ["0", "1", "1"]);
}

#[tokio::test]
async fn a_deep_queue_gives_each_message_once() {
    let rig = Rig::queue(json!({ "VisibilityTimeout": "600" })).await;
    let batch = |n: usize| -> Vec<_> {
        (0..10).map(|i| json!({ "Id": i.to_string(), "MessageBody": (n * 10 + i).to_string() })).collect()
    };
    for n in 0..100 {
        rig.done("SendMessageBatch", json!({ "QueueUrl": URL, "Entries": batch(n) })).await;
    }
    let rig = rig.restart();
    let mut seen = BTreeSet::new();
    for _ in 0..100 {
        for message in rig.receive(URL).await {
            assert!(seen.insert(text(&message["Body"])), "{message}");
        }
    }
    assert_eq!(seen.len(), 1000);
    assert_eq!(rig.counts(URL).await, ["0", "1000", "0"]);
}
