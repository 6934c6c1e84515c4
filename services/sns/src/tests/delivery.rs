//! Publishing: to whom, and in what form.

use super::{QUEUE, Rig, TOPIC};
use serde_json::{Value, json};

fn publish(message: &str) -> Value {
    json!({ "TopicArn": TOPIC, "Message": message })
}

#[tokio::test]
async fn a_message_comes_in_an_envelope_or_raw() {
    let rig = Rig::topic().await;
    let arn = rig.subscribe(json!({})).await;
    let mut input = publish("hello");
    input["Subject"] = json!("about");
    input["MessageAttributes"] = json!({
        "a": { "DataType": "String", "StringValue": "v" }, "b": { "DataType": "Binary", "BinaryValue": "AAH/" },
    });
    let sent = rig.done("Publish", input.clone()).await;
    let parcel = rig.delivered().remove(0);
    assert_eq!((&*parcel.queue, &*parcel.topic, &parcel.attributes), (QUEUE, TOPIC, &json!({})));
    let envelope: Value = serde_json::from_str(&parcel.body).unwrap();
    assert_eq!(
        envelope,
        json!({
            "Type": "Notification",
            "MessageId": sent["MessageId"],
            "TopicArn": TOPIC,
            "Subject": "about",
            "Message": "hello",
            "Timestamp": "2024-10-04T00:00:00.000Z",
            "UnsubscribeURL": format!("https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn={arn}"),
            "MessageAttributes": { "a": { "Type": "String", "Value": "v" }, "b": { "Type": "Binary", "Value": "AAH/" } },
        })
    );
    let raw = json!({ "SubscriptionArn": arn, "AttributeName": "RawMessageDelivery", "AttributeValue": "true" });
    rig.done("SetSubscriptionAttributes", raw).await;
    rig.done("Publish", input.clone()).await;
    let parcel = rig.delivered().remove(0);
    assert_eq!((&*parcel.body, &parcel.attributes), ("hello", &input["MessageAttributes"]));
}

