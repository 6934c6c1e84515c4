//! TagQueue, UntagQueue, ListQueueTags.

use super::nothing;
use crate::queues::durable;
use crate::refuse;
use crate::service::Sqs;
use postern_call::{Call, Refusal};
use postern_kit::{Input, Tags, merge_tags, request_tag_keys};
use postern_policy::Keys;
use serde_json::{Map, Value, json};

const TAGS_MAX: usize = 50;

pub async fn add(sqs: &Sqs, call: &Call) -> Result<Value, Refusal> {
    let given = Input(&call.input).map("Tags");
    let mut keys = Keys::new();
    request_tag_keys(given.iter().copied(), &mut keys);
    let queue = sqs.queue_with(call, "TagQueue", keys)?;
    let given: Tags = given.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    let pending = {
        let mut state = queue.open()?;
        let mut tags = state.row.tags.clone();
        merge_tags(&mut tags, given);
        check(&tags)?;
        state.row.tags = tags;
        let write = queue.row(&state)?;
        sqs.queues.submit(vec![write])
    };
    durable(pending).await?;
    nothing()
}

pub async fn remove(sqs: &Sqs, call: &Call) -> Result<Value, Refusal> {
    let gone = Input(&call.input).texts("TagKeys");
    let mut keys = Keys::new();
    if !gone.is_empty() {
        keys.insert("aws:tagkeys".into(), gone.iter().map(|key| (*key).to_owned()).collect());
    }
    let queue = sqs.queue_with(call, "UntagQueue", keys)?;
    let pending = {
        let mut state = queue.open()?;
        state.row.tags.retain(|(key, _)| !gone.contains(&key.as_str()));
        let write = queue.row(&state)?;
        sqs.queues.submit(vec![write])
    };
    durable(pending).await?;
    nothing()
}

pub fn list(sqs: &Sqs, call: &Call) -> Result<Value, Refusal> {
    let queue = sqs.queue(call, "ListQueueTags")?;
    let state = queue.open()?;
    let tags: Map<String, Value> = state.row.tags.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
    Ok(if tags.is_empty() { json!({}) } else { json!({ "Tags": tags }) })
}

/// At most fifty; keys of 1 to 128 characters, values of up to 256; `aws:` is AWS's own.
pub fn check(tags: &Tags) -> Result<(), Refusal> {
    if tags.len() > TAGS_MAX {
        return Err(refuse::parameter("Too many tags added for queue.").hint(format!("a queue has up to {TAGS_MAX}")));
    }
    for (key, value) in tags {
        if key.is_empty() || key.chars().count() > 128 || value.chars().count() > 256 {
            return Err(refuse::parameter(
                "Tag keys must be between 1 and 128 characters in length, tag values up to 256.",
            ));
        }
        if key.get(..4).is_some_and(|head| head.eq_ignore_ascii_case("aws:")) {
            return Err(refuse::parameter("Tag keys that start with 'aws:' are reserved for system use."));
        }
    }
    Ok(())
}
