//! A condition key's name, looked up once when its policy is read.

use crate::Keys;
use crate::context::JUDGED;

/// A name in lower case, and its place among the keys that the judge fills in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyName {
    lower: String,
    judged: Option<usize>,
}

impl KeyName {
    pub fn new(name: &str) -> Self {
        let lower = name.to_lowercase();
        let judged = JUDGED.iter().position(|(known, ..)| *known == lower);
        Self { lower, judged }
    }
    pub fn lower(&self) -> &str {
        &self.lower
    }
    /// The place in [`JUDGED`].
    pub fn judged(&self) -> Option<usize> {
        self.judged
    }
}

/// Where conditions and variables find their values.
pub trait Lookup {
    /// The values of the key, if the request has it.
    fn look_up(&self, key: &KeyName) -> Option<&[String]>;
}

impl Lookup for Keys {
    fn look_up(&self, key: &KeyName) -> Option<&[String]> {
        self.get(key.lower()).map(Vec::as_slice)
    }
}

/// Fills no variable: for elements that can have none.
pub struct NoKeys;

impl Lookup for NoKeys {
    fn look_up(&self, _: &KeyName) -> Option<&[String]> {
        None
    }
}
