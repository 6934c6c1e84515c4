//! Checks a value that was read against the model: what is required, what is one of a set, how long, how large.

use crate::fault::{Fault, Faults};
use crate::model::{Kind, Member, Model};
use crate::path::Path;
use serde_json::Value;

/// Adds every broken constraint of `value` to `faults`. The value has been read by the model, so its types are right.
pub(crate) fn check(model: &Model, member: &Member, value: &Value, path: &Path, faults: &mut Faults) {
    let shape = model.shape(member);
    match (shape.kind, value) {
        (Kind::Structure, Value::Object(fields)) => {
            for member in &shape.members {
                let path = path.member(member);
                match fields.get(&member.name) {
                    Some(value) => check(model, member, value, &path, faults),
                    None if member.required => faults.add(&path, Fault::Missing),
                    None => {}
                }
            }
        }
        (Kind::List, Value::Array(items)) => {
            length(shape.min, shape.max, items.len(), || shown(items), path, faults);
            let Some(item) = &shape.item else { return };
            for (index, value) in items.iter().enumerate() {
                check(model, item, value, &path.item(index), faults);
            }
        }
        (Kind::Map, Value::Object(entries)) => {
            length(shape.min, shape.max, entries.len(), || "''".to_owned(), path, faults);
            let Some(item) = &shape.item else { return };
            for (key, value) in entries {
                check(model, item, value, &path.entry(key), faults);
            }
        }
        (Kind::String, Value::String(text)) => {
            if !shape.values.is_empty() && !shape.values.contains(text) {
                faults.add(path, Fault::NotInEnum(shape, text));
            } else {
                length(shape.min, shape.max, text.chars().count(), || format!("'{text}'"), path, faults);
            }
        }
        (Kind::Integer | Kind::Long, Value::Number(number)) => {
            let number = number.as_i64().unwrap_or(i64::MAX);
            if let Some(min) = shape.min.filter(|min| number < *min) {
                faults.add(path, Fault::TooSmall(number.to_string(), min));
            }
            if let Some(max) = shape.max.filter(|max| number > *max) {
                faults.add(path, Fault::TooLarge(number.to_string(), max));
            }
        }
        _ => {}
    }
}

fn length(
    min: Option<i64>,
    max: Option<i64>,
    length: usize,
    given: impl Fn() -> String,
    path: &Path,
    faults: &mut Faults,
) {
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    if let Some(min) = min.filter(|min| length < *min) {
        faults.add(path, Fault::TooShort(&given(), min));
    }
    if let Some(max) = max.filter(|max| length > *max) {
        faults.add(path, Fault::TooLong(&given(), max));
    }
}

fn shown(items: &[Value]) -> String {
    let items: Vec<String> =
        items.iter().map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned)).collect();
    format!("'[{}]'", items.join(", "))
}
