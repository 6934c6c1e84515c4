//! Resources, conditions and patterns, compared as their texts.

use postern_policy::Keys;
use serde_json::Value;
use std::cmp::Ordering;
use std::net::IpAddr;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

pub fn resource_fits(wanted: &str, asked: &str, variables: bool, keys: &Keys) -> bool {
    if wanted == "*" {
        return true;
    }
    let wanted = arn_fields(wanted);
    let asked: Vec<&str> = asked.splitn(6, ':').collect();
    asked.len() == 6
        && (0..6).all(|i| {
            let field = wanted.get(i).copied().unwrap_or("*");
            let filled = if variables && i == 5 { fill(field, keys, true) } else { Some(field.to_owned()) };
            filled.is_some_and(|field| glob(&field, asked[i]))
        })
}

pub fn conditions_hold(element: &Value, variables: bool, keys: &Keys) -> bool {
    let operators = element.as_object().into_iter().flatten();
    let mut pairs = operators.flat_map(|(op, keys)| keys.as_object().into_iter().flatten().map(move |pair| (op, pair)));
    pairs.all(|(operator, (key, wanted))| {
        let found = keys.get(&key.to_lowercase()).cloned().unwrap_or_default();
        condition_holds(operator, &strings(wanted), &found, variables, keys)
    })
}

fn condition_holds(operator: &str, wanted: &[String], found: &[String], variables: bool, keys: &Keys) -> bool {
    let (set, word) = operator.split_once(':').unwrap_or(("", operator));
    let word_only = word.trim_end_matches("IfExists");
    if word_only == "Null" {
        return wanted.iter().any(|w| (w == "true") == found.is_empty());
    }
    let (if_exists, negated) = (word != word_only, word_only.contains("Not"));
    if found.is_empty() {
        return match set {
            "ForAllValues" => true,
            "ForAnyValue" => if_exists,
            _ => if_exists || negated,
        };
    }
    let bare = word_only.replace("Not", "");
    let one = |value: &String| wanted.iter().any(|w| compare(&bare, value, w, variables, keys)) != negated;
    if set == "ForAllValues" || (set.is_empty() && negated) { found.iter().all(one) } else { found.iter().any(one) }
}

fn compare(operator: &str, found: &str, wanted: &str, variables: bool, keys: &Keys) -> bool {
    let filled = |wild| if variables { fill(wanted, keys, wild) } else { Some(wanted.to_owned()) };
    match operator {
        "StringEquals" => filled(false).is_some_and(|w| w == found),
        "StringEqualsIgnoreCase" => filled(false).is_some_and(|w| w.to_lowercase() == found.to_lowercase()),
        "StringLike" => filled(true).is_some_and(|w| glob(&w, found)),
        "ArnLike" | "ArnEquals" => arn_like(found, wanted, variables, keys),
        "Bool" => found.to_lowercase() == wanted.to_lowercase(),
        // Only texts that are the base64 of something, each in its one spelling, are dealt out.
        "BinaryEquals" => found == wanted,
        "IpAddress" => within(found, wanted).unwrap_or(false),
        _ => match (operator.strip_prefix("Numeric"), operator.strip_prefix("Date")) {
            (Some(suffix), _) => numbers(found, wanted).is_some_and(|order| ordered(suffix, order)),
            (_, Some(suffix)) => dates(found, wanted).is_some_and(|order| ordered(suffix, order)),
            _ => panic!("no operator {operator}"),
        },
    }
}

fn arn_like(found: &str, wanted: &str, variables: bool, keys: &Keys) -> bool {
    let asked: Vec<&str> = found.splitn(6, ':').collect();
    if wanted == "*" {
        return true;
    }
    if asked.len() != 6 || asked[0] != "arn" {
        return false;
    }
    let fits = |wanted: &str, found: &str| {
        let wanted = if variables { fill(wanted, keys, true) } else { Some(wanted.to_owned()) };
        wanted.is_some_and(|wanted| glob(&wanted, found))
    };
    if variables && wanted.starts_with("${") {
        return fits(wanted, found);
    }
    let wanted = arn_fields(wanted);
    wanted.len() == 6 && wanted.iter().zip(asked).all(|(wanted, found)| fits(wanted, found))
}

fn ordered(suffix: &str, order: Ordering) -> bool {
    match suffix {
        "Equals" => order.is_eq(),
        "LessThan" => order.is_lt(),
        "LessThanEquals" => order.is_le(),
        "GreaterThan" => order.is_gt(),
        "GreaterThanEquals" => order.is_ge(),
        other => panic!("no comparison {other}"),
    }
}

