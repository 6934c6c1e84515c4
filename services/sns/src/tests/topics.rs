//! Topics: made, set, listed, tagged, deleted.

use super::{QUEUE, Rig, TOPIC};
use serde_json::json;

#[tokio::test]
async fn a_topic_is_made_once_and_again_if_it_is_the_same() {
    let rig = Rig::new();
    let make = |name: &str| json!({ "Name": "t", "Attributes": { "DisplayName": name } });
    assert_eq!(rig.done("CreateTopic", make("a")).await["TopicArn"], TOPIC);
    assert_eq!(rig.done("CreateTopic", make("a")).await["TopicArn"], TOPIC);
    assert_eq!(rig.done("CreateTopic", json!({ "Name": "t" })).await["TopicArn"], TOPIC);
    let refusal = rig.refused("CreateTopic", make("b")).await;
    assert_eq!(refusal.message, "Invalid parameter: Attributes Reason: Topic already exists with different attributes");
    let tagged = json!({ "Name": "t", "Tags": [{ "Key": "a", "Value": "1" }] });
    assert!(rig.refused("CreateTopic", tagged).await.message.contains("different tags"));
    assert_eq!(rig.heard.take().pop().unwrap(), format!("sns:CreateTopic {TOPIC}"));
}

#[tokio::test]
async fn names_and_attributes_are_checked() {
    let rig = Rig::topic().await;
    for (input, code) in [
        (json!({ "Name": "a b" }), "InvalidParameter"),
        (json!({ "Name": "" }), "InvalidParameter"),
        (json!({ "Name": "t.fifo" }), "InvalidParameter"),
        (json!({ "Name": "x", "Attributes": { "FifoTopic": "true" } }), "InvalidParameter"),
        (json!({ "Name": "x", "Attributes": { "Colour": "red" } }), "InvalidParameter"),
        (json!({ "Name": "x", "Attributes": { "Policy": "{}" } }), "InvalidParameter"),
        (json!({ "Name": "x", "Attributes": { "ContentBasedDeduplication": "true" } }), "InvalidParameter"),
        (json!({ "Name": "x", "Attributes": { "KmsMasterKeyId": "alias/aws/sns" } }), "NotImplemented"),
        (json!({ "Name": "x", "Attributes": { "TracingConfig": "Active" } }), "NotImplemented"),
    ] {
        assert_eq!(rig.refused("CreateTopic", input).await.code, code);
    }
    assert_eq!(rig.done("ListTopics", json!({})).await, json!({ "Topics": [{ "TopicArn": TOPIC }] }));
    assert_eq!(rig.heard.take().pop().unwrap(), "sns:ListTopics *");
}

#[tokio::test]
async fn attributes_are_set_and_told() {
    let rig = Rig::topic().await;
    let first = rig.done("GetTopicAttributes", json!({ "TopicArn": TOPIC })).await["Attributes"].clone();
    assert!(first["Policy"].as_str().unwrap().contains("__default_statement_ID"));
    assert_eq!(first["SubscriptionsConfirmed"], "0");
    for (name, value) in [("DisplayName", "shown"), ("SignatureVersion", "2")] {
        let set = json!({ "TopicArn": TOPIC, "AttributeName": name, "AttributeValue": value });
        rig.done("SetTopicAttributes", set).await;
    }
    rig.subscribe(json!({})).await;
    let rig = rig.restart();
    let told = rig.done("GetTopicAttributes", json!({ "TopicArn": TOPIC })).await["Attributes"].clone();
    assert_eq!((&told["DisplayName"], &told["SignatureVersion"]), (&json!("shown"), &json!("2")));
    assert_eq!((&told["SubscriptionsConfirmed"], &told["Owner"]), (&json!("1"), &json!("123456789012")));
    let none = json!({ "TopicArn": format!("{TOPIC}x") });
    assert_eq!(rig.refused("GetTopicAttributes", none.clone()).await.code, "NotFound");
    rig.done("DeleteTopic", none).await;
}

#[tokio::test]
async fn permissions_are_statements_of_the_policy() {
    let rig = Rig::topic().await;
    let add = json!({ "TopicArn": TOPIC, "Label": "l", "AWSAccountId": ["210987654321"], "ActionName": ["Publish"] });
    rig.done("AddPermission", add.clone()).await;
    assert_eq!(rig.refused("AddPermission", add).await.message, "Invalid parameter: Statement already exists");
    let policy = rig.done("GetTopicAttributes", json!({ "TopicArn": TOPIC })).await["Attributes"]["Policy"].clone();
    assert!(policy.as_str().unwrap().contains("arn:aws:iam::210987654321:root"));
    rig.done("RemovePermission", json!({ "TopicArn": TOPIC, "Label": "l" })).await;
    let policy = rig.done("GetTopicAttributes", json!({ "TopicArn": TOPIC })).await["Attributes"]["Policy"].clone();
    assert!(!policy.as_str().unwrap().contains("210987654321"));
    let wrong = json!({ "TopicArn": TOPIC, "Label": "l", "AWSAccountId": ["210987654321"], "ActionName": ["Fly"] });
    assert_eq!(rig.refused("AddPermission", wrong).await.code, "InvalidParameter");
}

#[tokio::test]
async fn tags_are_put_and_taken_off() {
    let rig = Rig::topic().await;
    let tags = json!([{ "Key": "team", "Value": "a" }, { "Key": "stage", "Value": "test" }]);
    rig.done("TagResource", json!({ "ResourceArn": TOPIC, "Tags": tags })).await;
    rig.done("UntagResource", json!({ "ResourceArn": TOPIC, "TagKeys": ["stage"] })).await;
    let told = rig.done("ListTagsForResource", json!({ "ResourceArn": TOPIC })).await;
    assert_eq!(told, json!({ "Tags": [{ "Key": "team", "Value": "a" }] }));
    let none = json!({ "ResourceArn": format!("{TOPIC}x") });
    assert_eq!(rig.refused("ListTagsForResource", none).await.code, "ResourceNotFound");
}

#[tokio::test]
async fn a_deleted_topic_takes_its_subscriptions_along() {
    let rig = Rig::topic().await;
    rig.done("CreateTopic", json!({ "Name": "t-2" })).await;
    let other = json!({ "TopicArn": format!("{TOPIC}-2"), "Protocol": "sqs", "Endpoint": QUEUE });
    rig.done("Subscribe", other).await;
    rig.subscribe(json!({})).await;
    rig.done("DeleteTopic", json!({ "TopicArn": TOPIC })).await;
    let rig = rig.restart();
    assert_eq!(rig.refused("Publish", json!({ "TopicArn": TOPIC, "Message": "a" })).await.code, "NotFound");
    let left = rig.done("ListSubscriptions", json!({})).await;
    assert_eq!(left["Subscriptions"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn lists_come_in_pages_of_a_hundred() {
    let rig = Rig::new();
    for n in 0..101 {
        rig.done("CreateTopic", json!({ "Name": format!("t{n:03}") })).await;
    }
    let first = rig.done("ListTopics", json!({})).await;
    assert_eq!(first["Topics"].as_array().unwrap().len(), 100);
    let second = rig.done("ListTopics", json!({ "NextToken": first["NextToken"] })).await;
    assert_eq!(second, json!({ "Topics": [{ "TopicArn": "arn:aws:sns:us-east-1:123456789012:t100" }] }));
    assert_eq!(rig.refused("ListTopics", json!({ "NextToken": "%" })).await.code, "InvalidParameter");
}
