//! IAM's pages: `MaxItems`, `Marker`, `IsTruncated`.

use crate::input::Input;
use crate::refuse;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use postern_call::Refusal;
use serde_json::{Value, json};

const ITEMS_DEFAULT: i64 = 100;
const ITEMS_MAX: i64 = 1000;

/// One page of a list under `member`. The items carry the keys they are sorted by, each its own; the marker is the
/// last key given, so that a list may change between two pages.
pub fn page(input: Input<'_>, member: &str, mut items: Vec<(String, Value)>) -> Result<Value, Refusal> {
    let max = input.bounded("MaxItems", 1, ITEMS_MAX)?.unwrap_or(ITEMS_DEFAULT);
    items.sort_by(|(a, _), (b, _)| a.cmp(b));
    if let Some(marker) = input.text("Marker") {
        let last = read_marker(marker)?;
        items.retain(|(key, _)| *key > last);
    }
    let max = usize::try_from(max).unwrap_or(usize::MAX);
    let truncated = items.len() > max;
    items.truncate(max);
    let marker = items.last().filter(|_| truncated).map(|(key, _)| URL_SAFE_NO_PAD.encode(key));
    let values: Vec<Value> = items.into_iter().map(|(_, value)| value).collect();
    let mut reply = json!({ member: values, "IsTruncated": truncated });
    if let (Some(marker), Some(reply)) = (marker, reply.as_object_mut()) {
        reply.insert("Marker".into(), json!(marker));
    }
    Ok(reply)
}

fn read_marker(marker: &str) -> Result<String, Refusal> {
    let bytes = URL_SAFE_NO_PAD.decode(marker).ok();
    bytes.and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(|| refuse::invalid("Invalid Marker."))
}
