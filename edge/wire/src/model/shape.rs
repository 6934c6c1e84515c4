//! Shapes, members and operations as the codec uses them, and their compact text form.

use serde::{Deserialize, Serialize};

/// What kind of value a shape is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
pub(crate) enum Kind {
    #[default]
    #[serde(rename = "S")]
    Structure,
    #[serde(rename = "L")]
    List,
    #[serde(rename = "M")]
    Map,
    #[serde(rename = "s")]
    String,
    #[serde(rename = "i")]
    Integer,
    #[serde(rename = "l")]
    Long,
    #[serde(rename = "f")]
    Float,
    #[serde(rename = "b")]
    Boolean,
    #[serde(rename = "t")]
    Timestamp,
    #[serde(rename = "B")]
    Blob,
    /// A free-form JSON value.
    #[serde(rename = "D")]
    Document,
}

/// Where a member travels when not in the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Location {
    #[serde(rename = "u")]
    Uri,
    #[serde(rename = "q")]
    Query,
    #[serde(rename = "h")]
    Header,
    /// Every header that begins with the member's wire name.
    #[serde(rename = "p")]
    HeaderPrefix,
    #[serde(rename = "c")]
    Status,
}

/// How a timestamp is spelled on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum TimeFormat {
    #[serde(rename = "i")]
    Iso8601,
    #[serde(rename = "r")]
    HttpDate,
    #[serde(rename = "e")]
    Epoch,
}

/// An XML namespace declaration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Namespace {
    #[serde(rename = "u")]
    pub uri: String,
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
}

/// A reference to a shape: a structure's member, a list's item, a map's key or value, an operation's input or output.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Member {
    /// The model's name; empty for items, keys and values.
    #[serde(rename = "n", default, skip_serializing_if = "is_default")]
    pub name: String,
    /// The index of the shape.
    #[serde(rename = "s")]
    pub shape: u32,
    /// `locationName`.
    #[serde(rename = "w", default, skip_serializing_if = "is_default")]
    pub wire: Option<String>,
    /// `queryName`.
    #[serde(rename = "q", default, skip_serializing_if = "is_default")]
    pub query: Option<String>,
    #[serde(rename = "l", default, skip_serializing_if = "is_default")]
    pub location: Option<Location>,
    #[serde(rename = "r", default, skip_serializing_if = "is_default")]
    pub required: bool,
    #[serde(rename = "f", default, skip_serializing_if = "is_default")]
    pub flattened: bool,
    #[serde(rename = "a", default, skip_serializing_if = "is_default")]
    pub attribute: bool,
    /// JSON in a string or, in a header, JSON in base64.
    #[serde(rename = "j", default, skip_serializing_if = "is_default")]
    pub json_value: bool,
    #[serde(rename = "x", default, skip_serializing_if = "is_default")]
    pub namespace: Option<Namespace>,
    #[serde(rename = "t", default, skip_serializing_if = "is_default")]
    pub time: Option<TimeFormat>,
}

impl Member {
    /// The element, key or header name: `locationName`, otherwise the member's own.
    pub(crate) fn wire(&self) -> &str {
        self.wire.as_deref().unwrap_or(&self.name)
    }
    /// The name in the query protocol, where it differs.
    pub(crate) fn in_query(&self) -> &str {
        self.query.as_deref().unwrap_or_else(|| self.wire())
    }
    /// The name of an item, key or value, which has none of its own.
    pub(crate) fn wire_or<'a>(&'a self, default: &'a str) -> &'a str {
        self.wire.as_deref().unwrap_or(default)
    }
}

/// How an exception goes over the wire.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct ErrorTraits {
    #[serde(rename = "c", default, skip_serializing_if = "is_default")]
    pub code: Option<String>,
    #[serde(rename = "s", default, skip_serializing_if = "is_default")]
    pub status: Option<u16>,
    /// The service's fault, not the caller's.
    #[serde(rename = "f", default, skip_serializing_if = "is_default")]
    pub fault: bool,
}

/// One shape of a model.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Shape {
    #[serde(skip)]
    pub name: String,
    #[serde(rename = "k")]
    pub kind: Kind,
    #[serde(rename = "m", default, skip_serializing_if = "is_default")]
    pub members: Vec<Member>,
    /// A list's item, a map's value.
    #[serde(rename = "i", default, skip_serializing_if = "is_default")]
    pub item: Option<Box<Member>>,
    #[serde(rename = "y", default, skip_serializing_if = "is_default")]
    pub key: Option<Box<Member>>,
    #[serde(rename = "f", default, skip_serializing_if = "is_default")]
    pub flattened: bool,
    #[serde(rename = "w", default, skip_serializing_if = "is_default")]
    pub wire: Option<String>,
    #[serde(rename = "x", default, skip_serializing_if = "is_default")]
    pub namespace: Option<Namespace>,
    #[serde(rename = "t", default, skip_serializing_if = "is_default")]
    pub time: Option<TimeFormat>,
    #[serde(rename = "e", default, skip_serializing_if = "is_default")]
    pub values: Vec<String>,
    #[serde(rename = "n", default, skip_serializing_if = "is_default")]
    pub min: Option<i64>,
    #[serde(rename = "z", default, skip_serializing_if = "is_default")]
    pub max: Option<i64>,
    /// The member that is the whole body.
    #[serde(rename = "p", default, skip_serializing_if = "is_default")]
    pub payload: Option<String>,
    #[serde(rename = "u", default, skip_serializing_if = "is_default")]
    pub union: bool,
    /// Present on exceptions.
    #[serde(rename = "E", default, skip_serializing_if = "is_default")]
    pub error: Option<ErrorTraits>,
}

impl Shape {
    pub(crate) fn member(&self, name: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.name == name)
    }
    pub(crate) fn payload_member(&self) -> Option<&Member> {
        self.member(self.payload.as_deref()?)
    }
}

/// One operation of a model.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Op {
    #[serde(skip)]
    pub name: String,
    #[serde(rename = "m")]
    pub method: String,
    #[serde(rename = "u")]
    pub uri: String,
    #[serde(rename = "c", default, skip_serializing_if = "is_default")]
    pub status: Option<u16>,
    #[serde(rename = "i", default, skip_serializing_if = "is_default")]
    pub input: Option<Member>,
    #[serde(rename = "o", default, skip_serializing_if = "is_default")]
    pub output: Option<Member>,
    #[serde(rename = "w", default, skip_serializing_if = "is_default")]
    pub wrapper: Option<String>,
    /// An older twin, which yields to the newer operation of the same path.
    #[serde(rename = "d", default, skip_serializing_if = "is_default")]
    pub deprecated: bool,
}

/// What a service says about itself.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Metadata {
    pub service: String,
    pub signing: String,
    pub protocols: Vec<String>,
    pub version: String,
    #[serde(default, skip_serializing_if = "is_default")]
    pub json: Option<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub target: Option<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub namespace: Option<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub query_compatible: bool,
    pub title: String,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
