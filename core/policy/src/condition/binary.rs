//! BinaryEquals: the bytes behind two base64 texts are the same.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A policy value of `BinaryEquals`.
#[derive(Debug, Clone)]
pub struct Bytes(Vec<u8>);

impl Bytes {
    pub fn parse(text: &str) -> Option<Self> {
        STANDARD.decode(text).ok().map(Self)
    }
    pub fn matches(&self, found: &str) -> bool {
        STANDARD.decode(found).is_ok_and(|bytes| bytes == self.0)
    }
}
