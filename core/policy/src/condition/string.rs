//! StringEquals, StringEqualsIgnoreCase, StringLike and their negations.

use crate::key::Lookup;
use crate::pattern::{Meaning, Pattern};

/// How two strings are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    Exact,
    IgnoringCase,
    /// Case counts; `*` and `?` are wildcards.
    Like,
}

/// A policy value of a string operator.
#[derive(Debug, Clone)]
pub struct Text {
    comparison: Comparison,
    pattern: Pattern,
}

impl Text {
    pub fn parse(text: &str, comparison: Comparison, variables: bool) -> Self {
        let meaning = Meaning { wildcards: comparison == Comparison::Like, variables };
        Self { comparison, pattern: Pattern::new(text, meaning) }
    }

    pub fn matches(&self, found: &str, keys: &impl Lookup) -> bool {
        match self.comparison {
            Comparison::Exact | Comparison::Like => self.pattern.matches(found, keys),
            Comparison::IgnoringCase => {
                self.pattern.filled(keys).is_some_and(|wanted| wanted.to_lowercase() == found.to_lowercase())
            }
        }
    }
}
