//! ListQueues and ListDeadLetterSourceQueues.

use crate::queues::Queue;
use crate::service::Sqs;
use crate::{gate, refuse};
use postern_call::{Call, Refusal};
use postern_kit::{Input, page};
use serde_json::{Value, json};
use std::sync::Arc;

const PAGE_MAX: i64 = 1000;

pub fn queues(sqs: &Sqs, call: &Call) -> Result<Value, Refusal> {
    gate::ask_without_queue(sqs.judge.as_ref(), call, "ListQueues")?;
    let prefix = Input(&call.input).text("QueueNamePrefix").unwrap_or_default();
    let shown = |queue: &Arc<Queue>| queue.name.name.starts_with(prefix);
    listed(sqs, call, "QueueUrls", shown)
}

pub fn dead_letter_sources(sqs: &Sqs, call: &Call) -> Result<Value, Refusal> {
    let queue = sqs.queue(call, "ListDeadLetterSourceQueues")?;
    let uses = |source: &Arc<Queue>| {
        source.lock().row.settings.redrive.as_ref().is_some_and(|redrive| redrive.target == queue.arn)
    };
    let mut reply = listed(sqs, call, "queueUrls", uses)?;
    // A required member, even when there are none.
    reply.as_object_mut().map(|members| members.entry("queueUrls").or_insert_with(|| json!([])));
    Ok(reply)
}

fn listed(sqs: &Sqs, call: &Call, member: &str, shown: impl Fn(&Arc<Queue>) -> bool) -> Result<Value, Refusal> {
    let input = Input(&call.input);
    let most = input.number("MaxResults");
    if let Some(given) = most.filter(|most| !(1..=PAGE_MAX).contains(most)) {
        let reason = format!("Must be between 1 and {PAGE_MAX}.");
        return Err(refuse::value(&given.to_string(), "MaxResults", &reason));
    }
    let own = call.caller.account().map(|account| sqs.queues.of(account, &call.region)).unwrap_or_default();
    let entries = own.into_iter().filter(shown).map(|queue| (queue.name.name.clone(), sqs.url(call, &queue.name)));
    let token = input.text("NextToken").filter(|token| !token.is_empty());
    let page = page(entries, token, most.unwrap_or(PAGE_MAX) as usize)
        .map_err(|_| refuse::parameter("Invalid or expired next token."))?;
    let mut reply = json!({});
    if !page.entries.is_empty() {
        reply[member] = json!(page.entries);
    }
    // Without a page size there is no next page, as in AWS.
    if let Some(next) = page.next.filter(|_| most.is_some()) {
        reply["NextToken"] = json!(next);
    }
    Ok(reply)
}
