//! Publish and PublishBatch.

use crate::dedup::{REMEMBERED, Seen};
use crate::deliver::Parcel;
use crate::outgoing::{self, LARGEST, Outgoing};
use crate::service::Sns;
use crate::state::{Subscription, Topic};
use crate::{envelope, ids, post, refuse};
use postern_call::{Call, Refusal};
use postern_kit::Input;
use postern_policy::Keys;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

const ENTRIES_MAX: usize = 10;

pub async fn publish(sns: &Sns, call: &Call) -> Result<Value, Refusal> {
    publish_with(sns, call, Keys::new()).await
}

/// The same, with what is known of the publisher besides.
pub async fn publish_with(sns: &Sns, call: &Call, keys: Keys) -> Result<Value, Refusal> {
    let input = Input(&call.input);
    if input.text("PhoneNumber").is_some() {
        return Err(refuse::absent("Publishing to phone numbers is"));
    }
    let arn = input.text("TopicArn").or_else(|| input.text("TargetArn"));
    let arn = arn.ok_or_else(|| refuse::parameter("TopicArn or TargetArn Reason: no value for required parameter"))?;
    if arn.split(':').nth(5).is_some_and(|resource| resource.starts_with("endpoint/")) {
        return Err(refuse::absent("Publishing to mobile applications is"));
    }
    let topic = sns.admit(call, "Publish", arn, keys)?;
    let outgoing = outgoing::read(input, &topic, ids::uuid()?)?;
    let sent = send(sns, call, &topic, outgoing).await?;
    Ok(Value::Object(shown(sent)))
}

pub async fn publish_batch(sns: &Sns, call: &Call) -> Result<Value, Refusal> {
    let topic = sns.topic(call, "Publish")?;
    let entries = entries(Input(&call.input))?;
    let (mut accepted, mut failed, mut size) = (Vec::new(), Vec::new(), 0);
    for (id, entry) in entries {
        match outgoing::read(entry, &topic, ids::uuid()?) {
            Ok(outgoing) => {
                size += outgoing.size;
                accepted.push((id, outgoing));
            }
            Err(refusal) => failed.push(json!({
                "Id": id, "Code": refusal.code, "Message": refusal.message, "SenderFault": refusal.status < 500,
            })),
        }
    }
    if size > LARGEST {
        let message = "The length of all the messages put together is more than the limit.";
        return Err(Refusal::new("BatchRequestTooLong", message));
    }
    let mut successful = Vec::with_capacity(accepted.len());
    for (id, outgoing) in accepted {
        let mut members = shown(send(sns, call, &topic, outgoing).await?);
        members.insert("Id".into(), json!(id));
        successful.push(Value::Object(members));
    }
    Ok(json!({ "Successful": successful, "Failed": failed }))
}

fn entries(input: Input<'_>) -> Result<Vec<(&str, Input<'_>)>, Refusal> {
    let given = input.list("PublishBatchRequestEntries");
    if given.is_empty() {
        let message = "The batch request doesn't contain any entries.";
        return Err(Refusal::new("EmptyBatchRequest", message));
    }
    if given.len() > ENTRIES_MAX {
        return Err(Refusal::new(
            "TooManyEntriesInBatchRequest",
            "The batch request contains more entries than permissible.",
        ));
    }
    let (mut entries, mut seen) = (Vec::with_capacity(given.len()), BTreeSet::new());
    for entry in given.iter().map(Input) {
        let id = entry.text("Id").unwrap_or_default();
        let letters = id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        if id.is_empty() || id.len() > 80 || !letters {
            return Err(Refusal::new(
                "InvalidBatchEntryId",
                "The Id of a batch entry in a batch request doesn't abide by the specification.",
            ));
        }
        if !seen.insert(id) {
            let message = "Two or more batch entries in the request have the same Id.";
            return Err(Refusal::new("BatchEntryIdsNotDistinct", message));
        }
        entries.push((id, entry));
    }
    Ok(entries)
}

/// A message that was accepted: its id, and its number in a FIFO topic.
struct Sent {
    id: String,
    sequence: Option<String>,
}

fn shown(sent: Sent) -> Map<String, Value> {
    let mut members = Map::from_iter([("MessageId".to_owned(), json!(sent.id))]);
    members.extend(sent.sequence.map(|sequence| ("SequenceNumber".to_owned(), json!(sequence))));
    members
}

