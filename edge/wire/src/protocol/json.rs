//! JSON bodies both ways: AWS JSON 1.0 and 1.1, rest-json, and (through the same values) CBOR.

use super::{array, fields, item_of, object};
use crate::model::{Kind, Member, Model, TimeFormat};
use crate::node::Node;
use crate::path::Path;
use crate::scalar::{self, Scalar, time_format};
use crate::time::{Moment, Precision};
use postern_call::Refusal;
use serde_json::{Map, Value};

/// Parses a request's body; an empty one is an empty object.
pub(crate) fn parse(body: &[u8]) -> Result<Value, Refusal> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Value::Object(Map::new()));
    }
    // The parser's own words stay inside: they quote nothing of ours, but are not AWS's either.
    serde_json::from_slice(body).map_err(|error| {
        let mut refusal = Refusal::new("SerializationException", "The request body is not valid JSON");
        refusal.inside = Some(error.to_string());
        refusal.hint(error.to_string())
    })
}

/// Reads a wire value as the member's shape; `None` for null.
pub(crate) fn read(model: &Model, member: &Member, value: Value, path: &Path) -> Result<Option<Value>, Refusal> {
    let shape = model.shape(member);
    if value.is_null() {
        return Ok(None);
    }
    Ok(Some(match (shape.kind, value) {
        (Kind::Document, value) => value,
        (Kind::Structure, Value::Object(given)) => read_structure(model, member, given, path)?,
        (Kind::List, Value::Array(items)) => {
            let item = item_of(shape).map_err(Refusal::internal)?;
            let mut read_items = Vec::with_capacity(items.len());
            for (index, value) in items.into_iter().enumerate() {
                read_items.push(read(model, item, value, &path.item(index))?.unwrap_or(Value::Null));
            }
            Value::Array(read_items)
        }
        (Kind::Map, Value::Object(given)) => {
            let item = item_of(shape).map_err(Refusal::internal)?;
            let mut entries = Map::new();
            for (key, value) in given {
                let value = read(model, item, value, &path.entry(&key))?.unwrap_or(Value::Null);
                entries.insert(key, value);
            }
            Value::Object(entries)
        }
        (_, value) => read_scalar(shape.kind, value)?,
    }))
}

fn read_structure(
    model: &Model,
    member: &Member,
    mut given: Map<String, Value>,
    path: &Path,
) -> Result<Value, Refusal> {
    let shape = model.shape(member);
    let mut members = Map::new();
    for member in shape.members.iter().filter(|member| member.location.is_none()) {
        // `swap_remove` for speed: the order of what is left does not matter.
        let Some(value) = given.swap_remove(member.wire()) else { continue };
        let value = read(model, member, value, &path.member(member))?;
        members.extend(value.map(|value| (member.name.clone(), value)));
    }
    if shape.union && members.len() > 1 {
        return Err(serialization("Unions can have only one member set"));
    }
    Ok(Value::Object(members))
}

fn read_scalar(kind: Kind, value: Value) -> Result<Value, Refusal> {
    let read = match (kind, &value) {
        (Kind::String, Value::String(_)) | (Kind::Boolean, Value::Bool(_)) => return Ok(value),
        (Kind::Integer, Value::Number(_)) => whole(&value).and_then(|n| i32::try_from(n).ok()).map(Value::from),
        (Kind::Long, Value::Number(_)) => whole(&value).map(Value::from),
        (Kind::Float, Value::Number(_)) => return Ok(value),
        (Kind::Float, Value::String(text)) if matches!(text.as_str(), "NaN" | "Infinity" | "-Infinity") => {
            return Ok(value);
        }
        (Kind::Timestamp, Value::Number(seconds)) => {
            seconds.as_f64().and_then(Moment::from_seconds).map(|moment| Value::String(moment.rfc3339()))
        }
        (Kind::Timestamp, Value::String(text)) => Moment::parse(text).map(|moment| Value::String(moment.rfc3339())),
        (Kind::Blob, Value::String(text)) => {
            scalar::decode_blob(text).map(|bytes| Value::String(scalar::encode_blob(&bytes)))
        }
        _ => None,
    };
    read.ok_or_else(|| serialization(&unconvertible(kind, &value)))
}

