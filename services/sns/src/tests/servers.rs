//! Subscriptions of servers: confirmed first, then sent to, again where it did not work.

use super::{QUEUE, Rig, TOPIC};
use crate::{Letter, Undelivered};
use serde_json::{Value, json};
use time::OffsetDateTime;

const URL: &str = "http://203.0.113.7:8080/hook";

fn subscribe(attributes: Value) -> Value {
    json!({ "TopicArn": TOPIC, "Protocol": "http", "Endpoint": URL, "Attributes": attributes })
}

/// The letters that have come, once there are so many.
async fn letters(rig: &Rig, count: usize) -> Vec<Letter> {
    while rig.kept.letters.lock().unwrap().len() < count {
        tokio::task::yield_now().await;
    }
    std::mem::take(&mut rig.kept.letters.lock().unwrap())
}

async fn confirmed(rig: &Rig, attributes: Value) -> String {
    let said = rig.done("Subscribe", subscribe(attributes)).await;
    assert_eq!(said["SubscriptionArn"], "pending confirmation");
    let letter = letters(rig, 1).await.remove(0);
    assert_eq!((letter.url.as_str(), letter.headers[0].1.as_str()), (URL, "SubscriptionConfirmation"));
    let body: Value = serde_json::from_str(&letter.body).unwrap();
    rig.done("Publish", json!({ "TopicArn": TOPIC, "Message": "too early" })).await;
    let confirm = json!({ "TopicArn": TOPIC, "Token": body["Token"] });
    rig.done("ConfirmSubscription", confirm).await["SubscriptionArn"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_server_gets_what_is_published_after_it_has_confirmed() {
    let rig = Rig::topic().await;
    let arn = confirmed(&rig, json!({})).await;
    rig.done(
        "Publish",
        json!({ "TopicArn": TOPIC, "MessageStructure": "json",
        "Message": r#"{"default":"for all","http":"for servers"}"# }),
    )
    .await;
    let letter = letters(&rig, 1).await.remove(0);
    let body: Value = serde_json::from_str(&letter.body).unwrap();
    assert_eq!((&body["Type"], &body["Message"]), (&json!("Notification"), &json!("for servers")));
    let headers: Vec<&str> = letter.headers.iter().map(|(_, value)| value.as_str()).collect();
    assert_eq!(headers, ["Notification", body["MessageId"].as_str().unwrap(), TOPIC, &arn]);
    let raw = json!({ "SubscriptionArn": arn, "AttributeName": "RawMessageDelivery", "AttributeValue": "true" });
    rig.done("SetSubscriptionAttributes", raw).await;
    rig.done("Publish", json!({ "TopicArn": TOPIC, "Message": "plain" })).await;
    let letter = letters(&rig, 1).await.remove(0);
    assert_eq!((letter.body.as_str(), letter.headers.last().unwrap().1.as_str()), ("plain", "true"));
    let rig = rig.restart();
    rig.done("Publish", json!({ "TopicArn": TOPIC, "Message": "again" })).await;
    assert_eq!(letters(&rig, 1).await[0].body, "again");
}

#[tokio::test]
async fn a_server_by_https_is_another_and_has_texts_of_its_own() {
    let rig = Rig::topic().await;
    confirmed(&rig, json!({ "RawMessageDelivery": "true" })).await;
    let mut input = subscribe(json!({ "RawMessageDelivery": "true" }));
    let url = URL.replace("http:", "https:");
    (input["Protocol"], input["Endpoint"]) = (json!("https"), json!(url));
    rig.done("Subscribe", input).await;
    let asked = letters(&rig, 1).await.remove(0);
    let token = serde_json::from_str::<Value>(&asked.body).unwrap()["Token"].clone();
    rig.done("ConfirmSubscription", json!({ "TopicArn": TOPIC, "Token": token })).await;
    let message = r#"{"default":"d","http":"plain","https":"secret"}"#;
    rig.done("Publish", json!({ "TopicArn": TOPIC, "MessageStructure": "json", "Message": message })).await;
    let mut told: Vec<_> = letters(&rig, 2).await.into_iter().map(|letter| (letter.url, letter.body)).collect();
    told.sort();
    assert_eq!(told, [(URL.to_owned(), "plain".to_owned()), (url, "secret".to_owned())]);
}

#[tokio::test]
async fn what_a_server_does_not_take_is_tried_again_and_then_goes_to_the_dead_letters() {
    let rig = Rig::topic().await;
    let redrive = json!({ "deadLetterTargetArn": QUEUE }).to_string();
    let policy = r#"{"healthyRetryPolicy":{"numRetries":2,"numNoDelayRetries":2}}"#;
    confirmed(&rig, json!({ "RedrivePolicy": redrive, "DeliveryPolicy": policy })).await;
    let busy = || Err(Undelivered::ForNow("busy".to_owned()));
    rig.kept.answers.lock().unwrap().extend([busy(), busy(), Ok(())]);
    rig.done("Publish", json!({ "TopicArn": TOPIC, "Message": "at last" })).await;
    assert_eq!(letters(&rig, 3).await.len(), 3);
    rig.kept.answers.lock().unwrap().extend([busy(), busy(), busy()]);
    rig.done("Publish", json!({ "TopicArn": TOPIC, "Message": "never" })).await;
    assert_eq!(letters(&rig, 3).await.len(), 3);
    rig.kept.answers.lock().unwrap().push_back(Err(Undelivered::ForGood("no".to_owned())));
    rig.done("Publish", json!({ "TopicArn": TOPIC, "Message": "refused" })).await;
    let mut dead = Vec::new();
    while dead.len() < 2 {
        tokio::task::yield_now().await;
        dead.extend(rig.delivered());
    }
    assert!(dead[0].body.contains("never") && dead[1].body.contains("refused"));
    assert_eq!(letters(&rig, 1).await.len(), 1, "what was refused for good is not tried again");
}

#[tokio::test]
async fn what_waits_for_a_retry_outlives_the_daemon() {
    let rig = Rig::topic().await;
    let redrive = json!({ "deadLetterTargetArn": QUEUE }).to_string();
    let policy = r#"{"healthyRetryPolicy":{"numRetries":2,"minDelayTarget":3600,"maxDelayTarget":3600}}"#;
    confirmed(&rig, json!({ "RedrivePolicy": redrive, "DeliveryPolicy": policy })).await;
    let busy = || Err(Undelivered::ForNow("busy".to_owned()));
    let publish = |message: &str| json!({ "TopicArn": TOPIC, "Message": message });
    let soon = OffsetDateTime::now_utc();
    rig.kept.answers.lock().unwrap().extend([busy(), busy()]);
    rig.done("Publish", publish("kept")).await;
    let first = letters(&rig, 1).await.remove(0);
    rig.kept("sns.tries", 1, r#""made":1"#).await;

    let rig = rig.restart();
    rig.sns.resume(soon).unwrap();
    rig.done("Publish", publish("beside")).await;
    assert!(letters(&rig, 1).await[0].body.contains("beside"), "what is not due waits");
    rig.kept("sns.tries", 2, r#""made":1"#).await;

    let rig = rig.restart();
    rig.kept.answers.lock().unwrap().extend([busy(), busy()]);
    rig.sns.resume(soon + time::Duration::hours(2)).unwrap();
    let again = letters(&rig, 2).await;
    let bodies: Vec<&str> = again.iter().map(|letter| letter.body.as_str()).collect();
    assert!(bodies.contains(&first.body.as_str()) && again.iter().any(|letter| letter.headers == first.headers));

    // The third try is the last.
    rig.kept("sns.tries", 2, r#""made":2"#).await;
    let rig = rig.restart();
    rig.kept.answers.lock().unwrap().extend([busy(), Ok(())]);
    rig.sns.resume(soon + time::Duration::hours(4)).unwrap();
    assert_eq!(letters(&rig, 2).await.len(), 2);
    rig.kept("sns.letter", 0, "").await;
    rig.kept("sns.tries", 0, "").await;
    assert_eq!(rig.delivered().len(), 1, "one has gone to the dead letters, the other has been taken");
}

#[tokio::test]
async fn what_a_server_has_is_not_kept() {
    let rig = Rig::topic().await;
    confirmed(&rig, json!({})).await;
    rig.done("Publish", json!({ "TopicArn": TOPIC, "Message": "a" })).await;
    letters(&rig, 1).await;
    rig.kept("sns.letter", 0, "").await;
    let rig = rig.restart();
    rig.sns.resume(OffsetDateTime::now_utc()).unwrap();
    rig.done("Publish", json!({ "TopicArn": TOPIC, "Message": "b" })).await;
    assert!(letters(&rig, 1).await[0].body.contains("\"b\""));
    rig.kept("sns.letter", 0, "").await;
    assert!(rig.kept.letters.lock().unwrap().is_empty());
}

#[tokio::test]
async fn wrong_servers() {
    let rig = Rig::topic().await;
    for (endpoint, said) in [
        ("httpss://a/", "Endpoint must match the specified protocol"),
        ("https://a/", "Endpoint must match the specified protocol"),
        ("http://a:0/", "HTTP(S) Endpoint"),
        ("http:///", "HTTP(S) Endpoint"),
        ("http://a/b c", "HTTP(S) Endpoint"),
        (QUEUE, "Endpoint must match the specified protocol"),
    ] {
        let mut input = subscribe(json!({}));
        input["Endpoint"] = json!(endpoint);
        let refusal = rig.refused("Subscribe", input).await;
        assert_eq!(refusal.message, format!("Invalid parameter: {said}"));
    }
    let mut input = subscribe(json!({}));
    input["Endpoint"] = json!("http://user:password@a/");
    assert_eq!(rig.refused("Subscribe", input).await.code, "NotImplemented");
    let refusal = rig.refused("Subscribe", subscribe(json!({ "DeliveryPolicy": "{" }))).await;
    assert_eq!(refusal.code, "InvalidParameter");
}
