//! GetQueueAttributes and SetQueueAttributes.

use super::nothing;
use crate::keep;
use crate::name::Name;
use crate::queues::{durable, millis};
use crate::refuse;
use crate::service::Sqs;
use crate::settings::Settings;
use postern_call::{Call, Refusal};
use postern_kit::Input;
use serde_json::{Map, Value, json};

/// Attributes that a queue may lack, but that can be asked for.
const OTHERS: &[&str] = &[
    "All",
    "Policy",
    "RedrivePolicy",
    "RedriveAllowPolicy",
    "FifoQueue",
    "ContentBasedDeduplication",
    "DeduplicationScope",
    "FifoThroughputLimit",
    "KmsMasterKeyId",
    "KmsDataKeyReusePeriodSeconds",
];

pub async fn get(sqs: &Sqs, call: &Call) -> Result<Value, Refusal> {
    let queue = sqs.queue(call, "GetQueueAttributes")?;
    let (shown, pending) = {
        let mut state = queue.open()?;
        let pending = sqs.queues.submit(state.pass(queue.number, millis(call.now)));
        let mut shown = state.row.settings.shown();
        let counts = state.messages.counts();
        let mut put = |name: &str, value: String| shown.insert(name.to_owned(), json!(value));
        put("ApproximateNumberOfMessages", counts.ready.to_string());
        put("ApproximateNumberOfMessagesNotVisible", counts.in_flight.to_string());
        put("ApproximateNumberOfMessagesDelayed", counts.delayed.to_string());
        put("CreatedTimestamp", (state.row.created / 1000).to_string());
        put("LastModifiedTimestamp", (state.row.modified / 1000).to_string());
        put("QueueArn", queue.arn.clone());
        (shown, pending)
    };
    durable(pending).await?;
    let wanted = Input(&call.input).texts("AttributeNames");
    if let Some(unknown) = wanted.iter().find(|name| !OTHERS.contains(name) && !shown.contains_key(**name)) {
        return Err(refuse::attribute_name(unknown));
    }
    let chosen: Map<String, Value> =
        shown.into_iter().filter(|(name, _)| wanted.iter().any(|given| *given == "All" || given == name)).collect();
    Ok(if chosen.is_empty() { json!({}) } else { json!({ "Attributes": chosen }) })
}

pub async fn set(sqs: &Sqs, call: &Call) -> Result<Value, Refusal> {
    let queue = sqs.queue(call, "SetQueueAttributes")?;
    let given = call.input.get("Attributes").and_then(Value::as_object).ok_or_else(|| refuse::missing("Attributes"))?;
    if given.contains_key("FifoQueue") && !queue.name.is_fifo() {
        return Err(refuse::attribute_name("FifoQueue"));
    }
    // Another queue's state is looked at: not while this one's is locked.
    let mut wanted = queue.open()?.row.settings.clone();
    wanted.set(given)?;
    if given.contains_key("RedrivePolicy") {
        check_redrive(sqs, &queue.name, &wanted)?;
    }
    let now = millis(call.now);
    let pending = {
        let mut state = queue.open()?;
        let delay = state.row.settings.delay;
        state.row.settings.set(given)?;
        state.row.modified = now;
        let mut writes = vec![queue.row(&state)?];
        if queue.name.is_fifo() && state.row.settings.delay != delay {
            let delay = state.row.settings.delay * 1000;
            for number in state.messages.delay_anew(delay, now) {
                let Some(held) = state.messages.get(number) else { continue };
                writes.push(keep::standing(queue.number, number, &held.standing)?);
            }
        }
        let pending = sqs.queues.submit(writes);
        queue.wake(&state);
        queue.set_alarm(&mut state, now);
        pending
    };
    durable(pending).await?;
    nothing()
}

/// The dead-letter queue that settings name must be there, be of the same kind, and let this queue use it.
pub fn check_redrive(sqs: &Sqs, source: &Name, settings: &Settings) -> Result<(), Refusal> {
    let Some(redrive) = &settings.redrive else { return Ok(()) };
    let wrong = |why: &str| {
        refuse::parameter(format!("Value {} for parameter RedrivePolicy is invalid. Reason: {why}", redrive.text))
    };
    let target = Name::from_arn(&redrive.target).ok_or_else(|| wrong("Invalid value for deadLetterTargetArn."))?;
    if target.account != source.account || target.region != source.region {
        return Err(wrong("Dead letter target owner should be same as the source."));
    }
    let found = sqs.queues.find(&target).ok_or_else(|| wrong("Dead letter target does not exist."))?;
    if target.is_fifo() != source.is_fifo() {
        return Err(wrong("Dead-letter queue must be same type of queue as the source."));
    }
    let allowed = found.open()?.row.settings.redrive_allow.as_ref().is_none_or(|allow| allow.allows(&source.arn()));
    if !allowed {
        return Err(wrong("The redrive allow policy of the dead-letter queue does not allow this source queue."));
    }
    Ok(())
}
