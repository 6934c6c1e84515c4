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
use crate::node::{Entries, Items, Node};
use crate::path::Path;

/// How deep a request may nest. AWS's own limits lie below it; past it lies the end of the stack.
pub(crate) const DEPTH: usize = 64;

/// The members of an output structure that are present, in model order. `Err` names one that the model does not have.
pub(crate) fn fields<'a>(
    shape: &'a Shape,
    value: Node<'a>,
    path: &Path,
) -> Result<Vec<(&'a Member, Node<'a>)>, String> {
    let fields = object(value, path)?;
    let mut present = Vec::with_capacity(fields.len());
    // Services mostly give members in model order: the search goes on where the last one was found.
    let (mut next, mut last, mut sorted) = (0, 0, true);
    for (name, value) in fields {
        let found = position(shape, next, name).and_then(|at| Some((at, shape.members.get(at)?)));
        let (at, member) = found.ok_or_else(|| format!("{path}: {} has no member {name}", shape.name))?;
        if !value.is_null() {
            sorted &= at >= last;
            last = at;
            present.push((member, value));
        }
        next = at + 1;
    }
    if !sorted {
        // The shape's members lie in a row.
        present.sort_by_key(|(member, _)| std::ptr::from_ref(*member).addr());
    }
    Ok(present)
}

/// Where a member is, looked for from `start` and round.
fn position(shape: &Shape, start: usize, name: &str) -> Option<usize> {
    let (before, from) = shape.members.split_at_checked(start).unwrap_or((&shape.members, &[]));
    let is = |member: &Member| member.name == name;
    from.iter().position(is).map(|at| start + at).or_else(|| before.iter().position(is))
}

pub(crate) fn object<'a>(value: Node<'a>, path: &Path) -> Result<Entries<'a>, String> {
    value.entries().ok_or_else(|| format!("{path}: {value} is not an object"))
}

pub(crate) fn array<'a>(value: Node<'a>, path: &Path) -> Result<Items<'a>, String> {
    value.items().ok_or_else(|| format!("{path}: {value} is not an array"))
}

/// The item of a list or the value of a map.
pub(crate) fn item_of(shape: &Shape) -> Result<&Member, String> {
    shape.item.as_deref().ok_or_else(|| format!("the model's {} has no item", shape.name))
}
