//! The JSON text around a message that is not delivered raw.

use crate::outgoing::Outgoing;
use crate::state::{Subscription, Topic};
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

const TIME: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");

/// What signs envelopes, and where its certificate is.
pub trait Sign: Send + Sync {
    /// The signature over a text, base64, as the version (`1`: SHA-1, `2`: SHA-256) says; `None` if it cannot sign now,
    /// which it has told the operator.
    fn sign(&self, version: &str, text: &str) -> Option<String>;
    /// The certificate's path at the service.
    fn certificate_path(&self) -> String;
}

/// A notification for a subscription.
pub fn notification(
    topic: &Topic,
    subscription: &Subscription,
    outgoing: &Outgoing,
    sequence: Option<&str>,
    now: OffsetDateTime,
    sign: Option<&dyn Sign>,
) -> String {
    let mut members = Map::new();
    let arn = topic.arn();
    members.insert("Type".into(), json!("Notification"));
    members.insert("MessageId".into(), json!(outgoing.id));
    if let Some(sequence) = sequence {
        members.insert("SequenceNumber".into(), json!(sequence));
    }
    members.insert("TopicArn".into(), json!(arn));
    if let Some(subject) = &outgoing.subject {
        members.insert("Subject".into(), json!(subject));
    }
    members.insert("Message".into(), json!(outgoing.text(&subscription.protocol)));
    members.insert("Timestamp".into(), json!(time_text(now)));
    // Messages of FIFO topics are not signed.
    if let Some(sign) = sign.filter(|_| sequence.is_none()) {
        add_signature(&mut members, topic, sign, &["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]);
    }
    let service = format!("https://sns.{}.amazonaws.com/", topic.region);
    let leave = format!("{service}?Action=Unsubscribe&SubscriptionArn={}", subscription.arn);
    members.insert("UnsubscribeURL".into(), json!(leave));
    if !outgoing.attributes.is_empty() {
        let shown = outgoing.attributes.iter().map(|(name, one)| {
            let kind = if one.data_type.starts_with("Binary") { "Binary" } else { &one.data_type };
            (name.clone(), json!({ "Type": kind, "Value": one.value }))
        });
        members.insert("MessageAttributes".into(), Value::Object(shown.collect()));
    }
    text(&members)
}

/// What a server, or a queue of another account, is sent, so that its owner can confirm.
pub fn confirmation(topic: &Topic, token: &str, id: &str, now: OffsetDateTime, sign: Option<&dyn Sign>) -> String {
    let arn = topic.arn();
    let mut members = Map::new();
    members.insert("Type".into(), json!("SubscriptionConfirmation"));
    members.insert("MessageId".into(), json!(id));
    members.insert("Token".into(), json!(token));
    members.insert("TopicArn".into(), json!(arn));
    let said = format!(
        "You have chosen to subscribe to the topic {arn}.\nTo confirm the subscription, visit the SubscribeURL included in this message."
    );
    members.insert("Message".into(), json!(said));
    let service = format!("https://sns.{}.amazonaws.com/", topic.region);
    let confirm = format!("{service}?Action=ConfirmSubscription&TopicArn={arn}&Token={token}");
    members.insert("SubscribeURL".into(), json!(confirm));
    members.insert("Timestamp".into(), json!(time_text(now)));
    if let Some(sign) = sign {
        let signed = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"];
        add_signature(&mut members, topic, sign, &signed);
    }
    text(&members)
}

/// The signed text is each of these members that is there, name and value on lines of their own.
fn add_signature(members: &mut Map<String, Value>, topic: &Topic, sign: &dyn Sign, signed: &[&str]) {
    let lines = signed.iter().filter_map(|name| Some(format!("{name}\n{}\n", members.get(*name)?.as_str()?)));
    let canonical: String = lines.collect();
    let version = topic.signature_version.as_deref().unwrap_or("1");
    let Some(signature) = sign.sign(version, &canonical) else { return };
    members.insert("SignatureVersion".into(), json!(version));
    members.insert("Signature".into(), json!(signature));
    let certificate = format!("https://sns.{}.amazonaws.com{}", topic.region, sign.certificate_path());
    members.insert("SigningCertURL".into(), json!(certificate));
}

/// One member a line, as SNS writes it.
fn text(members: &Map<String, Value>) -> String {
    let lines: Vec<String> = members.iter().map(|(name, value)| format!("  {} : {value}", json!(name))).collect();
    format!("{{\n{}\n}}", lines.join(",\n"))
}

fn time_text(now: OffsetDateTime) -> String {
    now.format(TIME).unwrap_or_default()
}
