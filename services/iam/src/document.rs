//! A policy document as the state keeps it: text on disk, parsed in memory.

use postern_policy::Document;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::sync::Arc;

/// A parsed document that is stored as its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doc(pub Arc<Document>);

impl Doc {
    pub fn new(document: Document) -> Self {
        Self(Arc::new(document))
    }
    pub fn text(&self) -> &str {
        self.0.text()
    }
    /// As IAM's replies carry it: percent-encoded after RFC 3986.
    pub fn encoded(&self) -> String {
        percent_encoding::utf8_percent_encode(self.text(), ENCODED).to_string()
    }
    /// Characters without white space: what IAM's size limits count.
    pub fn size(&self) -> usize {
        self.text().chars().filter(|c| !c.is_whitespace()).count()
    }
}

/// Everything but the unreserved characters.
const ENCODED: &percent_encoding::AsciiSet =
    &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

impl Serialize for Doc {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.text())
    }
}
impl<'de> Deserialize<'de> for Doc {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Document::parse(&text).map(Self::new).map_err(serde::de::Error::custom)
    }
}