async fn send(sns: &Sns, call: &Call, topic: &Topic, outgoing: Outgoing) -> Result<Sent, Refusal> {
    if !topic.is_fifo() {
        deliver(sns, call, topic, &outgoing, None).await?;
        return Ok(Sent { id: outgoing.id, sequence: None });
    }
    // One after the other, so that every queue has them in one order.
    let _turn = sns.topics.in_order.lock().await;
    let now = (call.now.unix_timestamp_nanos() / 1_000_000) as i64;
    if let Some(seen) = outgoing.dedup_key.as_ref().and_then(|key| sns.topics.seen(key, now)) {
        return Ok(Sent { id: seen.id, sequence: Some(seen.sequence) });
    }
    let sequence = sns.topics.sequence(now);
    deliver(sns, call, topic, &outgoing, Some(&sequence)).await?;
    if let Some(key) = outgoing.dedup_key {
        let seen = Seen { id: outgoing.id.clone(), sequence: sequence.clone(), until: now + REMEMBERED };
        sns.topics.remember(key, seen, now).await?;
    }
    Ok(Sent { id: outgoing.id, sequence: Some(sequence) })
}

/// Brings a message to everyone who is to have it: queues have it, and what is for servers is kept, when this returns.
async fn deliver(
    sns: &Sns,
    call: &Call,
    topic: &Topic,
    outgoing: &Outgoing,
    sequence: Option<&str>,
) -> Result<(), Refusal> {
    let subscriptions: Vec<Arc<Subscription>> = {
        let state = sns.topics.read();
        state.of_topic(&topic.arn()).filter(|one| one.is_confirmed()).map(Arc::clone).collect()
    };
    let by_attributes = outgoing.for_filters();
    // What is no JSON passes no policy on the body.
    let by_body: Option<Value> = serde_json::from_str(outgoing.text("sqs")).ok();
    let wanted = subscriptions.iter().filter(|one| match &one.filter {
        None => true,
        Some(filter) if one.filter_by_body => {
            by_body.as_ref().is_some_and(|body| body.is_object() && filter.passes(body))
        }
        Some(filter) => filter.passes(&by_attributes),
    });
    let (servers, queues): (Vec<_>, Vec<_>) = wanted.partition(|one| one.is_of_server());
    let errands = servers.into_iter().map(|one| {
        let mut parcel = parcel(sns, call, topic, one, outgoing, sequence);
        let letter = post::letter(topic, one, outgoing, std::mem::take(&mut parcel.body));
        let dead_letters = one.redrive.as_ref().map(|(queue, _)| Parcel { queue: queue.clone(), ..parcel });
        post::errand(topic, one, &outgoing.id, letter, dead_letters)
    });
    // First, since it alone can fail: a publisher who tries again then brings nothing twice.
    sns.carrier.take(errands.collect()).await?;
    for one in queues {
        let parcel = parcel(sns, call, topic, one, outgoing, sequence);
        let Err(refusal) = sns.deliver.to_queue(&parcel).await else { continue };
        let dead_letters = one.redrive.as_ref().map(|(queue, _)| Parcel { queue: queue.clone(), ..parcel });
        tracing::info!(%refusal, subscription = one.arn, "a message was not delivered");
        if let Some(parcel) = dead_letters
            && let Err(refusal) = sns.deliver.to_queue(&parcel).await
        {
            tracing::info!(%refusal, queue = parcel.queue, "nor to the dead-letter queue");
        }
    }
    Ok(())
}

fn parcel(
    sns: &Sns,
    call: &Call,
    topic: &Topic,
    one: &Subscription,
    outgoing: &Outgoing,
    sequence: Option<&str>,
) -> Parcel {
    let body = if one.raw {
        outgoing.text(&one.protocol).to_owned()
    } else {
        envelope::notification(topic, one, outgoing, sequence, call.now, sns.sign.as_deref())
    };
    // A standard queue takes no deduplication id.
    let is_fifo = one.endpoint.ends_with(".fifo");
    Parcel {
        queue: one.endpoint.clone(),
        body,
        attributes: if one.raw { outgoing.for_queue() } else { json!({}) },
        group: outgoing.group.clone(),
        dedup: outgoing.dedup.clone().filter(|_| is_fifo),
        topic: topic.arn(),
        account: topic.account,
        region: topic.region.clone(),
        now: call.now,
        request_id: call.request_id.clone(),
    }
}
