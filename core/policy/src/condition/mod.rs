//! The `Condition` element: one file per family of operators, and here how operators, keys and values combine.
//!
//! Several values of a key are alternatives (for negated operators: none may match); several keys and operators must
//! all hold. A key that the request lacks fails a positive operator and passes a negated one.

mod address;
mod arn;
mod binary;
mod boolean;
mod date;
mod existence;
mod numeric;
mod string;

use crate::json::Json;
use crate::key::{KeyName, Lookup};
use std::cmp::Ordering;

/// One operator with one key: the smallest thing that holds or does not.
#[derive(Debug, Clone)]
pub struct Condition {
    /// As the policy spells it: `ForAnyValue:StringLikeIfExists`.
    pub operator: String,
    /// As the policy spells it.
    pub key: String,
    /// The policy's values as strings.
    pub values: Vec<String>,
    name: KeyName,
    set: Option<Set>,
    if_exists: bool,
    negated: bool,
    wanted: Vec<Wanted>,
}

/// How the values of a multivalued key count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Set {
    All,
    Any,
}

/// One policy value, made ready for its operator.
#[derive(Debug, Clone)]
enum Wanted {
    Text(string::Text),
    Number(numeric::Number),
    Moment(date::Moment),
    Truth(boolean::Truth),
    Bytes(binary::Bytes),
    Range(address::Range),
    Arn(arn::Pattern),
    Absent(existence::Absent),
}

/// What an operator's word stands for, without prefix and suffix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    Text(string::Comparison),
    Number(Compared),
    Moment(Compared),
    Truth,
    Bytes,
    Range,
    Arn,
    Absent,
}

/// Which order of found value and policy value is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Compared {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Compared {
    fn accepts(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order == Ordering::Equal,
            Self::Less => order == Ordering::Less,
            Self::LessOrEqual => order != Ordering::Greater,
            Self::Greater => order == Ordering::Greater,
            Self::GreaterOrEqual => order != Ordering::Less,
        }
    }
}

impl Condition {
    /// Reads the whole element: `{operator: {key: values}}`. The error names operator and key.
    pub fn parse_all(element: &Json, variables: bool) -> Result<Vec<Self>, String> {
        let Json::Map(operators) = element else {
            return Err("Syntax errors in policy: Condition is no object.".into());
        };
        let mut conditions = Vec::new();
        for (operator, keys) in operators {
            let Json::Map(keys) = keys else {
                return Err(format!("Syntax errors in policy: the condition {operator} is no object."));
            };
            for (key, values) in keys {
                conditions.push(Self::parse(operator, key, values, variables)?);
            }
        }
        Ok(conditions)
    }

    fn parse(operator: &str, key: &str, values: &Json, variables: bool) -> Result<Self, String> {
        let unknown = || format!("Invalid Condition type : {operator}.");
        let (set, word) = match operator.split_once(':') {
            None => (None, operator),
            Some(("ForAllValues", word)) => (Some(Set::All), word),
            Some(("ForAnyValue", word)) => (Some(Set::Any), word),
            Some(_) => return Err(unknown()),
        };
        let (word, if_exists) = match word.strip_suffix("IfExists") {
            Some(word) => (word, true),
            None => (word, false),
        };
        let (family, negated) = family_of(word).ok_or_else(unknown)?;
        if family == Family::Absent && (if_exists || set.is_some()) {
            return Err(unknown());
        }
        if !key.contains(':') {
            return Err("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.".to_owned()
                + &format!(" The condition key {key} has none."));
        }
        let mut texts = Vec::new();
        let mut wanted = Vec::new();
        for value in values.items() {
            let text = value
                .scalar()
                .ok_or_else(|| format!("Syntax errors in policy: a value of {key} in {operator} is no scalar."))?;
            wanted.push(Wanted::parse(family, &text, variables).ok_or_else(|| {
                format!("The policy failed legacy parsing: {text:?} is no value for {operator} ({key}).")
            })?);
            texts.push(text);
        }
        Ok(Self {
            operator: operator.to_owned(),
            key: key.to_owned(),
            values: texts,
            name: KeyName::new(key),
            set,
            if_exists,
            negated,
            wanted,
        })
    }

