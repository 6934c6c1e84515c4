//! ChangeMessageVisibility and its batch.

use super::{batch, nothing};
use crate::queues::millis;
use crate::refuse;
use crate::service::Sqs;
use postern_call::{Call, Refusal};
use postern_kit::Input;
use serde_json::Value;

pub async fn change(sqs: &Sqs, call: &Call) -> Result<Value, Refusal> {
    let queue = sqs.queue(call, "ChangeMessageVisibility")?;
    let input = Input(&call.input);
    let handle = input.text("ReceiptHandle").ok_or_else(|| refuse::missing("ReceiptHandle"))?;
    let seconds = input.number("VisibilityTimeout").ok_or_else(|| refuse::missing("VisibilityTimeout"))?;
    let results = sqs.queues.change_visibility(&queue, &[(handle, seconds)], millis(call.now)).await?;
    results.into_iter().collect::<Result<Vec<()>, _>>()?;
    nothing()
}

pub async fn change_batch(sqs: &Sqs, call: &Call) -> Result<Value, Refusal> {
    let queue = sqs.queue(call, "ChangeMessageVisibility")?;
    let entries = batch::entries(Input(&call.input), "ChangeMessageVisibilityBatchRequestEntry")?;
    let ids: Vec<&str> = entries.iter().map(|(id, _)| *id).collect();
    let changes: Vec<(&str, i64)> = entries
        .iter()
        .map(|(_, entry)| {
            (entry.text("ReceiptHandle").unwrap_or_default(), entry.number("VisibilityTimeout").unwrap_or_default())
        })
        .collect();
    let results = sqs.queues.change_visibility(&queue, &changes, millis(call.now)).await?;
    Ok(batch::plain_reply(&ids, &results))
}