#[tokio::test]
async fn filters_choose_by_attributes_or_body() {
    let rig = Rig::topic().await;
    rig.subscribe(
        json!({ "RawMessageDelivery": "true", "FilterPolicy": r#"{"kind":["a"],"n":[{"numeric":[">",1]}]}"# }),
    )
    .await;
    let with = |kind: &str, n: &str| {
        json!({ "TopicArn": TOPIC, "Message": kind, "MessageAttributes": {
            "kind": { "DataType": "String.Array", "StringValue": json!([kind, "z"]).to_string() },
            "n": { "DataType": "Number", "StringValue": n },
        } })
    };
    for (kind, n) in [("a", "2"), ("b", "2"), ("a", "1")] {
        rig.done("Publish", with(kind, n)).await;
    }
    rig.done("Publish", publish("none")).await;
    assert_eq!(rig.bodies(), ["a"]);
    let other = json!({ "TopicArn": TOPIC, "Protocol": "sqs", "Endpoint": format!("{QUEUE}2"), "Attributes": {
        "FilterPolicy": r#"{"kind":{"x":["b"]}}"#, "FilterPolicyScope": "MessageBody", "RawMessageDelivery": "true",
    } });
    rig.done("Subscribe", other).await;
    for message in [r#"{"kind":{"x":"b"}}"#, r#"{"kind":{"x":"c"}}"#, "no json", "[1]"] {
        rig.done("Publish", publish(message)).await;
    }
    assert_eq!(rig.bodies(), [r#"{"kind":{"x":"b"}}"#]);
}

#[tokio::test]
async fn each_protocol_can_have_its_text() {
    let rig = Rig::topic().await;
    rig.subscribe(json!({ "RawMessageDelivery": "true" })).await;
    let structured =
        |message: Value| json!({ "TopicArn": TOPIC, "Message": message.to_string(), "MessageStructure": "json" });
    rig.done("Publish", structured(json!({ "default": "d", "sqs": "for queues", "email": "e" }))).await;
    rig.done("Publish", structured(json!({ "default": "d" }))).await;
    assert_eq!(rig.bodies(), ["for queues", "d"]);
    let refusal = rig.refused("Publish", structured(json!({ "sqs": "s" }))).await;
    assert_eq!(refusal.message, "Invalid parameter: Message Structure - No default entry in JSON message body");
}

#[tokio::test]
async fn what_cannot_be_delivered_goes_to_the_dead_letters() {
    let rig = Rig::topic().await;
    let dead = "arn:aws:sqs:us-east-1:123456789012:dead";
    rig.subscribe(json!({ "RedrivePolicy": json!({ "deadLetterTargetArn": dead }).to_string() })).await;
    rig.close(QUEUE);
    rig.done("Publish", publish("a")).await;
    let parcel = rig.delivered().remove(0);
    assert_eq!(parcel.queue, dead);
    assert!(parcel.body.contains("\"Message\" : \"a\""), "{}", parcel.body);
    rig.close(dead);
    // The publisher hears of no delivery.
    rig.done("Publish", publish("b")).await;
    assert_eq!(rig.bodies(), [""; 0]);
}

#[tokio::test]
async fn a_fifo_topic_keeps_order_and_drops_repetitions() {
    let mut rig = Rig::new();
    let attributes = json!({ "FifoTopic": "true", "ContentBasedDeduplication": "true" });
    rig.done("CreateTopic", json!({ "Name": "t.fifo", "Attributes": attributes })).await;
    let topic = format!("{TOPIC}.fifo");
    for queue in [format!("{QUEUE}.fifo"), QUEUE.to_owned()] {
        let input = json!({ "TopicArn": topic, "Protocol": "sqs", "Endpoint": queue, "Attributes": { "RawMessageDelivery": "true" } });
        rig.done("Subscribe", input).await;
    }
    let send = |message: &str| json!({ "TopicArn": topic, "Message": message, "MessageGroupId": "g" });
    let first = rig.done("Publish", send("1")).await;
    let second = rig.done("Publish", send("2")).await;
    assert!(first["SequenceNumber"].as_str() < second["SequenceNumber"].as_str());
    assert_eq!(rig.done("Publish", send("1")).await, first);
    let parcels = rig.delivered();
    assert_eq!(parcels.len(), 4);
    assert!(parcels.iter().all(
        |parcel| parcel.group.as_deref() == Some("g") && parcel.dedup.is_some() == parcel.queue.ends_with(".fifo")
    ));
    rig.now += time::Duration::seconds(299);
    let mut rig = rig.restart();
    assert_eq!(rig.done("Publish", send("1")).await, first);
    rig.now += time::Duration::seconds(1);
    assert_ne!(rig.done("Publish", send("1")).await, first);
    let ungrouped = json!({ "TopicArn": topic, "Message": "1" });
    assert_eq!(rig.refused("Publish", ungrouped).await.code, "InvalidParameter");
}

#[tokio::test]
async fn a_batch_has_an_outcome_for_each_entry() {
    let rig = Rig::topic().await;
    rig.subscribe(json!({ "RawMessageDelivery": "true" })).await;
    let batch = |entries: Value| json!({ "TopicArn": TOPIC, "PublishBatchRequestEntries": entries });
    let entries = json!([{ "Id": "a", "Message": "1" }, { "Id": "b", "Message": "" }, { "Id": "c", "Message": "3" }]);
    let reply = rig.done("PublishBatch", batch(entries)).await;
    assert_eq!(reply["Successful"].as_array().unwrap().len(), 2);
    assert_eq!((&reply["Failed"][0]["Id"], &reply["Failed"][0]["Code"]), (&json!("b"), &json!("InvalidParameter")));
    assert_eq!(rig.bodies(), ["1", "3"]);
    let one = json!({ "Id": "a", "Message": "1" });
    let large = |id: &str| json!({ "Id": id, "Message": "x".repeat(200_000) });
    for (entries, code) in [
        (json!([]), "EmptyBatchRequest"),
        (json!(vec![one.clone(); 11]), "TooManyEntriesInBatchRequest"),
        (json!([one, one]), "BatchEntryIdsNotDistinct"),
        (json!([{ "Id": "a b", "Message": "1" }]), "InvalidBatchEntryId"),
        (json!([large("a"), large("b")]), "BatchRequestTooLong"),
    ] {
        assert_eq!(rig.refused("PublishBatch", batch(entries)).await.code, code);
    }
    assert_eq!(rig.bodies(), [""; 0]);
}

#[tokio::test]
async fn wrong_messages_are_refused() {
    let rig = Rig::topic().await;
    rig.subscribe(json!({})).await;
    let attribute = |value: Value| json!({ "TopicArn": TOPIC, "Message": "a", "MessageAttributes": { "n": value } });
    for (input, code) in [
        (publish(""), "InvalidParameter"),
        (publish(&"x".repeat(262_145)), "InvalidParameter"),
        (json!({ "Message": "a" }), "InvalidParameter"),
        (json!({ "TopicArn": "t", "Message": "a" }), "InvalidParameter"),
        (json!({ "TopicArn": format!("{TOPIC}2"), "Message": "a" }), "NotFound"),
        (json!({ "PhoneNumber": "+15550100", "Message": "a" }), "NotImplemented"),
        (
            json!({ "TargetArn": "arn:aws:sns:us-east-1:123456789012:endpoint/GCM/a/b", "Message": "a" }),
            "NotImplemented",
        ),
        (json!({ "TopicArn": TOPIC, "Message": "a", "Subject": "two\nlines" }), "InvalidParameter"),
        (json!({ "TopicArn": TOPIC, "Message": "a", "MessageDeduplicationId": "d" }), "InvalidParameter"),
        (attribute(json!({ "DataType": "Text", "StringValue": "v" })), "ParameterValueInvalid"),
        (attribute(json!({ "DataType": "Number", "StringValue": "v" })), "ParameterValueInvalid"),
        (attribute(json!({ "DataType": "String.Array", "StringValue": "v" })), "ParameterValueInvalid"),
    ] {
        assert_eq!(rig.refused("Publish", input).await.code, code);
    }
    assert_eq!(rig.bodies(), [""; 0]);
    rig.heard.refuse("sns:Publish");
    assert_eq!(rig.refused("Publish", publish("a")).await.code, "AuthorizationError");
}