    /// Whether it holds for a request with these keys.
    pub(crate) fn holds(&self, keys: &impl Lookup) -> bool {
        let found = self.found(keys);
        if let Some(Wanted::Absent(_)) = self.wanted.first() {
            return self.wanted.iter().any(|wanted| matches!(wanted, Wanted::Absent(a) if a.agrees(found.is_none())));
        }
        let passes = |value: &String| self.wanted.iter().any(|wanted| wanted.matches(value, keys)) != self.negated;
        match (found, self.set) {
            (None, Some(Set::All)) => true,
            (None, Some(Set::Any)) => self.if_exists,
            (None, None) => self.if_exists || self.negated,
            (Some(values), Some(Set::All)) => values.iter().all(passes),
            (Some(values), Some(Set::Any)) => values.iter().any(passes),
            // AWS leaves this case open for several values; read as "some value matches", and its opposite.
            (Some(values), None) if self.negated => values.iter().all(passes),
            (Some(values), None) => values.iter().any(passes),
        }
    }

    /// The request's values of the key; an empty set is an absent key.
    pub(crate) fn found<'k>(&self, keys: &'k impl Lookup) -> Option<&'k [String]> {
        keys.look_up(&self.name).filter(|values| !values.is_empty())
    }

    /// The key in lower case.
    pub fn lower_key(&self) -> &str {
        self.name.lower()
    }

    /// Whether the operator is of the negated kind (`StringNotEquals`, `NotIpAddress`).
    pub fn negated(&self) -> bool {
        self.negated
    }
}

/// Whether there is an operator of this word, without prefix and suffix.
pub(crate) fn is_operator(word: &str) -> bool {
    family_of(word).is_some()
}

/// Whether a value is of the type that the operator compares.
pub(crate) fn takes(word: &str, value: &Json) -> bool {
    let text = value.scalar();
    family_of(word).zip(text).is_some_and(|((family, _), text)| Wanted::parse(family, &text, true).is_some())
}

impl Wanted {
    fn parse(family: Family, text: &str, variables: bool) -> Option<Self> {
        Some(match family {
            Family::Text(comparison) => Self::Text(string::Text::parse(text, comparison, variables)),
            Family::Number(compared) => Self::Number(numeric::Number::parse(text, compared)?),
            Family::Moment(compared) => Self::Moment(date::Moment::parse(text, compared)?),
            Family::Truth => Self::Truth(boolean::Truth::parse(text)?),
            Family::Bytes => Self::Bytes(binary::Bytes::parse(text)?),
            Family::Range => Self::Range(address::Range::parse(text)?),
            Family::Arn => Self::Arn(arn::Pattern::parse(text, variables)?),
            Family::Absent => Self::Absent(existence::Absent::parse(text)?),
        })
    }

    fn matches(&self, found: &str, keys: &impl Lookup) -> bool {
        match self {
            Self::Text(text) => text.matches(found, keys),
            Self::Number(number) => number.matches(found),
            Self::Moment(moment) => moment.matches(found),
            Self::Truth(truth) => truth.matches(found),
            Self::Bytes(bytes) => bytes.matches(found),
            Self::Range(range) => range.matches(found),
            Self::Arn(pattern) => pattern.matches(found, keys),
            Self::Absent(_) => false,
        }
    }
}

/// The family of a bare operator word, and whether it is negated.
fn family_of(word: &str) -> Option<(Family, bool)> {
    use string::Comparison::{Exact, IgnoringCase, Like};
    let compared = |word: &str| {
        Some(match word {
            "Equals" => (Compared::Equal, false),
            "NotEquals" => (Compared::Equal, true),
            "LessThan" => (Compared::Less, false),
            "LessThanEquals" => (Compared::LessOrEqual, false),
            "GreaterThan" => (Compared::Greater, false),
            "GreaterThanEquals" => (Compared::GreaterOrEqual, false),
            _ => return None,
        })
    };
    Some(match word {
        "StringEquals" => (Family::Text(Exact), false),
        "StringNotEquals" => (Family::Text(Exact), true),
        "StringEqualsIgnoreCase" => (Family::Text(IgnoringCase), false),
        "StringNotEqualsIgnoreCase" => (Family::Text(IgnoringCase), true),
        "StringLike" => (Family::Text(Like), false),
        "StringNotLike" => (Family::Text(Like), true),
        "Bool" => (Family::Truth, false),
        "BinaryEquals" => (Family::Bytes, false),
        "IpAddress" => (Family::Range, false),
        "NotIpAddress" => (Family::Range, true),
        "ArnEquals" | "ArnLike" => (Family::Arn, false),
        "ArnNotEquals" | "ArnNotLike" => (Family::Arn, true),
        "Null" => (Family::Absent, false),
        _ => {
            if let Some(rest) = word.strip_prefix("Numeric") {
                let (order, negated) = compared(rest)?;
                (Family::Number(order), negated)
            } else {
                let (order, negated) = compared(word.strip_prefix("Date")?)?;
                (Family::Moment(order), negated)
            }
        }
    })
}

#[cfg(test)]
mod tests;
