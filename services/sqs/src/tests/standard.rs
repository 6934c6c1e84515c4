//! Standard queues: what is sent is received, hidden, and deleted.

use super::{Rig, URL, text};
use serde_json::json;

#[tokio::test]
async fn a_message_comes_back_until_it_is_deleted() {
    let mut rig = Rig::queue(json!({ "VisibilityTimeout": "10" })).await;
    let sent = rig.send("hello").await;
    assert_eq!(sent["MD5OfMessageBody"], "5d41402abc4b2a76b9719d911017c592");
    let first = rig.receive(URL).await.remove(0);
    assert_eq!(first["MessageId"], sent["MessageId"]);
    assert_eq!(first["Attributes"]["ApproximateReceiveCount"], "1");
    assert_eq!(first["Attributes"]["SenderId"], "123456789012");
    assert_eq!(rig.bodies(URL).await, [""; 0]);
    assert_eq!(rig.counts(URL).await, ["0", "1", "0"]);
    rig.wait(10);
    let second = rig.receive(URL).await.remove(0);
    assert_eq!(second["Attributes"]["ApproximateReceiveCount"], "2");
    let first_received = |message: &serde_json::Value| text(&message["Attributes"]["ApproximateFirstReceiveTimestamp"]);
    assert_eq!(first_received(&first), first_received(&second));
    // The first receive's handle is no longer good for anything, and that is no error.
    rig.done("DeleteMessage", json!({ "QueueUrl": URL, "ReceiptHandle": first["ReceiptHandle"] })).await;
    assert_eq!(rig.counts(URL).await, ["0", "1", "0"]);
    rig.done("DeleteMessage", json!({ "QueueUrl": URL, "ReceiptHandle": second["ReceiptHandle"] })).await;
    rig.done("DeleteMessage", json!({ "QueueUrl": URL, "ReceiptHandle": second["ReceiptHandle"] })).await;
    assert_eq!(rig.counts(URL).await, ["0", "0", "0"]);
}

#[tokio::test]
async fn delays_hide_a_message_at_first() {
    let mut rig = Rig::queue(json!({ "DelaySeconds": "5" })).await;
    rig.send("by the queue").await;
    rig.done("SendMessage", json!({ "QueueUrl": URL, "MessageBody": "own", "DelaySeconds": 0 })).await;
    assert_eq!(rig.counts(URL).await, ["1", "0", "1"]);
    assert_eq!(rig.bodies(URL).await, ["own"]);
    rig.wait(5);
    assert_eq!(rig.bodies(URL).await, ["by the queue"]);
}

#[tokio::test]
async fn the_visibility_of_a_message_in_flight_can_be_changed() {
    let mut rig = Rig::queue(json!({})).await;
    rig.send("a").await;
    let handle = rig.receive(URL).await[0]["ReceiptHandle"].clone();
    let change = |seconds: i64| json!({ "QueueUrl": URL, "ReceiptHandle": handle, "VisibilityTimeout": seconds });
    rig.done("ChangeMessageVisibility", change(100)).await;
    rig.wait(99);
    assert_eq!(rig.bodies(URL).await, [""; 0]);
    let refusal = rig.refused("ChangeMessageVisibility", change(43_200)).await;
    assert_eq!(
        refusal.message,
        "Value 43200 for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the message is beyond the limit [43200 seconds]."
    );
    rig.done("ChangeMessageVisibility", change(0)).await;
    assert_eq!(rig.refused("ChangeMessageVisibility", change(5)).await.code, "MessageNotInflight");
    assert_eq!(rig.bodies(URL).await, ["a"]);
    // The handle is of an earlier receive now.
    assert_eq!(rig.refused("ChangeMessageVisibility", change(5)).await.code, "InvalidParameterValue");
}

#[tokio::test]
async fn attributes_come_back_as_asked() {
    let rig = Rig::queue(json!({})).await;
    let attributes = json!({
        "name": { "DataType": "String", "StringValue": "grün" },
        "count": { "DataType": "Number.int", "StringValue": "42" },
        "a.binary": { "DataType": "Binary", "BinaryValue": "AAH/" },
    });
    let trace = json!({ "AWSTraceHeader": { "DataType": "String", "StringValue": "Root=1-5759e988-bd862e3fe1be46a994272793" } });
    let input = json!({ "QueueUrl": URL, "MessageBody": "a", "MessageAttributes": attributes, "MessageSystemAttributes": trace });
    let sent = rig.done("SendMessage", input).await;
    assert_eq!(sent["MD5OfMessageAttributes"], "38aa256d9fd7101b095def909dd75943");
    assert!(sent["MD5OfMessageSystemAttributes"].is_string());
    let input = json!({ "QueueUrl": URL, "MessageAttributeNames": ["a.*", "count"], "VisibilityTimeout": 0 });
    let some = rig.done("ReceiveMessage", input).await["Messages"][0].clone();
    let names: Vec<&String> = some["MessageAttributes"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["a.binary", "count"]);
    assert_ne!(some["MD5OfMessageAttributes"], sent["MD5OfMessageAttributes"]);
    assert!(some.get("Attributes").is_none());
    let all = rig.receive(URL).await.remove(0);
    assert_eq!(all["MessageAttributes"], attributes);
    assert_eq!(all["MD5OfMessageAttributes"], sent["MD5OfMessageAttributes"]);
    assert_eq!(all["Attributes"]["AWSTraceHeader"], "Root=1-5759e988-bd862e3fe1be46a994272793");
}

