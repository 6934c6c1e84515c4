//! Reading a filter policy, with AWS's words for what is wrong.

use super::condition::{Compare, Condition, Text};
use super::{Node, Rule};
use serde_json::{Map, Value};

/// Names at the top of a policy.
const NAMES_MAX: usize = 5;
/// Values multiplied over all names.
const COMBINATIONS_MAX: usize = 150;

pub fn policy(text: &str, by_body: bool) -> Result<Node, String> {
    let read: Value = serde_json::from_str(text).map_err(|_| "FilterPolicy: failed to parse JSON.".to_owned())?;
    let members = read.as_object().ok_or("FilterPolicy: Filter policy must be an object")?;
    if members.len() > NAMES_MAX {
        return Err("FilterPolicy: Filter policy can not have more than 5 keys".into());
    }
    let mut combinations = 1;
    let node = node(members, by_body, &mut combinations)?;
    if combinations > COMBINATIONS_MAX {
        return Err("FilterPolicy: Filter policy is too complex".into());
    }
    Ok(node)
}

fn node(members: &Map<String, Value>, by_body: bool, combinations: &mut usize) -> Result<Node, String> {
    let mut read = Node::default();
    for (name, value) in members {
        match value {
            Value::Array(given) if name == "$or" && given.len() > 1 && given.iter().all(Value::is_object) => {
                let nodes = given.iter().filter_map(Value::as_object).map(|one| node(one, by_body, combinations));
                read.either.push(nodes.collect::<Result<_, _>>()?);
            }
            Value::Array(given) if given.is_empty() => {
                return Err("FilterPolicy: Empty arrays are not allowed".into());
            }
            Value::Array(given) => {
                *combinations = combinations.saturating_mul(given.len());
                let conditions = given.iter().map(condition).collect::<Result<_, _>>()?;
                read.members.push((name.clone(), Rule::Any(conditions)));
            }
            Value::Object(given) if by_body => {
                read.members.push((name.clone(), Rule::Within(node(given, by_body, combinations)?)));
            }
            Value::Object(_) => {
                return Err(
                    "Filter Policy: Filter policy scope MessageAttributes does not support nested filter policy".into(),
                );
            }
            _ => return Err(format!("FilterPolicy: \"{name}\" must be an object or an array")),
        }
    }
    Ok(read)
}

fn condition(given: &Value) -> Result<Condition, String> {
    let members = match given {
        Value::Object(members) => members,
        Value::Array(_) => {
            return Err("FilterPolicy: Match value must be String, number, true, false, or null".into());
        }
        scalar => return Ok(Condition::Equals(scalar.clone())),
    };
    let (Some((word, value)), 1) = (members.iter().next(), members.len()) else {
        return Err("FilterPolicy: Only one key allowed in match expression".into());
    };
    match (word.as_str(), value) {
        ("exists", Value::Bool(wanted)) => Ok(Condition::Exists(*wanted)),
        ("exists", _) => Err("FilterPolicy: exists match pattern must be either true or false.".into()),
        ("numeric", Value::Array(given)) => numeric(given),
        ("numeric", _) => Err("FilterPolicy: Value of numeric must be an array.".into()),
        ("cidr", Value::String(range)) => range
            .parse()
            .map(Condition::Within)
            .map_err(|_| "FilterPolicy: Nested/malformed CIDR, one '/' required".to_owned()),
        ("anything-but", value) => anything_but(value),
        (_, value) => match text(word, value) {
            Some(found) => found.map(Condition::Text),
            None => Err(format!("FilterPolicy: Unrecognized match type {word}")),
        },
    }
}

/// `None`: the word means no comparison of texts.
fn text(word: &str, value: &Value) -> Option<Result<Text, String>> {
    let make: fn(&str) -> Text = match word {
        "prefix" => |text| Text::Prefix(text.to_owned()),
        "suffix" => |text| Text::Suffix(text.to_owned()),
        "equals-ignore-case" => |text| Text::Like(text.to_lowercase()),
        "wildcard" => |text| Text::Wildcard(text.split('*').map(str::to_owned).collect()),
        _ => return None,
    };
    Some(match value.as_str() {
        Some("") if word != "equals-ignore-case" => Err(format!("FilterPolicy: Null or empty {word} match")),
        Some(text) => Ok(make(text)),
        None => Err(format!("FilterPolicy: {word} match pattern must be a string")),
    })
}

fn anything_but(value: &Value) -> Result<Condition, String> {
    let plain = |value: &Value| value.is_string() || value.is_number();
    match value {
        Value::Array(unwanted) if !unwanted.is_empty() && unwanted.iter().all(plain) => {
            Ok(Condition::AnythingBut(unwanted.clone()))
        }
        Value::Object(members) if members.len() == 1 => {
            let (word, value) = members.iter().next().ok_or("FilterPolicy: Empty anything-but")?;
            let all = value.as_array().map_or_else(|| std::slice::from_ref(value), Vec::as_slice);
            let read = all.iter().map(|one| {
                text(word, one).unwrap_or_else(|| Err("FilterPolicy: Unsupported anything-but pattern".to_owned()))
            });
            Ok(Condition::AnythingButText(read.collect::<Result<_, _>>()?))
        }
        value if plain(value) => Ok(Condition::AnythingBut(vec![value.clone()])),
        _ => Err("FilterPolicy: Inside anything but list, either all values are number or string, mixed type is not supported".into()),
    }
}

fn numeric(given: &[Value]) -> Result<Condition, String> {
    let bound = |pair: &[Value]| {
        let compare = pair.first().and_then(Value::as_str).and_then(Compare::read).ok_or_else(|| {
            format!("FilterPolicy: Unrecognized numeric range operator: {}", pair.first().unwrap_or(&Value::Null))
        })?;
        let number =
            pair.get(1).and_then(Value::as_f64).ok_or("FilterPolicy: Value of numeric range must be numeric")?;
        Ok((compare, number))
    };
    let bounds: Vec<(Compare, f64)> = given.chunks(2).map(bound).collect::<Result<_, String>>()?;
    match bounds.as_slice() {
        [_] => {}
        [(Compare::More | Compare::AtLeast, low), (Compare::Less | Compare::AtMost, high)] if low < high => {}
        [(Compare::More | Compare::AtLeast, _), (Compare::Less | Compare::AtMost, _)] => {
            return Err("FilterPolicy: Bottom must be less than top".into());
        }
        _ => return Err("FilterPolicy: Invalid member in numeric match".into()),
    }
    Ok(Condition::Numeric(bounds))
}
