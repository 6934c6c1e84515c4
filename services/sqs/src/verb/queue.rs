//! CreateQueue, DeleteQueue, GetQueueUrl, PurgeQueue.

use super::{nothing, tags};
use crate::keep::{self, Row};
use crate::name::{self, Name};
use crate::queues::{Queue, durable, millis};
use crate::service::Sqs;
use crate::settings::Settings;
use crate::{gate, ids, refuse};
use postern_call::{Call, Refusal};
use postern_kit::{Input, request_tag_keys};
use postern_policy::Keys;
use serde_json::{Map, Value, json};

/// Between two purges of a queue.
const PURGE_REST: i64 = 60_000;

pub async fn create(sqs: &Sqs, call: &Call) -> Result<Value, Refusal> {
    let input = Input(&call.input);
    let given = input.get("Attributes").and_then(Value::as_object).cloned().unwrap_or_default();
    let fifo = match given.get("FifoQueue").and_then(Value::as_str) {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(refuse::attribute_value("FifoQueue")),
    };
    let text = input.text("QueueName").ok_or_else(|| refuse::missing("QueueName"))?;
    name::check(text, fifo)?;
    let name = own(call, text)?;
    let tags: postern_kit::Tags = input.map("tags").into_iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
    let mut keys = Keys::new();
    request_tag_keys(input.map("tags"), &mut keys);
    let found = sqs.queues.find(&name);
    gate::ask(sqs.judge.as_ref(), call, "CreateQueue", &name, found.as_deref(), keys)?;
    let mut settings = Settings::new(fifo);
    settings.set(&without_fifo(&given))?;
    super::attributes::check_redrive(sqs, &name, &settings)?;
    tags::check(&tags)?;
    let url = json!({ "QueueUrl": sqs.url(call, &name) });
    if let Some(queue) = found {
        same(&queue, &given)?;
        return Ok(url);
    }
    let now = millis(call.now);
    let row = Row { number: ids::number()?, created: now, modified: now, settings, tags, deleted: None };
    let number = row.number;
    let queue = sqs.queues.create(name, row, now).await?;
    if queue.number != number {
        // Somebody made it in between.
        same(&queue, &given)?;
    }
    Ok(url)
}

/// A false `FifoQueue` says nothing.
fn without_fifo(given: &Map<String, Value>) -> Map<String, Value> {
    let mut given = given.clone();
    given.retain(|name, value| name != "FifoQueue" || value == "true");
    given
}

/// A queue that is there may be created again with the attributes that it has.
fn same(queue: &Queue, given: &Map<String, Value>) -> Result<(), Refusal> {
    let state = queue.open()?;
    let mut wanted = state.row.settings.clone();
    wanted.set(&without_fifo(given))?;
    let (wanted, have) = (wanted.shown(), state.row.settings.shown());
    let differs = given.keys().find(|name| wanted.get(*name) != have.get(*name));
    match differs {
        None => Ok(()),
        Some(name) => {
            let message =
                format!("A queue already exists with the same name and a different value for attribute {name}");
            Err(Refusal::new("QueueNameExists", message))
        }
    }
}

pub async fn delete(sqs: &Sqs, call: &Call) -> Result<Value, Refusal> {
    let queue = sqs.queue(call, "DeleteQueue")?;
    sqs.queues.delete(&queue, millis(call.now)).await?;
    nothing()
}

pub fn url(sqs: &Sqs, call: &Call) -> Result<Value, Refusal> {
    let input = Input(&call.input);
    let text = input.text("QueueName").ok_or_else(|| refuse::missing("QueueName"))?;
    let mut name = own(call, text)?;
    if let Some(owner) = input.text("QueueOwnerAWSAccountId") {
        name.account = owner
            .parse()
            .map_err(|_| refuse::value(owner, "QueueOwnerAWSAccountId", "An account id has twelve digits."))?;
    }
    let queue = sqs.admit(call, "GetQueueUrl", &name, Keys::new())?;
    Ok(json!({ "QueueUrl": sqs.url(call, &queue.name) }))
}

pub async fn purge(sqs: &Sqs, call: &Call) -> Result<Value, Refusal> {
    let queue = sqs.queue(call, "PurgeQueue")?;
    let now = millis(call.now);
    let pending = {
        let mut state = queue.open()?;
        if state.purged.is_some_and(|at| now < at + PURGE_REST) {
            let message = format!("Only one PurgeQueue operation on {} is allowed every 60 seconds.", queue.name.name);
            return Err(Refusal::new("PurgeQueueInProgress", message).status(403));
        }
        state.purged = Some(now);
        state.messages.purge();
        sqs.queues.submit(keep::all_gone(queue.number).into())
    };
    durable(pending).await?;
    nothing()
}

/// A name of the caller's account.
fn own(call: &Call, name: &str) -> Result<Name, Refusal> {
    let account = call.caller.account().ok_or_else(|| {
        Refusal::new("MissingAuthenticationToken", "Request is missing Authentication Token").status(403)
    })?;
    Ok(Name { account, region: call.region.clone(), name: name.to_owned() })
}
