//! What a publisher gives, checked: message, subject, structure, attributes, group and deduplication id.

use crate::refuse;
use crate::state::Topic;
use postern_call::Refusal;
use postern_kit::Input;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// A message that may be published.
#[derive(Debug, Clone)]
pub struct Outgoing {
    pub id: String,
    pub message: String,
    /// Other texts for some protocols.
    by_protocol: BTreeMap<String, String>,
    pub subject: Option<String>,
    pub attributes: BTreeMap<String, Attribute>,
    pub group: Option<String>,
    pub dedup: Option<String>,
    /// Under what its repetition is recognized, in a FIFO topic.
    pub dedup_key: Option<String>,
    /// Bytes, attributes included.
    pub size: usize,
}

/// A message attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// `String`, `String.Array`, `Number`, `Binary`.
    pub data_type: String,
    /// The text; for binary values base64.
    pub value: String,
}

/// The largest message, attributes included, and the largest batch.
pub const LARGEST: usize = 262_144;
const SUBJECT_MAX: usize = 100;

/// Reads a message for a topic.
pub fn read(input: Input<'_>, topic: &Topic, id: String) -> Result<Outgoing, Refusal> {
    let given = input.text("Message").filter(|message| !message.is_empty());
    let given = given.ok_or_else(|| refuse::parameter("Empty message"))?;
    let (message, by_protocol) = match input.text("MessageStructure").filter(|structure| !structure.is_empty()) {
        None => (given.to_owned(), BTreeMap::new()),
        Some("json") => texts(given)?,
        Some(_) => return Err(refuse::parameter("MessageStructure Reason: Invalid message structure, must be json")),
    };
    let subject = input.text("Subject").map(str::to_owned);
    if let Some(subject) = &subject {
        let begins = subject.chars().next().is_some_and(|c| c.is_ascii_graphic());
        if !begins || subject.chars().count() > SUBJECT_MAX || subject.chars().any(char::is_control) {
            return Err(refuse::parameter("Subject"));
        }
    }
    let attributes = attributes(input)?;
    let held = |(name, one): (&String, &Attribute)| name.len() + one.data_type.len() + one.value.len();
    let size = given.len() + attributes.iter().map(held).sum::<usize>();
    if size > LARGEST {
        return Err(refuse::parameter("Message too long"));
    }
    let (group, dedup, dedup_key) = order(input, topic, given)?;
    Ok(Outgoing { id, message, by_protocol, subject, attributes, group, dedup, dedup_key, size })
}

/// The default text and the others of a message that may have one for each protocol.
fn texts(given: &str) -> Result<(String, BTreeMap<String, String>), Refusal> {
    let wrong = |why: &str| refuse::parameter(format!("Message Structure - {why}"));
    let read: Value = serde_json::from_str(given).map_err(|_| wrong("JSON message body failed to parse"))?;
    let texts = read.as_object().ok_or_else(|| wrong("JSON message body failed to parse"))?;
    let default = texts.get("default").and_then(Value::as_str);
    let default = default.ok_or_else(|| wrong("No default entry in JSON message body"))?.to_owned();
    let known = |(protocol, text): (&String, &Value)| Some((protocol.clone(), text.as_str()?.to_owned()));
    Ok((default, texts.iter().filter_map(known).collect()))
}

type Order = (Option<String>, Option<String>, Option<String>);

