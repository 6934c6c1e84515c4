//! What a sender gives, checked: body, attributes, group, deduplication id, delay.

use crate::queue::{Attribute, Content, Group};
use crate::refuse;
use crate::settings::Settings;
use postern_call::Refusal;
use postern_kit::Input;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// A message that may be sent.
#[derive(Debug)]
pub struct Outgoing {
    pub content: Content,
    /// Seconds; `None`: the queue's.
    pub delay: Option<i64>,
    /// Under what its repetition is recognized, in a FIFO queue.
    pub dedup_key: Option<String>,
    /// Bytes, attributes included.
    pub size: usize,
}

const ATTRIBUTES_MAX: usize = 10;
const OF_OTHER_TYPE: &str = "The request include parameter that is not valid for this queue type.";

/// Reads a message for a queue of these settings. `sender` is the id that receivers are told, `id` the message's own.
pub fn read(input: Input<'_>, settings: &Settings, sender: &str, id: String) -> Result<Outgoing, Refusal> {
    let body =
        input.text("MessageBody").filter(|body| !body.is_empty()).ok_or_else(|| refuse::missing("MessageBody"))?;
    if let Some(unfit) = body.chars().find(|c| !is_allowed(*c)) {
        let message = format!(
            "Invalid binary character '{:#X}' was found in the message body, the set of allowed characters is #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF",
            u32::from(unfit)
        );
        return Err(Refusal::new("InvalidMessageContents", message));
    }
    let attributes = attributes(input, "MessageAttributes")?;
    let trace = attributes_of(input, "MessageSystemAttributes")?.remove("AWSTraceHeader");
    if trace.as_ref().is_some_and(|trace| trace.data_type != "String") {
        return Err(refuse::parameter("Message system attribute 'AWSTraceHeader' must be of type 'String'."));
    }
    let size = body.len() + attributes.iter().map(|(name, a)| name.len() + attribute_size(a)).sum::<usize>();
    if size > settings.largest {
        return Err(refuse::parameter(format!(
            "One or more parameters are invalid. Reason: Message must be shorter than {} bytes.",
            settings.largest
        )));
    }
    let delay = input.number("DelaySeconds");
    if let Some(delay) = delay {
        if settings.fifo && delay != 0 {
            return Err(refuse::value(&delay.to_string(), "DelaySeconds", OF_OTHER_TYPE));
        }
        if !(0..=900).contains(&delay) {
            return Err(refuse::value(&delay.to_string(), "DelaySeconds", "DelaySeconds must be >= 0 and <= 900."));
        }
    }
    let group = id_of(input, "MessageGroupId")?;
    let dedup = id_of(input, "MessageDeduplicationId")?;
    if settings.fifo && group.is_none() {
        return Err(refuse::missing("MessageGroupId"));
    }
    if !settings.fifo
        && let Some(given) = dedup
    {
        return Err(refuse::value(given, "MessageDeduplicationId", OF_OTHER_TYPE));
    }
    let dedup = match dedup {
        Some(given) => Some(given.to_owned()),
        None if settings.fifo && settings.content_dedup => Some(hex::encode(Sha256::digest(body.as_bytes()))),
        None if settings.fifo => {
            return Err(refuse::parameter(
                "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
            ));
        }
        None => None,
    };
    let dedup_key = dedup.as_ref().map(|dedup| match group.filter(|_| settings.dedup_by_group) {
        Some(group) => format!("{group} {dedup}"),
        None => dedup.clone(),
    });
    let content = Content {
        id,
        body: body.to_owned(),
        attributes,
        trace,
        sender: sender.to_owned(),
        group: group.map(Group::new),
        dedup,
        source: None,
    };
    Ok(Outgoing { content, delay: if settings.fifo { None } else { delay }, dedup_key, size })
}

/// The characters of XML.
fn is_allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

fn id_of<'a>(input: Input<'a>, member: &str) -> Result<Option<&'a str>, Refusal> {
    let Some(given) = input.text(member) else { return Ok(None) };
    let fits = !given.is_empty() && given.len() <= 128 && given.bytes().all(|b| b.is_ascii_graphic());
    if !fits {
        let reason = format!("{member} can only include alphanumeric and punctuation characters. 1 to 128 in length.");
        return Err(refuse::value(given, member, &reason));
    }
    Ok(Some(given))
}

fn attribute_size(attribute: &Attribute) -> usize {
    // Three bytes for four letters of base64.
    let value = if attribute.is_binary() { attribute.value.len() / 4 * 3 } else { attribute.value.len() };
    attribute.data_type.len() + value
}

fn attributes(input: Input<'_>, member: &str) -> Result<BTreeMap<String, Attribute>, Refusal> {
    let found = attributes_of(input, member)?;
    if found.len() > ATTRIBUTES_MAX {
        return Err(refuse::parameter(format!(
            "Number of message attributes [{}] exceeds the allowed maximum [{ATTRIBUTES_MAX}].",
            found.len()
        )));
    }
    for name in found.keys() {
        let reserved = ["aws.", "amazon."].iter().any(|head| name.to_ascii_lowercase().starts_with(head));
        let letters = name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
        if name.is_empty()
            || name.len() > 256
            || !letters
            || name.starts_with('.')
            || name.ends_with('.')
            || name.contains("..")
            || reserved
        {
            return Err(refuse::parameter(format!("The message attribute name '{name}' is invalid.")).hint(
                "1 to 256 letters, digits, hyphens, underscores and single dots inside; AWS. and Amazon. are reserved",
            ));
        }
    }
    Ok(found)
}

fn attributes_of(input: Input<'_>, member: &str) -> Result<BTreeMap<String, Attribute>, Refusal> {
    let Some(given) = input.get(member).and_then(|value| value.as_object()) else { return Ok(BTreeMap::new()) };
    given.iter().map(|(name, value)| Ok((name.clone(), attribute(name, Input(value))?))).collect()
}

fn attribute(name: &str, given: Input<'_>) -> Result<Attribute, Refusal> {
    if !given.list("StringListValues").is_empty() || !given.list("BinaryListValues").is_empty() {
        return Err(refuse::unsupported("Message attribute list values in SendMessage operation are not supported."));
    }
    let data_type = given.text("DataType").unwrap_or_default();
    let value = match data_type.split('.').next() {
        Some("String" | "Number") => given.text("StringValue"),
        Some("Binary") => given.text("BinaryValue"),
        _ => {
            return Err(refuse::parameter(format!(
                "The message attribute '{name}' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String."
            )));
        }
    };
    let empty = || {
        let plain = data_type.split('.').next().unwrap_or_default();
        refuse::parameter(format!(
            "The message attribute '{name}' must contain a non-empty message attribute value for message attribute type '{plain}'."
        ))
    };
    let value = value.filter(|value| !value.is_empty()).ok_or_else(empty)?;
    if data_type.starts_with("Number") && value.trim().parse::<f64>().map_or(true, |number| !number.is_finite()) {
        return Err(refuse::parameter(format!(
            "Can't cast the value of message (user) attribute '{name}' to a number."
        )));
    }
    if let Some(unfit) = value.chars().find(|c| !is_allowed(*c)) {
        let message = format!(
            "Invalid binary character '{:#X}' was found in the message attribute '{name}' value.",
            u32::from(unfit)
        );
        return Err(Refusal::new("InvalidMessageContents", message));
    }
    Ok(Attribute { data_type: data_type.to_owned(), value: value.to_owned() })
}