#[tokio::test]
async fn a_batch_has_an_outcome_for_each_entry() {
    let rig = Rig::queue(json!({ "MaximumMessageSize": "1024" })).await;
    let entries = json!([
        { "Id": "a", "MessageBody": "one" },
        { "Id": "b", "MessageBody": "x".repeat(1025) },
        { "Id": "c", "MessageBody": "three", "DelaySeconds": 901 },
    ]);
    let reply = rig.done("SendMessageBatch", json!({ "QueueUrl": URL, "Entries": entries })).await;
    assert_eq!(reply["Successful"].as_array().unwrap().len(), 1);
    let failed = reply["Failed"].as_array().unwrap();
    assert_eq!([&failed[0]["Id"], &failed[1]["Id"]], ["b", "c"]);
    assert!(failed.iter().all(|one| one["Code"] == "InvalidParameterValue" && one["SenderFault"] == true));
    let handle = rig.receive(URL).await[0]["ReceiptHandle"].clone();
    let entries = json!([{ "Id": "1", "ReceiptHandle": handle }, { "Id": "2", "ReceiptHandle": "nonsense" }]);
    let reply = rig.done("DeleteMessageBatch", json!({ "QueueUrl": URL, "Entries": entries })).await;
    assert_eq!(reply["Failed"][0]["Code"], "ReceiptHandleIsInvalid");
    assert_eq!(rig.counts(URL).await, ["0", "0", "0"]);
}

#[tokio::test]
async fn a_batch_that_is_no_batch_is_refused_whole() {
    let rig = Rig::queue(json!({})).await;
    let entry = |id: &str, body: &str| json!({ "Id": id, "MessageBody": body });
    let many: Vec<_> = (0..11).map(|n| entry(&n.to_string(), "a")).collect();
    for (entries, code) in [
        (json!([]), "EmptyBatchRequest"),
        (json!(many), "TooManyEntriesInBatchRequest"),
        (json!([entry("a", "1"), entry("a", "2")]), "BatchEntryIdsNotDistinct"),
        (json!([entry("a b", "1")]), "InvalidBatchEntryId"),
        (json!([entry("a", &"x".repeat(600_000)), entry("b", &"x".repeat(600_000))]), "BatchRequestTooLong"),
    ] {
        let refusal = rig.refused("SendMessageBatch", json!({ "QueueUrl": URL, "Entries": entries })).await;
        assert_eq!(refusal.code, code);
    }
    assert_eq!(rig.counts(URL).await, ["0", "0", "0"]);
}

#[tokio::test]
async fn wrong_messages_are_refused() {
    let rig = Rig::queue(json!({})).await;
    let attribute = |value: serde_json::Value| json!({ "MessageBody": "a", "MessageAttributes": { "n": value } });
    let many: serde_json::Map<_, _> =
        (0..11).map(|n| (format!("n{n}"), json!({ "DataType": "String", "StringValue": "v" }))).collect();
    for (mut input, code) in [
        (json!({ "MessageBody": "" }), "MissingParameter"),
        (json!({ "MessageBody": "\u{1}" }), "InvalidMessageContents"),
        (json!({ "MessageBody": "x".repeat(1_048_577) }), "InvalidParameterValue"),
        (json!({ "MessageBody": "a", "DelaySeconds": -1 }), "InvalidParameterValue"),
        (json!({ "MessageBody": "a", "MessageDeduplicationId": "d" }), "InvalidParameterValue"),
        (json!({ "MessageBody": "a", "MessageAttributes": many }), "InvalidParameterValue"),
        (attribute(json!({ "DataType": "Text", "StringValue": "v" })), "InvalidParameterValue"),
        (attribute(json!({ "DataType": "String", "StringValue": "" })), "InvalidParameterValue"),
        (attribute(json!({ "DataType": "Number", "StringValue": "many" })), "InvalidParameterValue"),
        (attribute(json!({ "DataType": "String", "StringListValues": ["v"] })), "UnsupportedOperation"),
    ] {
        input["QueueUrl"] = json!(URL);
        assert_eq!(rig.refused("SendMessage", input).await.code, code);
    }
    assert_eq!(rig.counts(URL).await, ["0", "0", "0"]);
    // A group is for fair queues and may be given.
    rig.done("SendMessage", json!({ "QueueUrl": URL, "MessageBody": "a", "MessageGroupId": "g" })).await;
    assert_eq!(rig.receive(URL).await[0]["Attributes"]["MessageGroupId"], "g");
}

#[tokio::test]
async fn old_messages_go() {
    let mut rig = Rig::queue(json!({ "MessageRetentionPeriod": "60" })).await;
    rig.send("a").await;
    rig.wait(59);
    rig.send("b").await;
    rig.wait(1);
    assert_eq!(rig.bodies(URL).await, ["b"]);
}

#[tokio::test]
async fn what_is_received_too_often_goes_to_the_dead_letters() {
    let mut rig = Rig::new();
    let dead = rig.make("dead", json!({})).await;
    let policy = r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:123456789012:dead","maxReceiveCount":2}"#;
    rig.make("q", json!({ "RedrivePolicy": policy, "VisibilityTimeout": "1" })).await;
    let sent = rig.send("poison").await;
    for _ in 0..2 {
        assert_eq!(rig.bodies(URL).await, ["poison"]);
        rig.wait(1);
    }
    assert_eq!(rig.bodies(URL).await, [""; 0]);
    assert_eq!(rig.counts(URL).await, ["0", "0", "0"]);
    let rig = rig.restart();
    let found = rig.receive(&dead).await.remove(0);
    assert_eq!(found["MessageId"], sent["MessageId"]);
    assert_eq!(found["Attributes"]["ApproximateReceiveCount"], "3");
    assert_eq!(found["Attributes"]["DeadLetterQueueSourceArn"], "arn:aws:sqs:us-east-1:123456789012:q");
}
