//! AddPermission and RemovePermission: statements of the queue's policy by their labels.

use super::nothing;
use crate::queues::{Queue, State, durable, millis};
use crate::refuse;
use crate::service::Sqs;
use crate::settings::Policy;
use postern_call::{Call, Refusal};
use postern_kit::Input;
use postern_policy::Document;
use postern_store::Pending;
use serde_json::{Value, json};
use std::sync::{Arc, MutexGuard};

/// What AddPermission can give.
const ACTIONS: &[&str] = &[
    "*",
    "ChangeMessageVisibility",
    "DeleteMessage",
    "GetQueueAttributes",
    "GetQueueUrl",
    "ListDeadLetterSourceQueues",
    "PurgeQueue",
    "ReceiveMessage",
    "SendMessage",
];
/// Of one statement.
const ACTIONS_MAX: usize = 7;
const STATEMENTS_MAX: usize = 20;

pub async fn add(sqs: &Sqs, call: &Call) -> Result<Value, Refusal> {
    let queue = sqs.queue(call, "AddPermission")?;
    durable(add_to(sqs, &queue, call)?).await?;
    nothing()
}

fn add_to(sqs: &Sqs, queue: &Queue, call: &Call) -> Result<Option<Pending>, Refusal> {
    let input = Input(&call.input);
    let label = label(input)?;
    let (accounts, actions) = (input.texts("AWSAccountIds"), input.texts("Actions"));
    if accounts.is_empty() {
        return Err(refuse::missing("AWSAccountIds"));
    }
    if actions.is_empty() {
        return Err(refuse::missing("Actions"));
    }
    if let Some(unknown) = actions.iter().find(|action| !ACTIONS.contains(action)) {
        let message = format!(
            "Value SQS:{unknown} for parameter ActionName is invalid. Reason: Please refer to the appropriate WSDL for a list of valid actions. "
        );
        return Err(refuse::parameter(message));
    }
    if actions.len() > ACTIONS_MAX {
        return Err(Refusal::new(
            "OverLimit",
            format!("{} Actions were found, maximum allowed is {ACTIONS_MAX}.", actions.len()),
        )
        .status(403));
    }
    let known = |id: &&&str| id.parse::<postern_names::AccountId>().is_err();
    if let Some(unknown) = accounts.iter().find(known) {
        return Err(refuse::value(&format!("[{unknown}]"), "PrincipalId", "Unable to verify."));
    }
    let state = queue.open()?;
    let mut policy = policy(&state, queue);
    let statements =
        policy["Statement"].as_array_mut().ok_or_else(|| Refusal::internal("a policy without statements"))?;
    if statements.iter().any(|statement| statement["Sid"] == label) {
        return Err(refuse::value(label, "Label", "Already exists."));
    }
    if statements.len() >= STATEMENTS_MAX {
        let message = format!("{} statements were found, maximum allowed is {STATEMENTS_MAX}.", statements.len() + 1);
        return Err(Refusal::new("OverLimit", message).status(403));
    }
    let principals: Vec<String> = accounts.iter().map(|id| format!("arn:aws:iam::{id}:root")).collect();
    let named: Vec<String> = actions.iter().map(|action| format!("SQS:{action}")).collect();
    statements.push(json!({
        "Sid": label,
        "Effect": "Allow",
        "Principal": { "AWS": one_or_many(principals) },
        "Action": one_or_many(named),
        "Resource": queue.arn,
    }));
    write(sqs, queue, state, call, Some(policy))
}

pub async fn remove(sqs: &Sqs, call: &Call) -> Result<Value, Refusal> {
    let queue = sqs.queue(call, "RemovePermission")?;
    durable(remove_from(sqs, &queue, call)?).await?;
    nothing()
}

fn remove_from(sqs: &Sqs, queue: &Queue, call: &Call) -> Result<Option<Pending>, Refusal> {
    let label = label(Input(&call.input))?;
    let state = queue.open()?;
    let mut policy = policy(&state, queue);
    let statements =
        policy["Statement"].as_array_mut().ok_or_else(|| Refusal::internal("a policy without statements"))?;
    let before = statements.len();
    statements.retain(|statement| statement["Sid"] != label);
    if statements.len() == before {
        return Err(refuse::value(label, "Label", "can't find label on existing policy."));
    }
    let left = (!statements.is_empty()).then_some(policy);
    write(sqs, queue, state, call, left)
}

fn label(input: Input<'_>) -> Result<&str, Refusal> {
    let label = input.text("Label").ok_or_else(|| refuse::missing("Label"))?;
    let letters = label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if label.is_empty() || label.len() > 80 || !letters {
        let message = "Value for parameter Label is invalid. Reason: Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length.";
        return Err(refuse::parameter(message));
    }
    Ok(label)
}

fn one_or_many(mut all: Vec<String>) -> Value {
    if all.len() == 1 { json!(all.remove(0)) } else { json!(all) }
}

/// The queue's policy, or an empty one, with its statements as a list.
fn policy(state: &State, queue: &Queue) -> Value {
    let own = state.row.settings.policy.as_ref().and_then(|policy| serde_json::from_str(policy.0.text()).ok());
    let mut policy: Value = own.unwrap_or_else(
        || json!({ "Version": "2012-10-17", "Id": format!("{}/SQSDefaultPolicy", queue.arn), "Statement": [] }),
    );
    if policy["Statement"].is_object() {
        policy["Statement"] = json!([policy["Statement"]]);
    }
    policy
}

fn write(
    sqs: &Sqs,
    queue: &Queue,
    mut state: MutexGuard<'_, State>,
    call: &Call,
    policy: Option<Value>,
) -> Result<Option<Pending>, Refusal> {
    let parsed = policy.map(|policy| Document::parse_resource(&policy.to_string())).transpose();
    let parsed = parsed.map_err(|error| refuse::attribute_value("Policy").hint(error.to_string()))?;
    state.row.settings.policy = parsed.map(|document| Policy(Arc::new(document)));
    state.row.modified = millis(call.now);
    let write = queue.row(&state)?;
    Ok(sqs.queues.submit(vec![write]))
}
