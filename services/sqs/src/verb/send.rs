//! SendMessage and SendMessageBatch.

use super::batch;
use crate::flow::Sent;
use crate::outgoing::{self, Outgoing};
use crate::queues::{Queue, millis};
use crate::service::Sqs;
use crate::settings::LARGEST;
use crate::{digest, ids};
use postern_call::{Call, Refusal};
use postern_kit::Input;
use serde_json::{Map, Value, json};

pub async fn send(sqs: &Sqs, call: &Call) -> Result<Value, Refusal> {
    let queue = sqs.queue(call, "SendMessage")?;
    let outgoing = read(&queue, call, Input(&call.input))?;
    let told = told(&outgoing);
    let sent = sqs.queues.send(&queue, vec![outgoing], millis(call.now)).await?;
    Ok(Value::Object(sent.into_iter().next().map(|sent| with(told, &queue, &sent)).unwrap_or_default()))
}

pub async fn send_batch(sqs: &Sqs, call: &Call) -> Result<Value, Refusal> {
    let queue = sqs.queue(call, "SendMessage")?;
    let entries = batch::entries(Input(&call.input), "SendMessageBatchRequestEntry")?;
    let (mut all, mut accepted, mut failed, mut size) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for (id, entry) in entries {
        match read(&queue, call, entry) {
            Ok(outgoing) => {
                size += outgoing.size;
                accepted.push((id, told(&outgoing)));
                all.push(outgoing);
            }
            Err(refusal) => failed.push(batch::failed(id, &refusal)),
        }
    }
    if size > LARGEST {
        let message = format!("Batch requests cannot be longer than {LARGEST} bytes. You have sent {size} bytes.");
        return Err(Refusal::new("BatchRequestTooLong", message));
    }
    let sent = sqs.queues.send(&queue, all, millis(call.now)).await?;
    let successful = accepted.into_iter().zip(&sent).map(|((id, told), sent)| {
        let mut members = with(told, &queue, sent);
        members.insert("Id".into(), json!(id));
        Value::Object(members)
    });
    Ok(batch::reply(successful.collect(), failed))
}

fn read(queue: &Queue, call: &Call, input: Input<'_>) -> Result<Outgoing, Refusal> {
    let state = queue.open()?;
    outgoing::read(input, &state.row.settings, &call.caller.user_id(), ids::uuid()?)
}

/// The digests by which the sender sees what has arrived.
fn told(outgoing: &Outgoing) -> Map<String, Value> {
    let mut told = Map::new();
    told.insert("MD5OfMessageBody".into(), json!(digest::of_text(&outgoing.content.body)));
    if let Some(digest) = digest::of_attributes(outgoing.content.attributes.iter()) {
        told.insert("MD5OfMessageAttributes".into(), json!(digest));
    }
    let name = "AWSTraceHeader".to_owned();
    if let Some(digest) = digest::of_attributes(outgoing.content.trace.iter().map(|trace| (&name, trace))) {
        told.insert("MD5OfMessageSystemAttributes".into(), json!(digest));
    }
    told
}

fn with(mut told: Map<String, Value>, queue: &Queue, sent: &Sent) -> Map<String, Value> {
    told.insert("MessageId".into(), json!(sent.id));
    if queue.name.is_fifo() {
        told.insert("SequenceNumber".into(), json!(super::receive::sequence(sent.number)));
    }
    told
}