/// Group, deduplication id, and the key of its repetitions.
fn order(input: Input<'_>, topic: &Topic, message: &str) -> Result<Order, Refusal> {
    let id = |member: &str| match input.text(member) {
        Some(given) if given.is_empty() || given.len() > 128 || !given.bytes().all(|b| b.is_ascii_graphic()) => {
            Err(refuse::parameter(format!(
                "{member} Reason: {member} can only include alphanumeric and punctuation characters. 1 to 128 in length"
            )))
        }
        given => Ok(given.map(str::to_owned)),
    };
    let (group, dedup) = (id("MessageGroupId")?, id("MessageDeduplicationId")?);
    if !topic.is_fifo() {
        if dedup.is_some() {
            let why = "The request includes MessageDeduplicationId parameter that is not valid for this topic type";
            return Err(refuse::parameter(format!("MessageDeduplicationId Reason: {why}")));
        }
        return Ok((group, None, None));
    }
    let Some(group) = group else {
        let why = "The MessageGroupId parameter is required for FIFO topics";
        return Err(refuse::parameter(why));
    };
    let dedup = match dedup {
        Some(given) => given,
        None if topic.content_dedup => hex::encode(Sha256::digest(message.as_bytes())),
        None => {
            let why = "The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly";
            return Err(refuse::parameter(why));
        }
    };
    let scope = if topic.dedup_by_group { format!("{group} ") } else { String::new() };
    let key = format!("{} {scope}{dedup}", topic.arn());
    Ok((Some(group), Some(dedup), Some(key)))
}

fn attributes(input: Input<'_>) -> Result<BTreeMap<String, Attribute>, Refusal> {
    let given = input.get("MessageAttributes").and_then(Value::as_object);
    given.into_iter().flatten().map(|(name, value)| Ok((name.clone(), attribute(name, Input(value))?))).collect()
}

fn attribute(name: &str, given: Input<'_>) -> Result<Attribute, Refusal> {
    let letters = name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
    if name.is_empty() || name.len() > 256 || !letters || name.starts_with('.') || name.ends_with('.') {
        return Err(value(format!("The message attribute name '{name}' is invalid.")));
    }
    let data_type = given.text("DataType").unwrap_or_default();
    let found = match data_type {
        "Binary" => given.text("BinaryValue"),
        "String" | "String.Array" | "Number" => given.text("StringValue"),
        other if other.starts_with("String.") || other.starts_with("Number.") => given.text("StringValue"),
        other if other.starts_with("Binary.") => given.text("BinaryValue"),
        _ => {
            return Err(value(format!(
                "The message attribute '{name}' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String."
            )));
        }
    };
    let plain = data_type.split('.').next().unwrap_or_default();
    let found = found.filter(|text| !text.is_empty()).ok_or_else(|| {
        value(format!("The message attribute '{name}' must contain non-empty message attribute value for message attribute type '{plain}'."))
    })?;
    if plain == "Number" && found.trim().parse::<f64>().map_or(true, |number| !number.is_finite()) {
        return Err(value(format!("Could not cast message attribute '{name}' value to number.")));
    }
    if data_type == "String.Array" && !matches!(serde_json::from_str(found), Ok(Value::Array(_))) {
        return Err(value(format!("The message attribute '{name}' of type String.Array must be a JSON array.")));
    }
    Ok(Attribute { data_type: data_type.to_owned(), value: found.to_owned() })
}

/// SNS has a code of its own for attributes.
fn value(message: String) -> Refusal {
    Refusal::new("ParameterValueInvalid", message)
}

impl Outgoing {
    /// The text for a protocol.
    pub fn text(&self, protocol: &str) -> &str {
        self.by_protocol.get(protocol).unwrap_or(&self.message)
    }

    /// The attributes as filter policies see them.
    pub fn for_filters(&self) -> Value {
        let seen = |(name, one): (&String, &Attribute)| {
            let value = match one.data_type.as_str() {
                "String.Array" => serde_json::from_str(&one.value).unwrap_or(Value::Null),
                "Binary" => return None,
                kind if kind.starts_with("Number") => {
                    serde_json::from_str(&one.value).unwrap_or_else(|_| json!(one.value))
                }
                _ => json!(one.value),
            };
            Some((name.clone(), value))
        };
        Value::Object(self.attributes.iter().filter_map(seen).collect::<Map<_, _>>())
    }

    /// The attributes as SendMessage takes them.
    pub fn for_queue(&self) -> Value {
        let shown = |(name, one): (&String, &Attribute)| {
            let member = if one.data_type.starts_with("Binary") { "BinaryValue" } else { "StringValue" };
            (name.clone(), json!({ "DataType": one.data_type, member: one.value }))
        };
        Value::Object(self.attributes.iter().map(shown).collect())
    }
}
