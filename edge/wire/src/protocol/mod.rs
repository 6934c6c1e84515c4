//! One file per way of writing a request or a reply.

pub(crate) mod cbor;
pub(crate) mod form;
pub(crate) mod json;
pub(crate) mod refusal;
pub(crate) mod rest;
pub(crate) mod route;
pub(crate) mod uri;
pub(crate) mod xml;
pub(crate) mod xml_read;
pub(crate) mod xml_write;

use crate::model::{Member, Shape};
use crate::path::Path;
use serde_json::{Map, Value};

/// How deep a request may nest. AWS's own limits lie below it; past it lies the end of the stack.
pub(crate) const DEPTH: usize = 64;

/// The members of an output structure that are present, in model order. `Err` names one that the model does not have.
pub(crate) fn fields<'a>(
    shape: &'a Shape,
    value: &'a Value,
    path: &Path,
) -> Result<Vec<(&'a Member, &'a Value)>, String> {
    let fields = object(value, path)?;
    let mut known = 0;
    let mut present = Vec::with_capacity(fields.len());
    for member in &shape.members {
        if let Some(value) = fields.get(&member.name) {
            known += 1;
            if !value.is_null() {
                present.push((member, value));
            }
        }
    }
    if known == fields.len() {
        return Ok(present);
    }
    let stranger = fields.keys().find(|name| shape.member(name).is_none()).map_or("", String::as_str);
    Err(format!("{path}: {} has no member {stranger}", shape.name))
}

pub(crate) fn object<'a>(value: &'a Value, path: &Path) -> Result<&'a Map<String, Value>, String> {
    value.as_object().ok_or_else(|| format!("{path}: {value} is not an object"))
}

pub(crate) fn array<'a>(value: &'a Value, path: &Path) -> Result<&'a Vec<Value>, String> {
    value.as_array().ok_or_else(|| format!("{path}: {value} is not an array"))
}

/// The item of a list or the value of a map.
pub(crate) fn item_of(shape: &Shape) -> Result<&Member, String> {
    shape.item.as_deref().ok_or_else(|| format!("the model's {} has no item", shape.name))
}