/// A number that is whole, however it is written.
fn whole(value: &Value) -> Option<i64> {
    let float = || value.as_f64().filter(|n| n.fract() == 0.0 && n.abs() < 9e15).map(|n| n as i64);
    value.as_i64().or_else(float)
}

fn serialization(message: &str) -> Refusal {
    Refusal::new("SerializationException", message)
}

/// The sentence of AWS's JSON services for a value of the wrong type.
fn unconvertible(wanted: Kind, given: &Value) -> String {
    let wanted = match wanted {
        Kind::Integer => "Integer",
        Kind::Long => "Long",
        Kind::Float => "Double",
        Kind::Boolean => "Boolean",
        Kind::Timestamp => "Timestamp",
        Kind::Blob => "ByteBuffer",
        Kind::String => "String",
        Kind::List => "list",
        Kind::Map | Kind::Structure | Kind::Document => "structure or map",
    };
    let given = match given {
        Value::Object(_) => return "Start of structure or map found where not expected.".to_owned(),
        Value::Array(_) => return "Start of list found where not expected".to_owned(),
        Value::String(_) => "STRING_VALUE",
        Value::Number(_) if given.is_f64() => "DECIMAL_VALUE",
        Value::Number(_) => "NUMBER_VALUE",
        Value::Bool(true) => "TRUE_VALUE",
        Value::Bool(false) => "FALSE_VALUE",
        Value::Null => "NULL_VALUE",
    };
    format!("{given} can not be converted to {} {wanted}", if wanted.starts_with('I') { "an" } else { "a" })
}

/// Writes the members of an output structure that travel in the body, as a JSON object.
pub(crate) fn write_structure(
    model: &Model,
    member: &Member,
    value: Node<'_>,
    path: &Path,
    out: &mut Vec<u8>,
) -> Result<(), String> {
    out.push(b'{');
    let mut first = true;
    for (member, value) in fields(model.shape(member), value, path)? {
        if member.location.is_none() {
            separate(&mut first, out);
            string(member.wire(), out)?;
            out.push(b':');
            write(model, member, value, &path.member(member), out)?;
        }
    }
    out.push(b'}');
    Ok(())
}

/// Writes any output value.
pub(crate) fn write(
    model: &Model,
    member: &Member,
    value: Node<'_>,
    path: &Path,
    out: &mut Vec<u8>,
) -> Result<(), String> {
    let shape = model.shape(member);
    match shape.kind {
        Kind::Structure => write_structure(model, member, value, path, out),
        Kind::Document => serde_json::to_writer(out, &value).map_err(|error| format!("{path}: {error}")),
        _ if value.is_null() => {
            out.extend_from_slice(b"null");
            Ok(())
        }
        Kind::List => {
            let item = item_of(shape)?;
            out.push(b'[');
            let mut first = true;
            for (index, value) in array(value, path)?.enumerate() {
                separate(&mut first, out);
                write(model, item, value, &path.item(index), out)?;
            }
            out.push(b']');
            Ok(())
        }
        Kind::Map => {
            let item = item_of(shape)?;
            out.push(b'{');
            let mut first = true;
            for (key, value) in object(value, path)? {
                separate(&mut first, out);
                string(key, out)?;
                out.push(b':');
                write(model, item, value, &path.entry(key), out)?;
            }
            out.push(b'}');
            Ok(())
        }
        _ => {
            let scalar = Scalar::of(shape, value).map_err(|error| format!("{path}: {error}"))?;
            let format = time_format(member, shape, TimeFormat::Epoch);
            match &scalar {
                Scalar::Time(_) if format != TimeFormat::Epoch => {
                    string(&scalar.text(format, Precision::AsNeeded), out)
                }
                Scalar::Float(number) if !number.is_finite() => string(&scalar::float_text(*number), out),
                Scalar::Float(_) => serde_json::to_writer(out, &value).map_err(|error| format!("{path}: {error}")),
                Scalar::Text(text) | Scalar::Blob(text) => string(text, out),
                _ => {
                    out.extend_from_slice(scalar.text(format, Precision::AsNeeded).as_bytes());
                    Ok(())
                }
            }
        }
    }
}

fn separate(first: &mut bool, out: &mut Vec<u8>) {
    if !std::mem::take(first) {
        out.push(b',');
    }
}

pub(crate) fn string(text: &str, out: &mut Vec<u8>) -> Result<(), String> {
    serde_json::to_writer(out, text).map_err(|error| error.to_string())
}
