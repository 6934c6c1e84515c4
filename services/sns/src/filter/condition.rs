//! One condition of a filter policy on the values of one name.

use ipnet::IpNet;
use serde_json::Value;
use std::net::IpAddr;

#[derive(Debug, Clone)]
pub enum Condition {
    /// A string, number, boolean or null.
    Equals(Value),
    Exists(bool),
    Text(Text),
    /// A value that is none of these.
    AnythingBut(Vec<Value>),
    AnythingButText(Vec<Text>),
    Numeric(Vec<(Compare, f64)>),
    Within(IpNet),
}

#[derive(Debug, Clone)]
pub enum Text {
    Prefix(String),
    Suffix(String),
    /// In lower case.
    Like(String),
    /// Parts between the stars.
    Wildcard(Vec<String>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compare {
    Equal,
    Less,
    AtMost,
    More,
    AtLeast,
}

impl Condition {
    pub fn holds(&self, values: &[&Value]) -> bool {
        match self {
            Self::Exists(wanted) => values.is_empty() != *wanted,
            _ => values.iter().any(|value| self.holds_for(value)),
        }
    }

    fn holds_for(&self, value: &Value) -> bool {
        let text = value.as_str();
        match self {
            Self::Equals(wanted) => same(wanted, value),
            Self::Exists(wanted) => *wanted,
            Self::Text(wanted) => text.is_some_and(|text| wanted.holds(text)),
            Self::AnythingBut(unwanted) => !unwanted.iter().any(|one| same(one, value)),
            Self::AnythingButText(unwanted) => text.is_some_and(|text| !unwanted.iter().any(|one| one.holds(text))),
            Self::Numeric(bounds) => {
                value.as_f64().is_some_and(|number| bounds.iter().all(|(compare, bound)| compare.holds(number, *bound)))
            }
            Self::Within(range) => {
                text.and_then(|text| text.parse::<IpAddr>().ok()).is_some_and(|address| range.contains(&address))
            }
        }
    }
}

/// Numbers are the same by their value, `1` and `1.0` too.
fn same(one: &Value, other: &Value) -> bool {
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => one == other,
        _ => one == other,
    }
}

impl Compare {
    pub fn read(word: &str) -> Option<Self> {
        Some(match word {
            "=" => Self::Equal,
            "<" => Self::Less,
            "<=" => Self::AtMost,
            ">" => Self::More,
            ">=" => Self::AtLeast,
            _ => return None,
        })
    }

    fn holds(self, number: f64, bound: f64) -> bool {
        match self {
            Self::Equal => number == bound,
            Self::Less => number < bound,
            Self::AtMost => number <= bound,
            Self::More => number > bound,
            Self::AtLeast => number >= bound,
        }
    }
}

impl Text {
    fn holds(&self, text: &str) -> bool {
        match self {
            Self::Prefix(prefix) => text.starts_with(prefix),
            Self::Suffix(suffix) => text.ends_with(suffix),
            Self::Like(lower) => text.to_lowercase() == *lower,
            Self::Wildcard(parts) => wildcard(parts, text),
        }
    }
}

/// The first part begins the text, the last ends it, and those between follow one another.
fn wildcard(parts: &[String], text: &str) -> bool {
    let (Some((first, rest)), true) = (parts.split_first(), parts.len() > 1) else {
        return parts.first().is_some_and(|only| only == text);
    };
    let Some(mut left) = text.strip_prefix(first.as_str()) else { return false };
    let Some((last, between)) = rest.split_last() else { return left.is_empty() };
    for part in between {
        match left.find(part.as_str()) {
            Some(at) => left = left.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    left.ends_with(last.as_str())
}
