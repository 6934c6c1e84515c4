//! Subscriptions: made, confirmed, set, left.

use super::{QUEUE, Rig, TOPIC};
use postern_call::{Caller, Principal};
use postern_serve::Service;
use serde_json::{Value, json};

#[tokio::test]
async fn an_own_queue_is_confirmed_at_once() {
    let rig = Rig::topic().await;
    let arn = rig.subscribe(json!({ "RawMessageDelivery": "true" })).await;
    assert!(arn.starts_with(&format!("{TOPIC}:")));
    assert_eq!(rig.subscribe(json!({ "RawMessageDelivery": "true" })).await, arn);
    let again = json!({ "TopicArn": TOPIC, "Protocol": "sqs", "Endpoint": QUEUE });
    let refusal = rig.refused("Subscribe", again).await;
    assert_eq!(
        refusal.message,
        "Invalid parameter: Attributes Reason: Subscription already exists with different attributes"
    );
    let told = rig.done("GetSubscriptionAttributes", json!({ "SubscriptionArn": arn })).await["Attributes"].clone();
    assert_eq!((&told["PendingConfirmation"], &told["RawMessageDelivery"]), (&json!("false"), &json!("true")));
    rig.done("Unsubscribe", json!({ "SubscriptionArn": arn })).await;
    rig.done("Unsubscribe", json!({ "SubscriptionArn": arn })).await;
    let rig = rig.restart();
    assert_eq!(rig.refused("GetSubscriptionAttributes", json!({ "SubscriptionArn": arn })).await.code, "NotFound");
    let told = rig.done("GetTopicAttributes", json!({ "TopicArn": TOPIC })).await;
    assert_eq!(told["Attributes"]["SubscriptionsDeleted"], "1");
}

#[tokio::test]
async fn another_accounts_queue_is_asked_first() {
    let rig = Rig::topic().await;
    let queue = "arn:aws:sqs:us-east-1:210987654321:theirs";
    let input = json!({ "TopicArn": TOPIC, "Protocol": "sqs", "Endpoint": queue });
    assert_eq!(rig.done("Subscribe", input).await["SubscriptionArn"], "pending confirmation");
    let asked: Value = serde_json::from_str(&rig.bodies().remove(0)).unwrap();
    assert_eq!(asked["Type"], "SubscriptionConfirmation");
    rig.done("Publish", json!({ "TopicArn": TOPIC, "Message": "too early" })).await;
    assert_eq!(rig.bodies(), [""; 0]);
    let rig = rig.restart();
    let wrong = json!({ "TopicArn": TOPIC, "Token": "0" });
    assert_eq!(rig.refused("ConfirmSubscription", wrong).await.message, "Invalid parameter: Token");
    // Who has the token needs no signature.
    let mut call = rig.call_of("ConfirmSubscription", json!({ "TopicArn": TOPIC, "Token": asked["Token"] }));
    call.caller = Caller::anonymous();
    let confirmed = rig.sns.call(call).await.unwrap();
    rig.done("Publish", json!({ "TopicArn": TOPIC, "Message": "now" })).await;
    assert_eq!(rig.delivered()[0].queue, queue);
    let mut leave = rig.call_of("Unsubscribe", json!({ "SubscriptionArn": confirmed["SubscriptionArn"] }));
    leave.caller = Caller::anonymous();
    rig.sns.call(leave).await.unwrap();
    assert_eq!(rig.done("ListSubscriptions", json!({})).await, json!({ "Subscriptions": [] }));
}

#[tokio::test]
async fn strangers_leave_nothing_and_see_nothing() {
    let rig = Rig::topic().await;
    let arn = rig.subscribe(json!({})).await;
    let as_other = |operation: &str| {
        let mut call = rig.call_of(operation, json!({ "SubscriptionArn": arn }));
        call.caller = Caller::of(Principal::Root { account: "210987654321".parse().unwrap() });
        rig.sns.call(call)
    };
    assert_eq!(as_other("Unsubscribe").await.unwrap_err().code, "AuthorizationError");
    assert_eq!(as_other("GetSubscriptionAttributes").await.unwrap_err().code, "NotFound");
}

#[tokio::test]
async fn what_cannot_be_subscribed_is_named() {
    let rig = Rig::topic().await;
    for (protocol, endpoint, code) in [
        ("email", "a@example.com", "NotImplemented"),
        ("lambda", "arn:aws:lambda:us-east-1:123456789012:function:f", "NotImplemented"),
        ("sms", "+15550100", "NotImplemented"),
        ("pigeon", "x", "InvalidParameter"),
        ("sqs", "http://q", "InvalidParameter"),
        ("sqs", "arn:aws:sqs:us-east-1:123456789012:q.fifo", "InvalidParameter"),
    ] {
        let input = json!({ "TopicArn": TOPIC, "Protocol": protocol, "Endpoint": endpoint });
        let refusal = rig.refused("Subscribe", input).await;
        assert_eq!(refusal.code, code);
        assert!(code != "NotImplemented" || refusal.message.contains(protocol));
    }
    let asked = rig.heard.take();
    assert!(
        asked.iter().all(|one| *one == format!("sns:CreateTopic {TOPIC}") || *one == format!("sns:Subscribe {TOPIC}"))
    );
}

#[tokio::test]
async fn attributes_are_checked() {
    let rig = Rig::topic().await;
    let arn = rig.subscribe(json!({})).await;
    let set =
        |name: &str, value: &str| json!({ "SubscriptionArn": arn, "AttributeName": name, "AttributeValue": value });
    rig.done("SetSubscriptionAttributes", set("FilterPolicy", r#"{"a":["b"]}"#)).await;
    rig.done("SetSubscriptionAttributes", set("FilterPolicyScope", "MessageBody")).await;
    rig.done("SetSubscriptionAttributes", set("FilterPolicy", r#"{"a":{"b":["c"]}}"#)).await;
    let refusal = rig.refused("SetSubscriptionAttributes", set("FilterPolicyScope", "MessageAttributes")).await;
    assert!(refusal.message.contains("does not support nested filter policy"), "{refusal}");
    for (name, value, code) in [
        ("FilterPolicy", "{", "InvalidParameter"),
        ("FilterPolicyScope", "Subject", "InvalidParameter"),
        ("RawMessageDelivery", "maybe", "InvalidParameter"),
        ("RedrivePolicy", "{}", "InvalidParameter"),
        ("ReplayPolicy", "{}", "NotImplemented"),
        ("Colour", "red", "InvalidParameter"),
    ] {
        assert_eq!(rig.refused("SetSubscriptionAttributes", set(name, value)).await.code, code);
    }
    let rig = rig.restart();
    let told = rig.done("GetSubscriptionAttributes", json!({ "SubscriptionArn": arn })).await["Attributes"].clone();
    assert_eq!(told["FilterPolicy"], r#"{"a":{"b":["c"]}}"#);
    assert_eq!(told["FilterPolicyScope"], "MessageBody");
}
