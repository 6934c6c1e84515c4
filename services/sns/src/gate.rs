//! The question to the gate: the topic's ARN, its tags and its policy.

use crate::state::Topic;
use postern_call::{Call, Refusal};
use postern_kit::{Question, resource_tag_keys};
use postern_policy::{Document, Judge, Keys};
use postern_serve::Guarded;
use std::sync::Arc;

/// May the caller do this to a topic?
pub fn ask(judge: &dyn Judge, call: &Call, action: &str, topic: &Topic, mut keys: Keys) -> Result<(), Refusal> {
    resource_tag_keys(&topic.tags, &mut keys);
    let policy = topic.policy.as_ref().map(|policy| Arc::clone(&policy.0)).or_else(|| first(topic));
    let (arn, account) = (topic.arn(), Some(topic.account));
    Question { service: "sns", action, resource: &arn, account, policy: policy.as_deref(), keys }.put(judge, call)
}

/// A topic with its policy and its tags.
pub fn guarded(topic: &Topic) -> Option<Guarded> {
    let mut keys = Keys::new();
    resource_tag_keys(&topic.tags, &mut keys);
    let policy = topic.policy.as_ref().map(|policy| Arc::clone(&policy.0)).or_else(|| first(topic));
    Some(Guarded { account: topic.account, policy, keys, shut: None })
}

/// The same for what is about no topic.
pub fn ask_without_topic(judge: &dyn Judge, call: &Call, action: &str) -> Result<(), Refusal> {
    let account = call.caller.account();
    Question { service: "sns", action, resource: "*", account, policy: None, keys: Keys::new() }.put(judge, call)
}

fn first(topic: &Topic) -> Option<Arc<Document>> {
    match Document::parse(&topic.policy_text()) {
        Ok(document) => Some(Arc::new(document)),
        Err(error) => {
            tracing::error!(%error, "the policy that topics begin with");
            None
        }
    }
}
