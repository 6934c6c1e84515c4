//! Queues themselves: made, listed, set, tagged, purged, deleted.

use super::{Rig, URL, text};
use postern_names::Via;
use postern_serve::Service;
use serde_json::json;

#[tokio::test]
async fn a_queue_is_made_once_and_again_if_it_is_the_same() {
    let rig = Rig::new();
    let url = rig.make("q", json!({ "DelaySeconds": "5" })).await;
    assert_eq!(url, URL);
    assert_eq!(rig.make("q", json!({ "DelaySeconds": "5" })).await, url);
    assert_eq!(rig.make("q", json!({})).await, url);
    let refusal = rig.refused("CreateQueue", json!({ "QueueName": "q", "Attributes": { "DelaySeconds": "6" } })).await;
    assert_eq!(refusal.code, "QueueNameExists");
    assert!(refusal.message.ends_with("a different value for attribute DelaySeconds"));
    assert_eq!(rig.heard.take().pop().unwrap(), "sqs:CreateQueue arn:aws:sqs:us-east-1:123456789012:q");
}

#[tokio::test]
async fn the_url_is_one_that_the_caller_can_use() {
    let rig = Rig::queue(json!({})).await;
    let mut call = rig.call_of("GetQueueUrl", json!({ "QueueName": "q" }));
    assert_eq!(rig.sqs.call(call.clone()).await.unwrap()["QueueUrl"], URL);
    call.via = Via::Internet { public: std::net::IpAddr::from([54, 0, 0, 1]) };
    let inside = "https://sqs.us-east-1.amazonaws.com/123456789012/q";
    assert_eq!(rig.sqs.call(call).await.unwrap()["QueueUrl"], inside);
    for url in [inside, "https://us-east-1.queue.amazonaws.com/123456789012/q", "q"] {
        rig.done("SendMessage", json!({ "QueueUrl": url, "MessageBody": "a" })).await;
    }
    for url in ["https://sqs.us-east-1.amazonaws.com/", "https://sqs.us-east-1.amazonaws.com/q", "https://x/y/z w"] {
        assert_eq!(rig.refused("PurgeQueue", json!({ "QueueUrl": url })).await.code, "InvalidAddress");
    }
}

#[tokio::test]
async fn names_and_attributes_are_checked() {
    let rig = Rig::new();
    for (name, attributes, code) in [
        ("a b", json!({}), "InvalidParameterValue"),
        (&*"x".repeat(81), json!({}), "InvalidParameterValue"),
        ("q.fifo", json!({}), "InvalidParameterValue"),
        ("q", json!({ "FifoQueue": "true" }), "InvalidParameterValue"),
        ("q", json!({ "VisibilityTimeout": "43201" }), "InvalidAttributeValue"),
        ("q", json!({ "DelaySeconds": "soon" }), "InvalidAttributeValue"),
        ("q", json!({ "MaximumMessageSize": "1048577" }), "InvalidAttributeValue"),
        ("q", json!({ "MessageRetentionPeriod": "59" }), "InvalidAttributeValue"),
        ("q", json!({ "Colour": "red" }), "InvalidAttributeName"),
        ("q", json!({ "ContentBasedDeduplication": "true" }), "InvalidAttributeName"),
        ("q", json!({ "KmsMasterKeyId": "alias/aws/sqs" }), "UnsupportedOperation"),
        ("q", json!({ "Policy": "{}" }), "InvalidAttributeValue"),
        ("q", json!({ "RedrivePolicy": "{}" }), "InvalidParameterValue"),
        ("q.fifo", json!({ "FifoQueue": "true", "FifoThroughputLimit": "perMessageGroupId" }), "InvalidAttributeValue"),
    ] {
        let refusal = rig.refused("CreateQueue", json!({ "QueueName": name, "Attributes": attributes })).await;
        assert_eq!(refusal.code, code, "{refusal}");
    }
    assert_eq!(rig.done("ListQueues", json!({})).await, json!({}));
}

