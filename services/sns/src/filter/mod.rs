//! Filter policies: which messages a subscription is to have.

mod condition;
mod read;
#[cfg(test)]
mod tests;

use condition::Condition;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A filter policy, read; kept as its text.
#[derive(Debug, Clone)]
pub struct Filter {
    text: String,
    all: Node,
}

/// Members that all must match, and alternatives of which one must.
#[derive(Debug, Clone, Default)]
struct Node {
    members: Vec<(String, Rule)>,
    either: Vec<Vec<Node>>,
}

#[derive(Debug, Clone)]
enum Rule {
    /// One of these must hold for one of the values.
    Any(Vec<Condition>),
    /// The value is an object for which this holds.
    Within(Node),
}

impl Filter {
    /// Reads a policy. The error is AWS's sentence behind its opening.
    pub fn parse(text: &str, by_body: bool) -> Result<Self, String> {
        Ok(Self { text: text.to_owned(), all: read::policy(text, by_body)? })
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether a message with these values passes: its attributes as one object (arrays for `String.Array`), or its body.
    pub fn passes(&self, message: &Value) -> bool {
        self.all.holds(&[message])
    }
}

impl Node {
    /// `here`: the objects that may match, one of which must do so whole.
    fn holds(&self, here: &[&Value]) -> bool {
        let members = self.members.iter().all(|(name, rule)| {
            let values: Vec<&Value> = here.iter().filter_map(|value| value.get(name)).flat_map(spread).collect();
            match rule {
                Rule::Any(conditions) => conditions.iter().any(|condition| condition.holds(&values)),
                Rule::Within(node) if values.is_empty() => node.holds(&[]),
                Rule::Within(node) => values.iter().any(|value| node.holds(&[value])),
            }
        });
        members && self.either.iter().all(|nodes| nodes.iter().any(|node| node.holds(here)))
    }
}

/// The elements of an array, of arrays within too; anything else is its own only one.
fn spread(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().flat_map(spread).collect(),
        other => vec![other],
    }
}

impl Serialize for Filter {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.text)
    }
}
impl<'de> Deserialize<'de> for Filter {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        // What a body's policy may be includes what one of attributes may be.
        Self::parse(&text, true).map_err(serde::de::Error::custom)
    }
}
