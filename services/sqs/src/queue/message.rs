//! One message: what was sent, which never changes, and how it stands.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Milliseconds since 1970.
pub type Millis = i64;

/// A message attribute's value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribute {
    /// `String`, `Number`, `Binary`, each with a label of the sender's behind a dot if it wants one.
    #[serde(rename = "t")]
    pub data_type: String,
    /// The text; for binary values base64.
    #[serde(rename = "v")]
    pub value: String,
}

impl Attribute {
    pub fn is_binary(&self) -> bool {
        self.data_type.split('.').next() == Some("Binary")
    }
}

/// A message group's id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Group(Arc<str>);

impl Group {
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
impl Serialize for Group {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.0)
    }
}
impl<'de> Deserialize<'de> for Group {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d).map(|text| Self(text.into()))
    }
}

/// What was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// UUID.
    #[serde(rename = "i")]
    pub id: String,
    #[serde(rename = "b")]
    pub body: String,
    #[serde(rename = "a", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, Attribute>,
    /// The sender's trace header.
    #[serde(rename = "x", default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<Attribute>,
    /// `SenderId`: the sender's unique id.
    #[serde(rename = "s")]
    pub sender: String,
    #[serde(rename = "g", default, skip_serializing_if = "Option::is_none")]
    pub group: Option<Group>,
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    pub dedup: Option<String>,
    /// In a dead-letter queue: the ARN of the queue that it came from.
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// How a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    #[serde(rename = "s")]
    pub sent: Millis,
    /// It can be received from here on.
    #[serde(rename = "v")]
    pub visible: Millis,
    /// How often it was received, in all queues that it was in.
    #[serde(rename = "n", default)]
    pub receives: u32,
    /// How often it was received in this queue.
    #[serde(rename = "h", default)]
    pub receives_here: u32,
    #[serde(rename = "f", default)]
    pub first_received: Option<Millis>,
}

impl Standing {
    /// As just sent.
    pub fn new(sent: Millis, visible: Millis) -> Self {
        Self { sent, visible, receives: 0, receives_here: 0, first_received: None }
    }
}

/// Where a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Ready,
    Delayed,
    InFlight,
}

/// A message in a queue.
#[derive(Debug, Clone)]
pub struct Held {
    pub content: Arc<Content>,
    pub standing: Standing,
    pub place: Place,
}
