//! Filter patterns: terms, conditions on JSON, conditions on fields between spaces.
//!
//! Which of the three is told by the first character, as in AWS: `{`, `[`, or anything else.

mod json;
mod operand;
mod reader;
mod space;
mod terms;
#[cfg(test)]
mod tests;

use crate::refuse;
use json::Json;
use postern_call::Refusal;
use space::Fields;
use terms::Terms;

#[derive(Debug)]
pub enum Pattern {
    /// The empty pattern.
    Everything,
    Terms(Terms),
    Json(Json),
    Fields(Fields),
}

impl Pattern {
    /// Reads a pattern; `InvalidParameterException` for what is none.
    pub fn read(given: &str) -> Result<Self, Refusal> {
        let text = given.trim();
        let read = match text.chars().next() {
            None => return Ok(Self::Everything),
            Some('{') => json::read(text).map(Self::Json),
            Some('[') => space::read(text).map(Self::Fields),
            Some(_) => terms::read(text).map(Self::Terms),
        };
        read.map_err(|wrong| match wrong {
            Wrong::Term(term) => {
                let refusal = refuse::invalid(format!("Invalid character(s) in term '{term}'"));
                refusal.hint("a term with other characters than letters, digits and _ stands between double quotes")
            }
            Wrong::Grammar(what) => refuse::invalid("Invalid filter pattern").hint(what),
        })
    }

    pub fn matches(&self, message: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::Terms(terms) => terms.matches(message),
            Self::Json(json) => json.matches(message),
            Self::Fields(fields) => fields.matches(message),
        }
    }

    /// What the pattern's names stand for in a message that it takes.
    pub fn values(&self, message: &str) -> Vec<(String, String)> {
        match self {
            Self::Everything | Self::Terms(_) => Vec::new(),
            Self::Json(json) => json.values(message),
            Self::Fields(fields) => fields.values(message),
        }
    }
}

/// What is wrong with a pattern.
#[derive(Debug)]
pub enum Wrong {
    /// A term with characters that only quotes allow.
    Term(String),
    /// For people: what was expected.
    Grammar(String),
}

fn expected(what: &str) -> Wrong {
    Wrong::Grammar(format!("the pattern should have {what}"))
}
