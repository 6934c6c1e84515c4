//! An output to be written, in either of its forms, seen as one: each protocol's writer exists once.

use postern_call::Answer;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, map};
use std::fmt;
use std::slice;
use time::OffsetDateTime;

/// A value within an output. Made from either form by `into()`.
#[derive(Clone, Copy)]
pub enum Node<'a> {
    Json(&'a Value),
    /// Never [`Answer::Whole`] when made by `into()`.
    Lean(&'a Answer),
}

impl<'a> From<&'a Value> for Node<'a> {
    fn from(value: &'a Value) -> Self {
        Node::Json(value)
    }
}

impl<'a> From<&'a Answer> for Node<'a> {
    fn from(answer: &'a Answer) -> Self {
        match answer {
            Answer::Whole(value) => Node::Json(value),
            lean => Node::Lean(lean),
        }
    }
}

impl<'a> Node<'a> {
    pub(crate) fn is_null(self) -> bool {
        matches!(self, Node::Json(Value::Null))
    }
    pub(crate) fn as_str(self) -> Option<&'a str> {
        match self {
            Node::Json(value) => value.as_str(),
            Node::Lean(Answer::Text(text)) => Some(text),
            Node::Lean(Answer::Word(word)) => Some(word),
            Node::Lean(_) => None,
        }
    }
    pub(crate) fn as_i64(self) -> Option<i64> {
        match self {
            Node::Json(value) => value.as_i64(),
            Node::Lean(Answer::Number(number)) => Some(*number),
            Node::Lean(_) => None,
        }
    }
    pub(crate) fn as_f64(self) -> Option<f64> {
        match self {
            Node::Json(value) => value.as_f64(),
            Node::Lean(Answer::Number(number)) => Some(*number as f64),
            Node::Lean(_) => None,
        }
    }
    pub(crate) fn as_bool(self) -> Option<bool> {
        match self {
            Node::Json(value) => value.as_bool(),
            Node::Lean(Answer::Flag(flag)) => Some(*flag),
            Node::Lean(_) => None,
        }
    }
    /// A time that is not text.
    pub(crate) fn as_time(self) -> Option<OffsetDateTime> {
        match self {
            Node::Lean(Answer::Time(time)) => Some(*time),
            _ => None,
        }
    }
    /// The items of a list.
    pub(crate) fn items(self) -> Option<Items<'a>> {
        match self {
            Node::Json(value) => value.as_array().map(|items| Items::Json(items.iter())),
            Node::Lean(Answer::List(items)) => Some(Items::Lean(items.iter())),
            Node::Lean(_) => None,
        }
    }
    /// The members of a structure, the entries of a map.
    pub(crate) fn entries(self) -> Option<Entries<'a>> {
        match self {
            Node::Json(value) => value.as_object().map(Map::iter).map(Entries::Json),
            Node::Lean(Answer::Members(members)) => Some(Entries::Lean(members.iter())),
            Node::Lean(_) => None,
        }
    }
    /// The member of this name.
    pub(crate) fn get(self, name: &str) -> Option<Node<'a>> {
        match self {
            Node::Json(value) => value.get(name).map(Node::Json),
            lean => lean.entries()?.find(|(found, _)| *found == name).map(|(_, node)| node),
        }
    }
}

/// As JSON has it, for messages.
impl fmt::Display for Node<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Node::Json(value) => value.fmt(f),
            Node::Lean(answer) => answer.to_value().fmt(f),
        }
    }
}

impl Serialize for Node<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Node::Json(value) => value.serialize(serializer),
            Node::Lean(answer) => answer.to_value().serialize(serializer),
        }
    }
}

#[derive(Clone)]
pub(crate) enum Items<'a> {
    Json(slice::Iter<'a, Value>),
    Lean(slice::Iter<'a, Answer>),
}

impl<'a> Iterator for Items<'a> {
    type Item = Node<'a>;
    fn next(&mut self) -> Option<Node<'a>> {
        match self {
            Items::Json(items) => items.next().map(Node::from),
            Items::Lean(items) => items.next().map(Node::from),
        }
    }
    fn size_hint(&self) -> (usize, Option<usize>) {
        match self {
            Items::Json(items) => items.size_hint(),
            Items::Lean(items) => items.size_hint(),
        }
    }
}
impl ExactSizeIterator for Items<'_> {}

pub(crate) enum Entries<'a> {
    Json(map::Iter<'a>),
    Lean(slice::Iter<'a, (&'static str, Answer)>),
}

impl<'a> Iterator for Entries<'a> {
    type Item = (&'a str, Node<'a>);
    fn next(&mut self) -> Option<(&'a str, Node<'a>)> {
        match self {
            Entries::Json(entries) => entries.next().map(|(name, value)| (name.as_str(), Node::from(value))),
            Entries::Lean(members) => members.next().map(|(name, answer)| (*name, Node::from(answer))),
        }
    }
    fn size_hint(&self) -> (usize, Option<usize>) {
        match self {
            Entries::Json(entries) => entries.size_hint(),
            Entries::Lean(members) => members.size_hint(),
        }
    }
}
impl ExactSizeIterator for Entries<'_> {}
