//! FIFO queues: order within a group, and each message once.

use super::{Rig, text};
use serde_json::{Value, json};

const URL: &str = "http://127.0.0.1:4566/123456789012/q.fifo";

async fn fifo(more: Value) -> Rig {
    let rig = Rig::new();
    let mut attributes = json!({ "FifoQueue": "true", "ContentBasedDeduplication": "true" });
    for (name, value) in more.as_object().unwrap() {
        attributes[name] = value.clone();
    }
    rig.make("q.fifo", attributes).await;
    rig
}

async fn send(rig: &Rig, group: &str, body: &str) -> Value {
    rig.done("SendMessage", json!({ "QueueUrl": URL, "MessageBody": body, "MessageGroupId": group })).await
}

async fn one(rig: &Rig) -> Option<Value> {
    let reply = rig.done("ReceiveMessage", json!({ "QueueUrl": URL, "AttributeNames": ["All"] })).await;
    reply["Messages"].as_array().map(|messages| messages[0].clone())
}

#[tokio::test]
async fn a_group_waits_for_its_message_in_flight() {
    let rig = fifo(json!({})).await;
    for body in ["a1", "a2"] {
        send(&rig, "a", body).await;
    }
    send(&rig, "b", "b1").await;
    let first = one(&rig).await.unwrap();
    assert_eq!(first["Body"], "a1");
    assert_eq!(one(&rig).await.unwrap()["Body"], "b1");
    assert_eq!(one(&rig).await, None);
    rig.done("DeleteMessage", json!({ "QueueUrl": URL, "ReceiptHandle": first["ReceiptHandle"] })).await;
    let second = one(&rig).await.unwrap();
    assert_eq!(second["Body"], "a2");
    assert_eq!(second["Attributes"]["MessageGroupId"], "a");
    let number = |message: &Value| text(&message["Attributes"]["SequenceNumber"]);
    assert!(number(&first) < number(&second) && number(&first).len() == 20);
}

#[tokio::test]
async fn a_repetition_is_accepted_and_not_delivered() {
    let mut rig = fifo(json!({})).await;
    let first = send(&rig, "a", "same").await;
    assert_eq!(send(&rig, "b", "same").await, first);
    assert_eq!(rig.bodies(URL).await, ["same"]);
    let mut rig = {
        rig.wait(299);
        rig.restart()
    };
    assert_eq!(send(&rig, "a", "same").await, first);
    rig.wait(1);
    assert_ne!(send(&rig, "a", "same").await["MessageId"], first["MessageId"]);
}

#[tokio::test]
async fn with_high_throughput_an_id_counts_within_its_group() {
    let rig = fifo(json!({ "DeduplicationScope": "messageGroup", "FifoThroughputLimit": "perMessageGroupId" })).await;
    let first = send(&rig, "a", "same").await;
    assert_eq!(send(&rig, "a", "same").await, first);
    assert_ne!(send(&rig, "b", "same").await["MessageId"], first["MessageId"]);
    assert_eq!(rig.counts(URL).await, ["2", "0", "0"]);
}

#[tokio::test]
async fn an_attempt_is_repeated_while_its_messages_are_in_flight() {
    let rig = fifo(json!({})).await;
    send(&rig, "a", "a1").await;
    let attempt = json!({ "QueueUrl": URL, "ReceiveRequestAttemptId": "x" });
    let first = rig.done("ReceiveMessage", attempt.clone()).await["Messages"][0].clone();
    let again = rig.done("ReceiveMessage", attempt.clone()).await["Messages"][0].clone();
    assert_eq!(first, again);
    rig.done("DeleteMessage", json!({ "QueueUrl": URL, "ReceiptHandle": first["ReceiptHandle"] })).await;
    assert_eq!(rig.done("ReceiveMessage", attempt).await, json!({}));
}

#[tokio::test]
async fn what_a_fifo_queue_does_not_take() {
    let mut rig = Rig::new();
    rig.make("q.fifo", json!({ "FifoQueue": "true" })).await;
    for (mut input, code) in [
        (json!({}), "MissingParameter"),
        (json!({ "MessageGroupId": "a" }), "InvalidParameterValue"),
        (json!({ "MessageGroupId": "a b", "MessageDeduplicationId": "1" }), "InvalidParameterValue"),
        (json!({ "MessageGroupId": "a", "MessageDeduplicationId": "1", "DelaySeconds": 1 }), "InvalidParameterValue"),
    ] {
        input["QueueUrl"] = json!(URL);
        input["MessageBody"] = json!("a");
        assert_eq!(rig.refused("SendMessage", input).await.code, code);
    }
    let input = json!({ "QueueUrl": URL, "MessageBody": "a", "MessageGroupId": "a", "MessageDeduplicationId": "1" });
    rig.done("SendMessage", input).await;
    let got = one(&rig).await.unwrap();
    rig.wait(30);
    // Its time in flight is over.
    let refusal = rig.refused("DeleteMessage", json!({ "QueueUrl": URL, "ReceiptHandle": got["ReceiptHandle"] })).await;
    assert!(refusal.message.ends_with("Reason: The receipt handle has expired."), "{refusal}");
}

#[tokio::test]
async fn a_changed_delay_counts_for_the_messages_that_are_there() {
    let rig = fifo(json!({ "DelaySeconds": "100" })).await;
    send(&rig, "a", "a1").await;
    rig.done("SetQueueAttributes", json!({ "QueueUrl": URL, "Attributes": { "DelaySeconds": "10" } })).await;
    let mut rig = rig.restart();
    assert_eq!(rig.counts(URL).await, ["0", "0", "1"]);
    rig.wait(10);
    assert_eq!(rig.bodies(URL).await, ["a1"]);
}
