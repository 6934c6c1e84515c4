//! A request's members, read with AWS's errors.

use crate::refuse;
use postern_call::Refusal;
use postern_names::*;
use serde_json::Value;
use std::str::FromStr;

/// The members of a request by model name. Shapes and required members have been checked by the codec; what a text
/// means is checked here.
pub struct Request<'a>(pub &'a Value);

impl<'a> Request<'a> {
    pub fn get(&self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|v| !v.is_null())
    }
    pub fn text(&self, name: &str) -> Option<&'a str> {
        self.get(name).and_then(Value::as_str)
    }
    /// `MissingParameter` if it is not there.
    pub fn required_text(&self, name: &str) -> Result<&'a str, Refusal> {
        self.text(name).ok_or_else(|| refuse::missing_parameter(name))
    }
    pub fn flag(&self, name: &str) -> Option<bool> {
        self.get(name).and_then(Value::as_bool)
    }
    /// A flag wrapped as `{"Value": true}`, as the Modify...Attribute calls have it.
    pub fn attribute_flag(&self, name: &str) -> Option<bool> {
        self.get(name).and_then(|v| v.get("Value")).and_then(Value::as_bool)
    }
    pub fn number(&self, name: &str) -> Option<i64> {
        self.get(name).and_then(Value::as_i64)
    }
    /// A structure, as a request of its own.
    pub fn part(&self, name: &str) -> Option<Request<'a>> {
        self.get(name).filter(|v| v.is_object()).map(Request)
    }
    /// A list of structures; empty when absent.
    pub fn parts(&self, name: &str) -> Vec<Request<'a>> {
        self.get(name).and_then(Value::as_array).map(|a| a.iter().map(Request).collect()).unwrap_or_default()
    }
    /// A list of texts; empty when absent.
    pub fn texts(&self, name: &str) -> Vec<&'a str> {
        self.get(name)
            .and_then(Value::as_array)
            .map(|a| a.iter().filter_map(Value::as_str).collect())
            .unwrap_or_default()
    }
    /// A required id. Malformed: `Invalid<Kind>ID.Malformed`.
    pub fn id<T: FromStr<Err = MalformedId>>(&self, name: &str) -> Result<T, Refusal> {
        parse_id(self.required_text(name)?)
    }
    pub fn optional_id<T: FromStr<Err = MalformedId>>(&self, name: &str) -> Result<Option<T>, Refusal> {
        self.text(name).map(parse_id).transpose()
    }
    /// A list of ids; empty when absent.
    pub fn ids<T: FromStr<Err = MalformedId>>(&self, name: &str) -> Result<Vec<T>, Refusal> {
        self.texts(name).into_iter().map(parse_id).collect()
    }
}

/// Parses an id, with AWS's answer to one that is not of its kind.
pub fn parse_id<T: FromStr<Err = MalformedId>>(text: &str) -> Result<T, Refusal> {
    text.parse().map_err(|e: MalformedId| refuse::malformed_id(e.prefix, &e.given))
}
