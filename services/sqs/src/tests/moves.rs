//! Message move tasks.

use super::{Rig, URL, text};
use serde_json::{Value, json};

const DEAD: &str = "http://127.0.0.1:4566/123456789012/dead";
const DEAD_ARN: &str = "arn:aws:sqs:us-east-1:123456789012:dead";

/// Queue `q` whose dead letters, three of them, are in `dead`.
async fn buried() -> Rig {
    let mut rig = Rig::new();
    rig.make("dead", json!({})).await;
    let policy = json!({ "deadLetterTargetArn": DEAD_ARN, "maxReceiveCount": 1 }).to_string();
    rig.make("q", json!({ "RedrivePolicy": policy, "VisibilityTimeout": "1" })).await;
    for body in ["1", "2", "3"] {
        rig.send(body).await;
    }
    rig.receive(URL).await;
    rig.wait(1);
    assert_eq!(rig.bodies(URL).await, [""; 0]);
    rig
}

/// The latest task, once it is over.
async fn over(rig: &Rig) -> Value {
    loop {
        let reply = rig.done("ListMessageMoveTasks", json!({ "SourceArn": DEAD_ARN })).await;
        let task = reply["Results"][0].clone();
        if task["Status"] != "RUNNING" && task["Status"] != "CANCELLING" {
            return task;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn dead_letters_go_back_where_they_came_from() {
    let rig = buried().await;
    assert_eq!(rig.counts(DEAD).await, ["3", "0", "0"]);
    let sources = rig.done("ListDeadLetterSourceQueues", json!({ "QueueUrl": DEAD })).await;
    assert_eq!(sources, json!({ "queueUrls": [URL] }));
    rig.done("StartMessageMoveTask", json!({ "SourceArn": DEAD_ARN })).await;
    let task = over(&rig).await;
    assert_eq!((&task["Status"], &task["ApproximateNumberOfMessagesMoved"]), (&json!("COMPLETED"), &json!(3)));
    assert!(task.get("TaskHandle").is_none());
    let rig = rig.restart();
    assert_eq!(rig.counts(DEAD).await, ["0", "0", "0"]);
    assert_eq!(rig.bodies(URL).await, ["1", "2", "3"]);
}

#[tokio::test]
async fn or_to_a_queue_of_choice() {
    let rig = buried().await;
    let other = rig.make("other", json!({})).await;
    let arn = "arn:aws:sqs:us-east-1:123456789012:other";
    rig.done("StartMessageMoveTask", json!({ "SourceArn": DEAD_ARN, "DestinationArn": arn })).await;
    assert_eq!(over(&rig).await["DestinationArn"], arn);
    assert_eq!(rig.counts(&other).await, ["3", "0", "0"]);
}

#[tokio::test]
async fn a_slow_task_can_be_cancelled_and_survives_a_restart() {
    let rig = buried().await;
    let input = json!({ "SourceArn": DEAD_ARN, "MaxNumberOfMessagesPerSecond": 1 });
    let started = rig.done("StartMessageMoveTask", input.clone()).await;
    assert_eq!(rig.refused("StartMessageMoveTask", input).await.code, "UnsupportedOperation");
    let rig = rig.restart();
    rig.sqs.resume();
    rig.done("CancelMessageMoveTask", started).await;
    assert_eq!(over(&rig).await["Status"], "CANCELLED");
    let left: usize = text(&json!(rig.counts(DEAD).await[0])).parse().unwrap();
    let back: usize = rig.counts(URL).await[0].parse().unwrap();
    assert_eq!(left + back, 3);
}

#[tokio::test]
async fn what_cannot_be_moved_stays() {
    let rig = buried().await;
    rig.done("SendMessage", json!({ "QueueUrl": DEAD, "MessageBody": "sent here" })).await;
    rig.done("StartMessageMoveTask", json!({ "SourceArn": DEAD_ARN })).await;
    let task = over(&rig).await;
    assert_eq!((&task["Status"], &task["FailureReason"]), (&json!("FAILED"), &json!("CouldNotDetermineMessageSource")));
    assert_eq!(rig.bodies(DEAD).await, ["sent here"]);
}

#[tokio::test]
async fn wrong_tasks_are_refused() {
    let rig = buried().await;
    let q = "arn:aws:sqs:us-east-1:123456789012:q";
    for (input, code) in [
        (json!({ "SourceArn": q }), "InvalidParameterValue"),
        (json!({ "SourceArn": "arn:aws:sqs:us-east-1:123456789012:none" }), "ResourceNotFoundException"),
        (json!({ "SourceArn": DEAD_ARN, "DestinationArn": DEAD_ARN }), "InvalidParameterValue"),
        (json!({ "SourceArn": DEAD_ARN, "MaxNumberOfMessagesPerSecond": 501 }), "InvalidParameterValue"),
    ] {
        assert_eq!(rig.refused("StartMessageMoveTask", input).await.code, code);
    }
    assert_eq!(rig.refused("CancelMessageMoveTask", json!({ "TaskHandle": "x" })).await.code, "InvalidParameterValue");
}
