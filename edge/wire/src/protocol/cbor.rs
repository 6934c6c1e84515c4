//! rpc-v2-cbor: CBOR bodies, read into and written from the same values as JSON.

use super::{DEPTH, array, fields, item_of, object};
use crate::message::{HttpReply, no_members};
use crate::model::{Kind, Member, Model, Op, TimeFormat};
use crate::node::Node;
use crate::path::Path;
use crate::scalar::{self, Scalar};
use crate::time::Precision;
use minicbor::data::{Tag, Type};
use minicbor::{Decoder, Encoder, decode};
use postern_call::Refusal;
use serde_json::{Map, Value};

/// Parses a request's body into the value that JSON would have: bytes as base64, moments as seconds, the three special
/// floats by name. An empty body is an empty object.
pub(crate) fn parse(body: &[u8]) -> Result<Value, Refusal> {
    if body.is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    let mut decoder = Decoder::new(body);
    let value = item(&mut decoder, DEPTH).map_err(|error| malformed(&error.to_string()))?;
    if decoder.position() != body.len() {
        return Err(malformed("bytes after the end"));
    }
    Ok(value)
}

fn malformed(why: &str) -> Refusal {
    Refusal::new("SerializationException", "The request body is not valid CBOR").hint(why)
}

fn item(decoder: &mut Decoder, depth: usize) -> Result<Value, decode::Error> {
    let Some(depth) = depth.checked_sub(1) else { return Err(decode::Error::message("nested too deep")) };
    Ok(match decoder.datatype()? {
        Type::Null => decoder.null().map(|()| Value::Null)?,
        Type::Undefined => decoder.undefined().map(|()| Value::Null)?,
        Type::Bool => Value::Bool(decoder.bool()?),
        Type::U8 | Type::U16 | Type::U32 | Type::U64 => Value::from(decoder.u64()?),
        Type::I8 | Type::I16 | Type::I32 | Type::I64 => Value::from(decoder.i64()?),
        Type::Int => scalar::float(i128::from(decoder.int()?) as f64),
        Type::F16 => scalar::float(f64::from(decoder.f16()?)),
        Type::F32 => scalar::float(f64::from(decoder.f32()?)),
        Type::F64 => scalar::float(decoder.f64()?),
        Type::String => Value::from(decoder.str()?),
        Type::StringIndef => Value::String(decoder.str_iter()?.collect::<Result<String, _>>()?),
        Type::Bytes => Value::String(scalar::encode_blob(decoder.bytes()?)),
        Type::BytesIndef => {
            let parts: Vec<&[u8]> = decoder.bytes_iter()?.collect::<Result<_, _>>()?;
            Value::String(scalar::encode_blob(&parts.concat()))
        }
        Type::Array | Type::ArrayIndef => {
            let length = decoder.array()?;
            let mut items = Vec::new();
            while more(decoder, length, items.len())? {
                items.push(item(decoder, depth)?);
            }
            Value::Array(items)
        }
        Type::Map | Type::MapIndef => {
            let length = decoder.map()?;
            let mut entries = Map::new();
            let mut count = 0;
            while more(decoder, length, count)? {
                let Value::String(key) = item(decoder, depth)? else {
                    return Err(decode::Error::message("a key that is not text"));
                };
                let value = item(decoder, depth)?;
                entries.insert(key, value);
                count += 1;
            }
            Value::Object(entries)
        }
        Type::Tag => {
            decoder.tag()?;
            item(decoder, depth)?
        }
        Type::Simple | Type::Break | Type::Unknown(_) => return Err(decode::Error::message("an unknown item")),
    })
}

/// Whether a container has another item; takes the mark that ends one of indefinite length.
fn more(decoder: &mut Decoder, length: Option<u64>, read: usize) -> Result<bool, decode::Error> {
    match length {
        Some(length) => Ok((read as u64) < length),
        None if decoder.datatype()? == Type::Break => {
            decoder.set_position(decoder.position() + 1);
            Ok(false)
        }
        None => Ok(true),
    }
}

/// The reply for an output. An operation without one has no body.
pub(crate) fn write(model: &Model, op: &Op, output: Node<'_>, request_id: &str) -> Result<HttpReply, String> {
    let mut headers = vec![
        ("smithy-protocol".to_owned(), "rpc-v2-cbor".to_owned()),
        ("x-amzn-requestid".to_owned(), request_id.to_owned()),
    ];
    let Some(member) = &op.output else {
        no_members(output)?;
        return Ok(HttpReply { status: 200, headers, body: Vec::new() });
    };
    headers.push(("content-type".to_owned(), "application/cbor".to_owned()));
    let mut encoder = Encoder::new(Vec::with_capacity(512));
    encode(model, member, output, &Path::Root, &mut encoder)?;
    Ok(HttpReply { status: 200, headers, body: encoder.into_writer() })
}

