//! ReceiveMessage, and how a message is shown.

use crate::flow::{Received, Wish};
use crate::handle::{self, Handle};
use crate::queue::{Attribute, Content};
use crate::queues::{Queue, millis};
use crate::service::Sqs;
use crate::{digest, refuse};
use postern_call::{Call, Refusal};
use postern_kit::Input;
use serde_json::{Map, Value, json};

pub async fn receive(sqs: &Sqs, call: &Call) -> Result<Value, Refusal> {
    let queue = sqs.queue(call, "ReceiveMessage")?;
    let input = Input(&call.input);
    let most = bounded(input, "MaxNumberOfMessages", 1, 10, "Must be between 1 and 10, if provided.")?;
    let wait = bounded(input, "WaitTimeSeconds", 0, 20, "Must be >= 0 and <= 20, if provided.")?;
    let visibility = bounded(input, "VisibilityTimeout", 0, 43_200, "Must be between 0 and 43200, if provided.")?;
    let attempt = input.text("ReceiveRequestAttemptId");
    if let Some(given) = attempt.filter(|_| !queue.name.is_fifo()) {
        let reason = "The request include parameter that is not valid for this queue type.";
        return Err(refuse::value(given, "ReceiveRequestAttemptId", reason));
    }
    let wish = Wish { most: most.unwrap_or(1) as usize, visibility, wait, attempt: attempt.map(str::to_owned) };
    let received = sqs.queues.receive(&queue, &wish, millis(call.now)).await?;
    if received.is_empty() {
        return super::nothing();
    }
    let mut system = input.texts("AttributeNames");
    system.extend(input.texts("MessageSystemAttributeNames"));
    let own = input.texts("MessageAttributeNames");
    let shown: Vec<Value> = received.iter().map(|one| show(&queue, one, &system, &own)).collect();
    Ok(json!({ "Messages": shown }))
}

fn bounded(input: Input<'_>, member: &str, least: i64, most: i64, reason: &str) -> Result<Option<i64>, Refusal> {
    match input.number(member) {
        Some(number) if !(least..=most).contains(&number) => Err(refuse::value(&number.to_string(), member, reason)),
        number => Ok(number),
    }
}

fn show(queue: &Queue, one: &Received, system: &[&str], own: &[&str]) -> Value {
    let handle = Handle { number: one.number, receive: one.standing.receives_here };
    let mut shown = Map::new();
    shown.insert("MessageId".into(), json!(one.content.id));
    shown.insert("ReceiptHandle".into(), json!(handle::write(queue.number, handle)));
    shown.insert("MD5OfBody".into(), json!(digest::of_text(&one.content.body)));
    shown.insert("Body".into(), json!(one.content.body));
    let attributes = system_attributes(queue, one, system);
    if !attributes.is_empty() {
        shown.insert("Attributes".into(), Value::Object(attributes));
    }
    let wanted = || one.content.attributes.iter().filter(|(name, _)| is_wanted(name, own));
    if let Some(digest) = digest::of_attributes(wanted()) {
        let own: Map<String, Value> = wanted().map(|(name, attribute)| (name.clone(), value(attribute))).collect();
        shown.insert("MD5OfMessageAttributes".into(), json!(digest));
        shown.insert("MessageAttributes".into(), Value::Object(own));
    }
    Value::Object(shown)
}

/// Names are given whole, as `All`, or as `prefix.*`.
fn is_wanted(name: &str, wanted: &[&str]) -> bool {
    wanted.iter().any(|given| match given.strip_suffix(".*") {
        Some(prefix) => name.starts_with(prefix),
        None => *given == "All" || *given == name,
    })
}

fn value(attribute: &Attribute) -> Value {
    let member = if attribute.is_binary() { "BinaryValue" } else { "StringValue" };
    json!({ member: attribute.value, "DataType": attribute.data_type })
}

fn system_attributes(queue: &Queue, one: &Received, wanted: &[&str]) -> Map<String, Value> {
    let mut shown = Map::new();
    if wanted.is_empty() {
        return shown;
    }
    let Content { sender, group, dedup, source, trace, .. } = &*one.content;
    let mut put = |name: &str, value: Option<String>| {
        if let Some(value) = value.filter(|_| wanted.iter().any(|given| *given == "All" || *given == name)) {
            shown.insert(name.to_owned(), json!(value));
        }
    };
    put("SenderId", Some(sender.clone()));
    put("SentTimestamp", Some(one.standing.sent.to_string()));
    put("ApproximateReceiveCount", Some(one.standing.receives.to_string()));
    put("ApproximateFirstReceiveTimestamp", one.standing.first_received.map(|time| time.to_string()));
    put("SequenceNumber", queue.name.is_fifo().then(|| sequence(one.number)));
    put("MessageDeduplicationId", dedup.clone());
    put("MessageGroupId", group.as_ref().map(|group| group.as_str().to_owned()));
    put("AWSTraceHeader", trace.as_ref().map(|trace| trace.value.clone()));
    put("DeadLetterQueueSourceArn", source.clone());
    shown
}

/// A message's number as AWS writes it: twenty digits.
pub fn sequence(number: u64) -> String {
    (18_800_000_000_000_000_000u128 + u128::from(number)).to_string()
}
