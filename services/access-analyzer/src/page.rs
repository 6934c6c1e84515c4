//! Long answers in pages. The token is the place where the next page begins: the policy comes along with each request.

use postern_call::Refusal;
use serde_json::{Value, json};

/// The page of `items` that a request asks for, under `name`.
pub fn page(name: &str, items: Vec<Value>, input: &Value) -> Result<Value, Refusal> {
    let start = match input.get("nextToken").and_then(Value::as_str) {
        None => 0,
        Some(token) => token
            .parse::<usize>()
            .ok()
            .filter(|start| *start < items.len())
            .ok_or_else(|| crate::validate::invalid("The nextToken is not one that this policy has had."))?,
    };
    let most = match input.get("maxResults").map(Value::as_u64) {
        None => items.len(),
        Some(Some(most @ 1..)) => usize::try_from(most).unwrap_or(usize::MAX),
        Some(_) => return Err(crate::validate::invalid("maxResults must be at least 1.")),
    };
    let end = start.saturating_add(most).min(items.len());
    let more = (end < items.len()).then(|| end.to_string());
    let shown: Vec<Value> = items.into_iter().skip(start).take(end.saturating_sub(start)).collect();
    let mut answer = json!({ name: shown });
    if let (Some(more), Some(members)) = (more, answer.as_object_mut()) {
        members.insert("nextToken".into(), json!(more));
    }
    Ok(answer)
}