#[tokio::test]
async fn attributes_are_set_and_told() {
    let rig = Rig::queue(json!({})).await;
    let set =
        json!({ "VisibilityTimeout": "0", "ReceiveMessageWaitTimeSeconds": "20", "SqsManagedSseEnabled": "false" });
    rig.done("SetQueueAttributes", json!({ "QueueUrl": URL, "Attributes": set })).await;
    let refusal = rig
        .refused("SetQueueAttributes", json!({ "QueueUrl": URL, "Attributes": { "DelaySeconds": "7", "X": "1" } }))
        .await;
    assert_eq!(refusal.code, "InvalidAttributeName");
    let rig = rig.restart();
    let reply = rig.done("GetQueueAttributes", json!({ "QueueUrl": URL, "AttributeNames": ["All"] })).await;
    let told = &reply["Attributes"];
    for (name, value) in set.as_object().unwrap() {
        assert_eq!(&told[name], value);
    }
    assert_eq!(told["DelaySeconds"], "0");
    assert_eq!(told["MaximumMessageSize"], "1048576");
    assert_eq!(told["QueueArn"], "arn:aws:sqs:us-east-1:123456789012:q");
    let one =
        rig.done("GetQueueAttributes", json!({ "QueueUrl": URL, "AttributeNames": ["DelaySeconds", "Policy"] })).await;
    assert_eq!(one, json!({ "Attributes": { "DelaySeconds": "0" } }));
    assert_eq!(rig.done("GetQueueAttributes", json!({ "QueueUrl": URL })).await, json!({}));
    let refusal = rig.refused("GetQueueAttributes", json!({ "QueueUrl": URL, "AttributeNames": ["Size"] })).await;
    assert_eq!(refusal.code, "InvalidAttributeName");
}

#[tokio::test]
async fn lists_come_in_pages() {
    let rig = Rig::new();
    for name in ["b2", "a1", "b1", "b3"] {
        rig.make(name, json!({})).await;
    }
    let first = rig.done("ListQueues", json!({ "QueueNamePrefix": "b", "MaxResults": 2 })).await;
    let names = |reply: &serde_json::Value| -> Vec<String> {
        reply["QueueUrls"]
            .as_array()
            .unwrap()
            .iter()
            .map(|url| text(url).rsplit('/').next().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names(&first), ["b1", "b2"]);
    let next = json!({ "QueueNamePrefix": "b", "MaxResults": 2, "NextToken": first["NextToken"] });
    let second = rig.done("ListQueues", next).await;
    assert_eq!(names(&second), ["b3"]);
    assert!(second.get("NextToken").is_none());
    assert_eq!(rig.heard.take().pop().unwrap(), "sqs:ListQueues *");
}

#[tokio::test]
async fn tags_are_put_and_taken_off() {
    let rig = Rig::new();
    rig.done("CreateQueue", json!({ "QueueName": "q", "tags": { "team": "a" } })).await;
    rig.done("TagQueue", json!({ "QueueUrl": URL, "Tags": { "team": "b", "stage": "test" } })).await;
    rig.done("UntagQueue", json!({ "QueueUrl": URL, "TagKeys": ["stage", "none"] })).await;
    let refusal = rig.refused("TagQueue", json!({ "QueueUrl": URL, "Tags": { "aws:x": "1" } })).await;
    assert_eq!(refusal.code, "InvalidParameterValue");
    let rig = rig.restart();
    assert_eq!(rig.done("ListQueueTags", json!({ "QueueUrl": URL })).await, json!({ "Tags": { "team": "b" } }));
}

#[tokio::test]
async fn a_purge_empties_a_queue_once_a_minute() {
    let mut rig = Rig::queue(json!({})).await;
    for n in 0..5 {
        rig.send(&n.to_string()).await;
    }
    rig.receive(URL).await;
    rig.send("6").await;
    rig.done("PurgeQueue", json!({ "QueueUrl": URL })).await;
    assert_eq!(rig.counts(URL).await, ["0", "0", "0"]);
    assert_eq!(rig.refused("PurgeQueue", json!({ "QueueUrl": URL })).await.code, "PurgeQueueInProgress");
    rig.send("7").await;
    rig.wait(60);
    let rig = rig.restart();
    assert_eq!(rig.bodies(URL).await, ["7"]);
    rig.done("PurgeQueue", json!({ "QueueUrl": URL })).await;
}

#[tokio::test]
async fn a_deleted_queue_is_gone_and_its_name_rests() {
    let rig = Rig::queue(json!({})).await;
    rig.send("old").await;
    rig.done("DeleteQueue", json!({ "QueueUrl": URL })).await;
    for operation in ["ReceiveMessage", "DeleteQueue", "GetQueueAttributes"] {
        let refusal = rig.refused(operation, json!({ "QueueUrl": URL })).await;
        assert_eq!((&*refusal.code, &*refusal.message), ("QueueDoesNotExist", "The specified queue does not exist."));
    }
    let mut rig = rig.restart();
    assert_eq!(rig.refused("CreateQueue", json!({ "QueueName": "q" })).await.code, "QueueDeletedRecently");
    rig.wait(60);
    rig.make("q", json!({})).await;
    let rig = rig.restart();
    assert_eq!(rig.bodies(URL).await, [""; 0]);
}
