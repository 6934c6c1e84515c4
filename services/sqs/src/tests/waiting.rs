//! Receives that wait.

use super::{Rig, URL};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::task::{JoinHandle, JoinSet};

async fn body(rig: Arc<Rig>) -> Option<String> {
    let reply = rig.done("ReceiveMessage", json!({ "QueueUrl": URL, "WaitTimeSeconds": 20 })).await;
    reply["Messages"][0]["Body"].as_str().map(str::to_owned)
}

fn one(rig: &Arc<Rig>) -> JoinHandle<Option<String>> {
    tokio::spawn(body(Arc::clone(rig)))
}

fn many(rig: &Arc<Rig>, number: usize) -> JoinSet<Option<String>> {
    (0..number).map(|_| body(Arc::clone(rig))).collect()
}

/// Until so many receives wait.
async fn waiting(rig: &Rig, number: usize) {
    let queue = rig.sqs.queues.all().remove(0);
    while queue.lock().waiting != number {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_send_wakes_a_waiting_receive_at_once() {
    let rig = Arc::new(Rig::queue(json!({})).await);
    let receive = one(&rig);
    waiting(&rig, 1).await;
    rig.send("now").await;
    assert_eq!(receive.await.unwrap().as_deref(), Some("now"));
    waiting(&rig, 0).await;
}

#[tokio::test]
async fn a_receive_gives_up_when_its_time_is_over() {
    let rig = Arc::new(Rig::queue(json!({ "ReceiveMessageWaitTimeSeconds": "1" })).await);
    assert_eq!(rig.done("ReceiveMessage", json!({ "QueueUrl": URL })).await, json!({}));
    waiting(&rig, 0).await;
}

#[tokio::test]
async fn hidden_messages_wake_who_waits_when_they_are_due() {
    let rig = Arc::new(Rig::queue(json!({})).await);
    let mut receives = many(&rig, 3);
    waiting(&rig, 3).await;
    for (body, delay) in [("late", 2), ("early", 1)] {
        rig.done("SendMessage", json!({ "QueueUrl": URL, "MessageBody": body, "DelaySeconds": delay })).await;
    }
    for body in ["early", "late"] {
        assert_eq!(receives.join_next().await.unwrap().unwrap().as_deref(), Some(body));
    }
    waiting(&rig, 1).await;
}

#[tokio::test]
async fn thousands_wait_and_each_message_goes_to_one() {
    let rig = Arc::new(Rig::queue(json!({})).await);
    let mut receives = many(&rig, 2000);
    waiting(&rig, 2000).await;
    for n in 0..1000 {
        rig.send(&n.to_string()).await;
    }
    let mut got = std::collections::BTreeSet::new();
    while got.len() < 1000 {
        assert!(got.insert(receives.join_next().await.unwrap().unwrap().unwrap()));
    }
    waiting(&rig, 1000).await;
    assert_eq!(rig.counts(URL).await, ["0", "1000", "0"]);
}

#[tokio::test]
async fn who_goes_away_takes_no_message_along() {
    let rig = Arc::new(Rig::queue(json!({})).await);
    let gone = one(&rig);
    let stays = one(&rig);
    waiting(&rig, 2).await;
    gone.abort();
    waiting(&rig, 1).await;
    rig.send("a").await;
    assert_eq!(stays.await.unwrap().as_deref(), Some("a"));
}

#[tokio::test]
async fn a_deleted_message_lets_its_group_go_on() {
    let rig = Rig::new();
    let attributes = json!({ "FifoQueue": "true", "ContentBasedDeduplication": "true" });
    let url = rig.make("q.fifo", attributes).await;
    let rig = Arc::new(rig);
    for body in ["1", "2"] {
        rig.done("SendMessage", json!({ "QueueUrl": url, "MessageBody": body, "MessageGroupId": "g" })).await;
    }
    let first = rig.done("ReceiveMessage", json!({ "QueueUrl": url })).await["Messages"][0].clone();
    let (other, asked) = (Arc::clone(&rig), json!({ "QueueUrl": url, "WaitTimeSeconds": 20 }));
    let receive: JoinHandle<Value> = tokio::spawn(async move { other.done("ReceiveMessage", asked).await });
    waiting(&rig, 1).await;
    rig.done("DeleteMessage", json!({ "QueueUrl": url, "ReceiptHandle": first["ReceiptHandle"] })).await;
    assert_eq!(receive.await.unwrap()["Messages"][0]["Body"], "2");
}
