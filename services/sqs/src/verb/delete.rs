//! DeleteMessage and DeleteMessageBatch.

use super::{batch, nothing};
use crate::queues::millis;
use crate::refuse;
use crate::service::Sqs;
use postern_call::{Call, Refusal};
use postern_kit::Input;
use serde_json::Value;

pub async fn delete(sqs: &Sqs, call: &Call) -> Result<Value, Refusal> {
    let queue = sqs.queue(call, "DeleteMessage")?;
    let handle = Input(&call.input).text("ReceiptHandle").ok_or_else(|| refuse::missing("ReceiptHandle"))?;
    let results = sqs.queues.delete_messages(&queue, &[handle], millis(call.now)).await?;
    results.into_iter().collect::<Result<Vec<()>, _>>()?;
    nothing()
}

pub async fn delete_batch(sqs: &Sqs, call: &Call) -> Result<Value, Refusal> {
    let queue = sqs.queue(call, "DeleteMessage")?;
    let entries = batch::entries(Input(&call.input), "DeleteMessageBatchRequestEntry")?;
    let ids: Vec<&str> = entries.iter().map(|(id, _)| *id).collect();
    let handles: Vec<&str> = entries.iter().map(|(_, entry)| entry.text("ReceiptHandle").unwrap_or_default()).collect();
    let results = sqs.queues.delete_messages(&queue, &handles, millis(call.now)).await?;
    Ok(batch::plain_reply(&ids, &results))
}