type Out = Encoder<Vec<u8>>;

fn encode(model: &Model, member: &Member, value: Node<'_>, path: &Path, out: &mut Out) -> Result<(), String> {
    let shape = model.shape(member);
    match shape.kind {
        Kind::Structure => {
            let present = fields(shape, value, path)?;
            made(out.map(present.len() as u64))?;
            for (member, value) in present {
                made(out.str(member.wire()))?;
                encode(model, member, value, &path.member(member), out)?;
            }
            Ok(())
        }
        _ if value.is_null() => made(out.null()),
        Kind::List => {
            let items = array(value, path)?;
            let item = item_of(shape)?;
            made(out.array(items.len() as u64))?;
            for (index, value) in items.enumerate() {
                encode(model, item, value, &path.item(index), out)?;
            }
            Ok(())
        }
        Kind::Map => {
            let entries = object(value, path)?;
            let item = item_of(shape)?;
            made(out.map(entries.len() as u64))?;
            for (key, value) in entries {
                made(out.str(key))?;
                encode(model, item, value, &path.entry(key), out)?;
            }
            Ok(())
        }
        Kind::Document => match value {
            Node::Json(value) => untyped(value, out),
            Node::Lean(answer) => untyped(&answer.to_value(), out),
        },
        _ => {
            let scalar = Scalar::of(shape, value).map_err(|error| format!("{path}: {error}"))?;
            match scalar {
                Scalar::Text(text) => made(out.str(text)),
                Scalar::Integer(number) => made(out.i64(number)),
                Scalar::Float(number) => made(out.f64(number)),
                Scalar::Boolean(truth) => made(out.bool(truth)),
                Scalar::Blob(text) => made(out.bytes(&scalar::decode_blob(text).unwrap_or_default())),
                Scalar::Time(moment) => {
                    made(out.tag(Tag::new(1)))?;
                    match scalar::Scalar::Time(moment).text(TimeFormat::Epoch, Precision::AsNeeded).parse::<i64>() {
                        Ok(seconds) => made(out.i64(seconds)),
                        Err(_) => made(out.f64(moment.epoch_millis() as f64 / 1000.0)),
                    }
                }
            }
        }
    }
}

/// Encodes a value as it is, by JSON's types.
pub(crate) fn encode_untyped(value: &Value) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::with_capacity(128));
    match untyped(value, &mut encoder) {
        Ok(()) => encoder.into_writer(),
        // Memory does not refuse to be written.
        Err(_) => Vec::new(),
    }
}

fn untyped(value: &Value, out: &mut Out) -> Result<(), String> {
    match value {
        Value::Null => made(out.null()),
        Value::Bool(truth) => made(out.bool(*truth)),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => made(out.i64(whole)),
            (None, float) => made(out.f64(float.unwrap_or_default())),
        },
        Value::String(text) => made(out.str(text)),
        Value::Array(items) => {
            made(out.array(items.len() as u64))?;
            items.iter().try_for_each(|item| untyped(item, out))
        }
        Value::Object(entries) => {
            made(out.map(entries.len() as u64))?;
            entries.iter().try_for_each(|(key, value)| {
                made(out.str(key))?;
                untyped(value, out)
            })
        }
    }
}

fn made<T, E: std::fmt::Display>(result: Result<T, E>) -> Result<(), String> {
    result.map(|_| ()).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn definite_and_indefinite_items_read_alike() {
        let indefinite = b"\xbf\x61a\x9f\x01\x20\xff\x61b\x7f\x61x\x61y\xff\x61c\x5f\x41\x00\xff\xff";
        assert_eq!(parse(indefinite).unwrap(), json!({"a": [1, -1], "b": "xy", "c": "AA=="}));
        let value = json!({"a": [1, -1, 1.5, true, null], "b": {"c": "d"}});
        assert_eq!(parse(&encode_untyped(&value)).unwrap(), value);
    }

    #[test]
    fn broken_items_are_refused() {
        for body in
            [&b"\xff"[..], b"\x9f", b"\xa1\x01\x02", b"\x01\x01", b"\x5b\xff\xff\xff\xff\xff\xff\xff\xff", b"\x1c"]
        {
            assert!(parse(body).is_err(), "{body:?}");
        }
        assert!(parse(&[0x81; 100_000]).is_err());
    }
}
