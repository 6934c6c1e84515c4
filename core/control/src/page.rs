//! Pages of a long answer.

use crate::Request;
use postern_call::Refusal;
use serde_json::{Map, Value};

/// The part of a long list that a call asks for.
pub struct Page {
    /// The place of its first item.
    pub start: usize,
    pub length: usize,
    /// The token of the page behind it, if there is one.
    pub next: Option<String>,
}

impl Page {
    /// The asked page of a list of `count` items. A token is the place of the page's first item; `MaxResults` is checked
    /// against `least..=most`.
    pub fn of(request: &Request<'_>, count: usize, least: i64, most: i64) -> Result<Page, Refusal> {
        let size = match request.number("MaxResults") {
            None => usize::MAX,
            Some(n) if n < least => {
                return Err(Refusal::new(
                    "InvalidParameterValue",
                    format!(
                        "Value ( {n} ) for parameter maxResults is invalid. Expecting a value greater than {least}."
                    ),
                ));
            }
            Some(n) => usize::try_from(n.min(most)).unwrap_or(usize::MAX),
        };
        let start = match request.text("NextToken").filter(|t| !t.is_empty()) {
            None => 0,
            Some(token) => read_token(token).ok_or_else(invalid_token)?,
        };
        if start > count {
            return Err(invalid_token());
        }
        let end = start.saturating_add(size).min(count);
        Ok(Page { start, length: end - start, next: (end < count).then(|| write_token(end)) })
    }
}

/// The reply of a Describe call: the items of the asked page under `member`, and `NextToken` if more follow.
pub fn page(request: &Request<'_>, member: &str, items: Vec<Value>, least: i64, most: i64) -> Result<Value, Refusal> {
    let page = Page::of(request, items.len(), least, most)?;
    let mut reply = Map::new();
    reply.insert(member.to_owned(), items.into_iter().skip(page.start).take(page.length).collect());
    if let Some(token) = page.next {
        reply.insert("NextToken".to_owned(), Value::from(token));
    }
    Ok(Value::Object(reply))
}

fn invalid_token() -> Refusal {
    Refusal::new("InvalidNextToken", "The token is invalid or has expired.")
}

fn write_token(place: usize) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(format!("place:{place}"))
}

fn read_token(token: &str) -> Option<usize> {
    use base64::Engine;
    let bytes = base64::engine::general_purpose::STANDARD.decode(token).ok()?;
    std::str::from_utf8(&bytes).ok()?.strip_prefix("place:")?.parse().ok()
}