fn numbers(found: &str, wanted: &str) -> Option<Ordering> {
    found.parse::<f64>().ok()?.partial_cmp(&wanted.parse::<f64>().ok()?)
}

fn dates(found: &str, wanted: &str) -> Option<Ordering> {
    let moment = |text: &str| OffsetDateTime::parse(text, &Rfc3339).ok().map(OffsetDateTime::unix_timestamp_nanos);
    let date = |text: &str| match text.parse::<i64>() {
        Ok(seconds) => Some(i128::from(seconds) * 1_000_000_000),
        Err(_) if text.len() == 10 => moment(&format!("{text}T00:00:00Z")),
        Err(_) => moment(text),
    };
    Some(date(found)?.cmp(&date(wanted)?))
}

/// Whether the address lies in the range: their leading bits are the same.
fn within(address: &str, range: &str) -> Option<bool> {
    let bits = |text: &str| match text.parse().ok()? {
        IpAddr::V4(four) => Some((32, u128::from(u32::from(four)))),
        IpAddr::V6(six) => Some((128, u128::from(six))),
    };
    let (network, length) = range.split_once('/').map_or((range, None), |(n, l)| (n, Some(l)));
    let ((width, network), (own_width, address)) = (bits(network)?, bits(address)?);
    let length = length.map_or(Some(width), |length| length.parse::<u32>().ok())?;
    let rest = width - length;
    let head = |bits: u128| if rest == 128 { 0 } else { bits >> rest };
    Some(width == own_width && head(network) == head(address))
}

/// The fields of an ARN pattern: colons inside `${...}` do not part them.
fn arn_fields(text: &str) -> Vec<&str> {
    let (mut fields, mut start, mut at) = (Vec::new(), 0, 0);
    while at < text.len() && fields.len() < 5 {
        let rest = &text[at..];
        match rest.strip_prefix("${").and_then(|inside| inside.find('}')) {
            Some(length) => at += length + 3,
            None => {
                if rest.starts_with(':') {
                    fields.push(&text[start..at]);
                    start = at + 1;
                }
                at += rest.chars().next().map_or(1, char::len_utf8);
            }
        }
    }
    fields.push(&text[start..]);
    fields
}

/// Fills `${key}`; what is filled in is literal: where wildcards count, its own are written as private characters.
fn fill(text: &str, keys: &Keys, wild: bool) -> Option<String> {
    let Some((before, rest)) = text.split_once("${") else { return Some(text.to_owned()) };
    let Some((inside, after)) = rest.split_once('}') else { return Some(text.to_owned()) };
    let (key, default) = inside.split_once(',').map_or((inside, None), |(k, d)| (k, Some(d)));
    let value = match (inside, keys.get(&key.trim().to_lowercase()), default) {
        ("*" | "?" | "$", ..) => inside.to_owned(),
        (_, Some(values), _) if values.len() == 1 => values[0].clone(),
        (_, _, Some(default)) => unquoted(default.trim()).to_owned(),
        _ => return None,
    };
    let value = if wild { value.replace('*', "\u{e000}").replace('?', "\u{e001}") } else { value };
    Some(format!("{before}{value}{}", fill(after, keys, wild)?))
}

fn unquoted(text: &str) -> &str {
    text.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')).unwrap_or(text)
}

pub fn glob(pattern: &str, text: &str) -> bool {
    let Some(head) = pattern.chars().next() else { return text.is_empty() };
    let behind = &pattern[head.len_utf8()..];
    let mut rest = text.chars();
    match head {
        '*' => glob(behind, text) || (rest.next().is_some() && glob(pattern, rest.as_str())),
        '?' => rest.next().is_some() && glob(behind, rest.as_str()),
        '\u{e000}' => rest.next() == Some('*') && glob(behind, rest.as_str()),
        '\u{e001}' => rest.next() == Some('?') && glob(behind, rest.as_str()),
        literal => rest.next() == Some(literal) && glob(behind, rest.as_str()),
    }
}

pub fn list(value: &Value) -> &[Value] {
    match value {
        Value::Array(items) => items,
        other => std::slice::from_ref(other),
    }
}

/// The texts of a value or of a list of values.
pub fn strings(value: &Value) -> Vec<String> {
    list(value).iter().map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned)).collect()
}
