//! StartMessageMoveTask, ListMessageMoveTasks, CancelMessageMoveTask.

use crate::keep;
use crate::moves::{Status, Task};
use crate::name::Name;
use crate::queues::{Queue, durable, millis};
use crate::service::Sqs;
use crate::{ids, refuse};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use postern_call::{Call, Refusal};
use postern_kit::Input;
use postern_policy::Keys;
use serde_json::{Value, json};
use std::sync::Arc;

const RATE_MAX: i64 = 500;
const PAGE_MAX: i64 = 10;

pub async fn start(sqs: &Sqs, call: &Call) -> Result<Value, Refusal> {
    let input = Input(&call.input);
    let queue = source(sqs, call, "StartMessageMoveTask")?;
    for action in ["ReceiveMessage", "DeleteMessage", "GetQueueAttributes"] {
        sqs.admit(call, action, &queue.name, Keys::new())?;
    }
    let rate = input.number("MaxNumberOfMessagesPerSecond");
    if let Some(given) = rate.filter(|rate| !(1..=RATE_MAX).contains(rate)) {
        let reason = format!("Must be between 1 and {RATE_MAX}.");
        return Err(refuse::value(&given.to_string(), "MaxNumberOfMessagesPerSecond", &reason));
    }
    let is_dead_letter_queue = sqs
        .queues
        .of(queue.name.account, &queue.name.region)
        .iter()
        .any(|other| other.lock().row.settings.redrive.as_ref().is_some_and(|redrive| redrive.target == queue.arn));
    if !is_dead_letter_queue {
        return Err(refuse::parameter("Source queue must be configured as a Dead Letter Queue."));
    }
    let destination = input.text("DestinationArn").map(|arn| arn.to_owned());
    if let Some(arn) = &destination {
        let name = Name::from_arn(arn).ok_or_else(no_resource)?;
        if *arn == queue.arn {
            return Err(refuse::parameter("Source queue arn and destination queue arn cannot be the same."));
        }
        let found = sqs.queues.find(&name).ok_or_else(no_resource)?;
        if found.name.is_fifo() != queue.name.is_fifo() {
            return Err(refuse::parameter("Source queue and destination queue must be of the same type."));
        }
        sqs.admit(call, "SendMessage", &name, Keys::new())?;
    }
    let (id, started) = (ids::uuid()?, millis(call.now));
    let (to_move, pending) = {
        let mut state = queue.open()?;
        let pending = sqs.queues.submit(state.pass(queue.number, started));
        (state.messages.counts().ready as i64, pending)
    };
    durable(pending).await?;
    let task =
        Task { id: id.clone(), status: Status::Running, destination, rate, moved: 0, to_move, started, failure: None };
    sqs.queues.begin_moves(&queue, task).await?;
    Ok(json!({ "TaskHandle": handle(&queue, &id) }))
}

pub fn list(sqs: &Sqs, call: &Call) -> Result<Value, Refusal> {
    let queue = source(sqs, call, "ListMessageMoveTasks")?;
    let most = Input(&call.input).number("MaxResults").unwrap_or(1);
    if !(1..=PAGE_MAX).contains(&most) {
        let reason = format!("Must be between 1 and {PAGE_MAX}.");
        return Err(refuse::value(&most.to_string(), "MaxResults", &reason));
    }
    let state = queue.open()?;
    let results: Vec<Value> = state.tasks.iter().take(most as usize).map(|task| show(&queue, task)).collect();
    Ok(json!({ "Results": results }))
}

pub async fn cancel(sqs: &Sqs, call: &Call) -> Result<Value, Refusal> {
    let text = Input(&call.input).text("TaskHandle").ok_or_else(|| refuse::missing("TaskHandle"))?;
    let (id, arn) = read_handle(text).ok_or_else(|| refuse::parameter("Value for parameter TaskHandle is invalid."))?;
    let name = Name::from_arn(&arn).ok_or_else(no_resource)?;
    let queue = sqs.admit(call, "CancelMessageMoveTask", &name, Keys::new()).map_err(as_resource)?;
    let (moved, pending) = {
        let mut state = queue.open()?;
        let task = state
            .tasks
            .iter_mut()
            .find(|task| task.id == id)
            .ok_or_else(|| Refusal::new("ResourceNotFoundException", "Task does not exist.").status(404))?;
        if task.status != Status::Running {
            return Err(refuse::unsupported("Only active tasks can be cancelled."));
        }
        task.status = Status::Cancelling;
        (task.moved, sqs.queues.submit(vec![keep::task(queue.number, task)?]))
    };
    durable(pending).await?;
    Ok(json!({ "ApproximateNumberOfMessagesMoved": moved }))
}

fn source(sqs: &Sqs, call: &Call, action: &str) -> Result<Arc<Queue>, Refusal> {
    let arn = Input(&call.input).text("SourceArn").ok_or_else(|| refuse::missing("SourceArn"))?;
    let name = Name::from_arn(arn).ok_or_else(no_resource)?;
    sqs.admit(call, action, &name, Keys::new()).map_err(as_resource)
}

fn as_resource(refusal: Refusal) -> Refusal {
    if refusal.code == "QueueDoesNotExist" { no_resource() } else { refusal }
}

fn no_resource() -> Refusal {
    let message = "The resource that you specified for the SourceArn parameter doesn't exist.";
    Refusal::new("ResourceNotFoundException", message).status(404)
}

fn show(queue: &Queue, task: &Task) -> Value {
    let mut shown = json!({
        "Status": task.status.word(),
        "SourceArn": queue.arn,
        "ApproximateNumberOfMessagesMoved": task.moved,
        "ApproximateNumberOfMessagesToMove": task.to_move,
        "StartedTimestamp": task.started,
    });
    // Who has a handle can cancel.
    if task.status.is_active() {
        shown["TaskHandle"] = json!(handle(queue, &task.id));
    }
    if let Some(destination) = &task.destination {
        shown["DestinationArn"] = json!(destination);
    }
    if let Some(rate) = task.rate {
        shown["MaxNumberOfMessagesPerSecond"] = json!(rate);
    }
    if let Some(failure) = &task.failure {
        shown["FailureReason"] = json!(failure);
    }
    shown
}

fn handle(queue: &Queue, id: &str) -> String {
    STANDARD.encode(json!({ "taskId": id, "sourceArn": queue.arn }).to_string())
}

fn read_handle(text: &str) -> Option<(String, String)> {
    let read: Value = serde_json::from_slice(&STANDARD.decode(text).ok()?).ok()?;
    let member = |name: &str| read.get(name)?.as_str().map(str::to_owned);
    Some((member("taskId")?, member("sourceArn")?))
}
