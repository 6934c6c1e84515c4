//! Scalars between their text on the wire and their JSON value.

use crate::model::{Kind, Member, Shape, TimeFormat};
use crate::node::Node;
use crate::time::{Moment, Precision};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Number, Value};
use std::borrow::Cow;

/// Reads text as a scalar of this shape. `Err` says what was wanted.
pub(crate) fn from_text(shape: &Shape, text: Cow<'_, str>) -> Result<Value, &'static str> {
    Ok(match shape.kind {
        Kind::String => Value::String(text.into_owned()),
        Kind::Integer => text.trim().parse::<i32>().map(Value::from).map_err(|_| "an integer")?,
        Kind::Long => text.trim().parse::<i64>().map(Value::from).map_err(|_| "an integer")?,
        Kind::Float => float_from_text(text.trim()).ok_or("a number")?,
        Kind::Boolean if text.eq_ignore_ascii_case("true") => Value::Bool(true),
        Kind::Boolean if text.eq_ignore_ascii_case("false") => Value::Bool(false),
        Kind::Boolean => return Err("true or false"),
        Kind::Timestamp => Value::String(Moment::parse(&text).ok_or("a timestamp")?.rfc3339()),
        Kind::Blob => {
            // Clients fold long base64 into lines.
            let packed: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
            STANDARD.decode(&packed).map_err(|_| "base64")?;
            Value::String(packed)
        }
        Kind::Structure | Kind::List | Kind::Map | Kind::Document => return Err("a scalar"),
    })
}

/// The names of the three values that JSON numbers cannot hold stay text.
fn float_from_text(text: &str) -> Option<Value> {
    if matches!(text, "NaN" | "Infinity" | "-Infinity") {
        return Some(Value::String(text.to_owned()));
    }
    Number::from_f64(text.parse().ok()?).map(Value::Number)
}

/// A float as a value: the three special ones become text.
pub(crate) fn float(number: f64) -> Value {
    match Number::from_f64(number) {
        Some(number) => Value::Number(number),
        None if number.is_nan() => Value::String("NaN".to_owned()),
        None if number > 0.0 => Value::String("Infinity".to_owned()),
        None => Value::String("-Infinity".to_owned()),
    }
}

/// A scalar of an output, its type made certain.
pub(crate) enum Scalar<'a> {
    Text(&'a str),
    Integer(i64),
    Float(f64),
    Boolean(bool),
    Time(Moment),
    /// Base64.
    Blob(&'a str),
}

impl<'a> Scalar<'a> {
    /// `Err` says what the model wants instead.
    pub(crate) fn of(shape: &Shape, value: Node<'a>) -> Result<Scalar<'a>, String> {
        let wrong = || format!("{value} is not a {}", kind_name(shape.kind));
        match shape.kind {
            Kind::String => value.as_str().map(Scalar::Text),
            Kind::Integer => value.as_i64().filter(|n| i32::try_from(*n).is_ok()).map(Scalar::Integer),
            Kind::Long => value.as_i64().map(Scalar::Integer),
            Kind::Float => match value.as_str() {
                Some(text @ ("NaN" | "Infinity" | "-Infinity")) => text.parse().ok(),
                _ => value.as_f64(),
            }
            .map(Scalar::Float),
            Kind::Boolean => value.as_bool().map(Scalar::Boolean),
            Kind::Timestamp => {
                let text = || value.as_str().and_then(Moment::parse);
                let seconds = || value.as_f64().and_then(Moment::from_seconds);
                value.as_time().and_then(Moment::of).or_else(text).or_else(seconds).map(Scalar::Time)
            }
            Kind::Blob => value.as_str().filter(|text| STANDARD.decode(text).is_ok()).map(Scalar::Blob),
            Kind::Structure | Kind::List | Kind::Map | Kind::Document => None,
        }
        .ok_or_else(wrong)
    }

    /// As text in XML and headers.
    pub(crate) fn text(&self, time: TimeFormat, precision: Precision) -> Cow<'a, str> {
        match self {
            Scalar::Text(text) | Scalar::Blob(text) => Cow::Borrowed(text),
            Scalar::Integer(number) => Cow::Owned(number.to_string()),
            Scalar::Float(number) => Cow::Owned(float_text(*number)),
            Scalar::Boolean(true) => Cow::Borrowed("true"),
            Scalar::Boolean(false) => Cow::Borrowed("false"),
            Scalar::Time(moment) => Cow::Owned(moment.spelled(time, precision)),
        }
    }
}

pub(crate) fn float_text(number: f64) -> String {
    match float(number) {
        Value::String(special) => special,
        _ => format!("{number:?}"),
    }
}

/// The format of a timestamp: the member's own, its shape's, or the place's default.
pub(crate) fn time_format(member: &Member, shape: &Shape, default: TimeFormat) -> TimeFormat {
    member.time.or(shape.time).unwrap_or(default)
}

pub(crate) fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Structure => "structure",
        Kind::List => "list",
        Kind::Map => "map",
        Kind::String => "string",
        Kind::Integer => "32-bit integer",
        Kind::Long => "64-bit integer",
        Kind::Float => "number",
        Kind::Boolean => "boolean",
        Kind::Timestamp => "timestamp",
        Kind::Blob => "base64 blob",
        Kind::Document => "document",
    }
}

pub(crate) fn decode_blob(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

pub(crate) fn encode_blob(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}
