//! Condition operators and their values: words that are no operators, values of another type.

use super::keys::Holds;
use super::view::{Condition, Policy};
use crate::condition;
use crate::json::Json;

/// How the values of a multivalued key count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Set {
    All,
    Any,
}

/// An operator's word taken apart.
#[derive(Debug, Clone, Copy)]
pub struct Operator {
    pub set: Option<Set>,
    pub if_exists: bool,
    pub negated: bool,
    /// `Null` has no type: `None`.
    pub holds: Option<Holds>,
    pub is_like: bool,
}

impl Operator {
    /// `None`: there is no such operator. Suffix and prefix of `Null` are read too, to be told apart.
    pub fn read(text: &str) -> Option<Self> {
        let (set, word) = match text.split_once(':') {
            None => (None, text),
            Some(("ForAllValues", word)) => (Some(Set::All), word),
            Some(("ForAnyValue", word)) => (Some(Set::Any), word),
            Some(_) => return None,
        };
        let (word, if_exists) = word.strip_suffix("IfExists").map_or((word, false), |word| (word, true));
        let holds = match word {
            "Null" => None,
            "Bool" => Some(Holds::Truth),
            "IpAddress" | "NotIpAddress" => Some(Holds::Address),
            "ArnEquals" | "ArnLike" | "ArnNotEquals" | "ArnNotLike" => Some(Holds::Arn),
            "BinaryEquals" => Some(Holds::Text),
            _ if !condition::is_operator(word) => return None,
            _ if word.starts_with("Numeric") => Some(Holds::Number),
            _ if word.starts_with("Date") => Some(Holds::Moment),
            _ => Some(Holds::Text),
        };
        let is_like = word.ends_with("Like") || word.starts_with("Arn");
        Some(Self { set, if_exists, negated: word.contains("Not"), holds, is_like })
    }
}

pub fn check(policy: &mut Policy<'_>) {
    for statement in policy.each() {
        for condition in &statement.conditions {
            match condition.reading {
                None => {
                    let details = format!("The condition operator {} does not exist.", condition.operator);
                    policy.error("INVALID_CONDITION_OPERATOR", &condition.operator_spot, details);
                }
                Some(operator) => values(policy, condition, operator),
            }
        }
    }
}

fn values(policy: &mut Policy<'_>, condition: &Condition<'_>, operator: Operator) {
    let at = &condition.operator_spot;
    if operator.holds.is_none() {
        if operator.if_exists {
            policy.error(
                "NULL_WITH_IF_EXISTS",
                at,
                "Null asks whether the key is there; IfExists cannot stand with it.",
            );
        }
        if operator.set.is_some() {
            policy.suggestion("NULL_WITH_QUALIFIER", at, "Null needs no ForAllValues or ForAnyValue. Remove it.");
        }
    }
    if condition.values.is_empty() {
        let details = format!("{} lists no values for {}.", condition.operator, condition.key);
        policy.suggestion("EMPTY_ARRAY_CONDITION", &condition.key_spot, details);
    }
    let word = condition.operator.rsplit(':').next().unwrap_or_default();
    let word = word.strip_suffix("IfExists").unwrap_or(word);
    if matches!(operator.holds, None | Some(Holds::Truth)) && condition.values.len() > 1 {
        let details = format!("{word} takes one value; with both, it says nothing.");
        policy.error("INVALID_CONDITION_MULTIPLE_BOOLEAN", &condition.key_spot, details);
    }
    for (value, spot) in &condition.values {
        if value.contains("${") || condition::takes(word, &Json::Text(value.clone())) {
            continue;
        }
        let wanted = match operator.holds {
            None | Some(Holds::Truth) => "true or false",
            Some(Holds::Number) => "a number",
            Some(Holds::Moment) => "a date such as 2026-01-31T00:00:00Z",
            Some(Holds::Address) => "an address or a range such as 203.0.113.0/24",
            Some(Holds::Arn) => "an ARN with six fields",
            Some(Holds::Text) => "base64",
        };
        let details = format!("{value} is no value for {word}, which takes {wanted}.");
        if operator.holds == Some(Holds::Moment) {
            policy.warning("INVALID_DATE_VALUE", spot, details);
        } else {
            policy.error("INVALID_CONDITION_DATA_TYPE", spot, details);
        }
    }
}
