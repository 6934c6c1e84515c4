//! The question to the gate: the queue's ARN, its tags, and its policy where that counts.

use crate::name::Name;
use crate::queues::Queue;
use postern_call::{Call, Refusal};
use postern_kit::{Question, resource_tag_keys};
use postern_policy::{Judge, Keys};
use std::borrow::Cow;

/// Actions that a queue's policy cannot give to other accounts.
const OWNERS_ONLY: &[&str] = &[
    "AddPermission",
    "CancelMessageMoveTask",
    "CreateQueue",
    "DeleteQueue",
    "ListMessageMoveTasks",
    "ListQueueTags",
    "ListQueues",
    "RemovePermission",
    "SetQueueAttributes",
    "StartMessageMoveTask",
    "TagQueue",
    "UntagQueue",
];

/// May the caller do this to the queue of this name? `queue`: the queue itself, if it is there.
pub fn ask(
    judge: &dyn Judge,
    call: &Call,
    action: &str,
    name: &Name,
    queue: Option<&Queue>,
    mut keys: Keys,
) -> Result<(), Refusal> {
    let policy = queue.and_then(|queue| {
        let state = queue.lock();
        resource_tag_keys(&state.row.tags, &mut keys);
        state.row.settings.policy.clone()
    });
    let counts = call.caller.account() == Some(name.account) || !OWNERS_ONLY.contains(&action);
    let policy = policy.as_ref().filter(|_| counts).map(|policy| &*policy.0);
    let arn = queue.map_or_else(|| Cow::Owned(name.arn()), |queue| Cow::Borrowed(queue.arn.as_str()));
    Question { service: "sqs", action, resource: &arn, account: Some(name.account), policy, keys }.put(judge, call)
}

/// The same for an action that is about no queue in particular.
pub fn ask_without_queue(judge: &dyn Judge, call: &Call, action: &str) -> Result<(), Refusal> {
    let account = call.caller.account();
    Question { service: "sqs", action, resource: "*", account, policy: None, keys: Keys::new() }.put(judge, call)
}
