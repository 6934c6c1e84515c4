//! JSON as policies need it: members in the writer's order, and a member named twice is an error, not a silent loss.

use crate::spanned::{Node, SyntaxError, Value};

/// A JSON value. Numbers keep the text that a condition compares.
#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Json>),
    Map(Vec<(String, Json)>),
}

impl Json {
    /// Reads a text.
    pub(crate) fn read(text: &str) -> Result<Self, SyntaxError> {
        Node::read(text).map(Self::from)
    }
    /// The list's items, or the value itself as the only one: policies let a list of one stand without brackets.
    pub fn items(&self) -> &[Json] {
        match self {
            Json::List(items) => items,
            other => std::slice::from_ref(other),
        }
    }
    pub fn text(&self) -> Option<&str> {
        match self {
            Json::Text(text) => Some(text),
            _ => None,
        }
    }
    /// The text of a scalar as a condition value: numbers and booleans become strings.
    pub fn scalar(&self) -> Option<String> {
        match self {
            Json::Text(text) | Json::Number(text) => Some(text.clone()),
            Json::Bool(truth) => Some(truth.to_string()),
            _ => None,
        }
    }
}

impl From<Node> for Json {
    fn from(node: Node) -> Self {
        match node.value {
            Value::Null => Self::Null,
            Value::Bool(truth) => Self::Bool(truth),
            Value::Number(text) => Self::Number(text),
            Value::Text(text) => Self::Text(text),
            Value::List(items) => Self::List(items.into_iter().map(Self::from).collect()),
            Value::Map(members) => Self::Map(members.into_iter().map(|m| (m.name, Self::from(m.node))).collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_given_twice_is_an_error() {
        assert!(Json::read(r#"{"a":1,"b":2}"#).is_ok());
        assert!(Json::read(r#"{"a":1,"a":2}"#).unwrap_err().reason.contains("`a` is given twice"));
    }

    #[test]
    fn numbers_and_booleans_become_strings() {
        let Json::Map(members) = Json::read(r#"{"a":[10,1.5,true,"x"]}"#).unwrap() else { panic!("a map") };
        let texts: Vec<String> = members[0].1.items().iter().filter_map(Json::scalar).collect();
        assert_eq!(texts, ["10", "1.5", "true", "x"]);
    }
}
