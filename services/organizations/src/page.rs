//! Lists in pages: 20 entries at most, the next page begins behind the last key given.

use crate::input::Input;
use crate::refuse;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use postern_call::Refusal;
use serde_json::{Map, Value};

const MOST: usize = 20;

/// The reply's list `member`, from entries with their keys in the order of the list.
pub fn page(input: Input<'_>, member: &str, entries: Vec<(String, Value)>) -> Result<Value, Refusal> {
    let most = input.number("MaxResults").and_then(|n| usize::try_from(n).ok()).unwrap_or(MOST).clamp(1, MOST);
    let begin = match input.text("NextToken") {
        None => 0,
        Some(token) => {
            let wrong = || refuse::invalid("INVALID_NEXT_TOKEN", "You provided a NextToken that is not valid.");
            let last = URL_SAFE_NO_PAD.decode(token).ok().and_then(|b| String::from_utf8(b).ok()).ok_or_else(wrong)?;
            entries.iter().position(|(key, _)| *key == last).ok_or_else(wrong)? + 1
        }
    };
    let more = entries.len() > begin + most;
    let mut shown: Vec<(String, Value)> = entries.into_iter().skip(begin).take(most).collect();
    let mut reply = Map::new();
    if let Some((key, _)) = shown.last().filter(|_| more) {
        reply.insert("NextToken".into(), URL_SAFE_NO_PAD.encode(key).into());
    }
    reply.insert(member.to_owned(), shown.drain(..).map(|(_, value)| value).collect());
    Ok(Value::Object(reply))
}
