//! What all batches have in common: one to ten entries with ids of their own, each with its own outcome.

use crate::refuse;
use postern_call::Refusal;
use postern_kit::Input;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const ENTRIES_MAX: usize = 10;

/// The entries of a batch with their ids. `shape` is an entry's name in AWS's sentence.
pub fn entries<'a>(input: Input<'a>, shape: &str) -> Result<Vec<(&'a str, Input<'a>)>, Refusal> {
    let given = input.list("Entries");
    if given.is_empty() {
        let message = format!("There should be at least one {shape} in the request.");
        return Err(Refusal::new("EmptyBatchRequest", message));
    }
    if given.len() > ENTRIES_MAX {
        let message =
            format!("Maximum number of entries per request are {ENTRIES_MAX}. You have sent {}.", given.len());
        return Err(Refusal::new("TooManyEntriesInBatchRequest", message));
    }
    let (mut entries, mut seen) = (Vec::with_capacity(given.len()), BTreeSet::new());
    for entry in given {
        let id = Input(entry).text("Id").ok_or_else(|| refuse::missing("Id"))?;
        let letters = id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        if id.is_empty() || id.len() > 80 || !letters {
            let message = "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.";
            return Err(Refusal::new("InvalidBatchEntryId", message));
        }
        if !seen.insert(id) {
            return Err(Refusal::new("BatchEntryIdsNotDistinct", format!("Id {id} repeated.")));
        }
        entries.push((id, Input(entry)));
    }
    Ok(entries)
}

/// An entry that failed.
pub fn failed(id: &str, refusal: &Refusal) -> Value {
    json!({ "Id": id, "SenderFault": refusal.status < 500, "Code": refusal.code, "Message": refusal.message })
}

/// The reply: what succeeded and what failed.
pub fn reply(successful: Vec<Value>, failed: Vec<Value>) -> Value {
    json!({ "Successful": successful, "Failed": failed })
}

/// The reply of a batch whose successes have nothing to tell.
pub fn plain_reply(ids: &[&str], results: &[Result<(), Refusal>]) -> Value {
    let (mut successful, mut broken) = (Vec::new(), Vec::new());
    for (id, result) in ids.iter().zip(results) {
        match result {
            Ok(()) => successful.push(json!({ "Id": id })),
            Err(refusal) => broken.push(failed(id, refusal)),
        }
    }
    reply(successful, broken)
}
