//! Values out of XML elements: rest-xml requests, and the replies that a test or a check reads back.

use super::item_of;
use super::xml::{Element, malformed};
use crate::model::{Kind, Member, Model, Shape};
use crate::path::Path;
use crate::scalar;
use postern_call::Refusal;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// The members of a structure that travel in the body, out of the children and attributes of an element.
pub(crate) fn structure(model: &Model, shape: &Shape, element: &Element, path: &Path) -> Result<Value, Refusal> {
    let mut fields = Map::new();
    for member in shape.members.iter().filter(|member| member.location.is_none()) {
        let path = path.member(member);
        if let Some(value) = read_member(model, member, element, &path)? {
            fields.insert(member.name.clone(), value);
        }
    }
    Ok(Value::Object(fields))
}

fn read_member(model: &Model, member: &Member, element: &Element, path: &Path) -> Result<Option<Value>, Refusal> {
    let shape = model.shape(member);
    let name = member.wire();
    if member.attribute {
        let text = element.attributes.iter().find(|(attribute, _)| attribute == name).map(|(_, text)| text);
        return text.map(|text| scalar_of(shape, text, path)).transpose();
    }
    if member.flattened || shape.flattened {
        let same: Vec<&Element> = element.children.iter().filter(|child| child.name == name).collect();
        return match shape.kind {
            _ if same.is_empty() => Ok(None),
            Kind::Map => entries(model, shape, &same, path).map(Some),
            _ => items(model, shape, &same, path).map(Some),
        };
    }
    element.child(name).map(|child| read(model, member, child, path)).transpose()
}

/// Reads one element as the member's shape.
pub(crate) fn read(model: &Model, member: &Member, element: &Element, path: &Path) -> Result<Value, Refusal> {
    let shape = model.shape(member);
    match shape.kind {
        Kind::Structure => structure(model, shape, element, path),
        Kind::List => {
            let name = item_of(shape).map_err(Refusal::internal)?.wire_or("member");
            let same: Vec<&Element> = element.children.iter().filter(|child| child.name == name).collect();
            items(model, shape, &same, path)
        }
        Kind::Map => {
            let same: Vec<&Element> = element.children.iter().filter(|child| child.name == "entry").collect();
            entries(model, shape, &same, path)
        }
        _ => scalar_of(shape, &element.text, path),
    }
}

fn items(model: &Model, shape: &Shape, elements: &[&Element], path: &Path) -> Result<Value, Refusal> {
    let item = item_of(shape).map_err(Refusal::internal)?;
    let read = |(index, element): (usize, &&Element)| read(model, item, element, &path.item(index));
    elements.iter().enumerate().map(read).collect::<Result<Vec<Value>, Refusal>>().map(Value::Array)
}

fn entries(model: &Model, shape: &Shape, elements: &[&Element], path: &Path) -> Result<Value, Refusal> {
    let item = item_of(shape).map_err(Refusal::internal)?;
    let key = shape.key.as_deref().map_or("key", |key| key.wire_or("key"));
    let mut entries = Map::new();
    for element in elements {
        let name = element.child(key).ok_or_else(|| malformed("an entry without a key"))?;
        // A flattened list as value repeats its element; any other value has just one.
        let value = match element.child(item.wire_or("value")) {
            Some(value) => read(model, item, value, &path.entry(&name.text))?,
            None => return Err(malformed("an entry without a value")),
        };
        entries.insert(name.text.clone(), value);
    }
    Ok(Value::Object(entries))
}

fn scalar_of(shape: &Shape, text: &str, path: &Path) -> Result<Value, Refusal> {
    // Only text keeps the white space around it.
    let text = if shape.kind == Kind::String { text } else { text.trim() };
    scalar::from_text(shape, Cow::Borrowed(text)).map_err(|wanted| malformed(&format!("{path} is not {wanted}")))
}
