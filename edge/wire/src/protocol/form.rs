//! Form-encoded requests: EC2 query (`Filter.1.Value.2=x`) and query (`Tags.member.1.Key=x`).

use super::DEPTH;
use crate::fault::{malformed_text, unknown_parameter};
use crate::model::{Kind, Member, Model, Protocol, Shape};
use crate::path::{Path, is_ec2_name};
use crate::scalar;
use postern_call::Refusal;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The parameters of a request as a tree of name segments.
#[derive(Debug, Default)]
struct Node<'a> {
    value: Option<Cow<'a, str>>,
    children: BTreeMap<String, Node<'a>>,
}

/// Parameters that belong to the call, not to its operation.
fn is_envelope(name: &str) -> bool {
    matches!(
        name,
        "Action"
            | "Version"
            | "AWSAccessKeyId"
            | "Signature"
            | "SignatureMethod"
            | "SignatureVersion"
            | "Timestamp"
            | "SecurityToken"
    ) || name.get(..6).is_some_and(|head| head.eq_ignore_ascii_case("x-amz-"))
}

/// The first value of a parameter in the body or else in the query string.
pub(crate) fn parameter<'a>(body: &'a [u8], query: &'a str, wanted: &str) -> Option<Cow<'a, str>> {
    pairs(body, query).find(|(name, _)| name == wanted).map(|(_, value)| value)
}

fn pairs<'a>(body: &'a [u8], query: &'a str) -> impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)> {
    form_urlencoded::parse(body).chain(form_urlencoded::parse(query.as_bytes()))
}

/// Reads the parameters of a request into the members of `input`.
pub(crate) fn read(
    model: &Model,
    protocol: Protocol,
    input: Option<&Member>,
    body: &[u8],
    query: &str,
) -> Result<Value, Refusal> {
    let reader = Reader { model, protocol };
    let root = reader.tree(pairs(body, query))?;
    match input {
        Some(input) => reader.structure(&root, model.shape(input), &Path::Root),
        None => {
            let refuse = |(name, child): (&String, &Node)| reader.refuse_unknown(name, child, &[], &Path::Root);
            root.children.iter().try_for_each(refuse)?;
            Ok(Value::Object(Map::new()))
        }
    }
}

struct Reader<'m> {
    model: &'m Model,
    protocol: Protocol,
}

impl Reader<'_> {
    fn tree<'a>(&self, pairs: impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)>) -> Result<Node<'a>, Refusal> {
        let mut root = Node::default();
        for (name, value) in pairs {
            if name.is_empty() || is_envelope(&name) {
                continue;
            }
            if name.split('.').count() > DEPTH {
                return Err(unknown_parameter(&name, &[]));
            }
            let mut node = &mut root;
            for segment in name.split('.') {
                node = node.children.entry(segment.to_owned()).or_default();
            }
            node.value.get_or_insert(value);
        }
        Ok(root)
    }

    fn is(&self, member: &Member, name: &str) -> bool {
        match self.protocol {
            Protocol::Ec2 => is_ec2_name(member, name),
            _ => member.in_query() == name,
        }
    }

    fn structure(&self, node: &Node, shape: &Shape, path: &Path) -> Result<Value, Refusal> {
        self.refuse_text(node, path, "a structure")?;
        let mut fields = Map::new();
        for (name, child) in &node.children {
            match shape.members.iter().find(|member| self.is(member, name)) {
                Some(member) => {
                    let value = self.value(child, member, &path.member(member))?;
                    fields.extend(value.map(|value| (member.name.clone(), value)));
                }
                None => self.refuse_unknown(name, child, &shape.members, path)?,
            }
        }
        Ok(Value::Object(fields))
    }

    /// `None` for a parameter given with nothing in it.
    fn value(&self, node: &Node, member: &Member, path: &Path) -> Result<Option<Value>, Refusal> {
        let shape = self.model.shape(member);
        match shape.kind {
            Kind::Structure => self.structure(node, shape, path).map(Some),
            Kind::List => self.list(node, member, shape, path).map(Some),
            Kind::Map => self.map(node, member, shape, path).map(Some),
            _ => {
                node.children.iter().try_for_each(|(name, child)| self.refuse_unknown(name, child, &[], path))?;
                let Some(text) = &node.value else { return Ok(None) };
                let malformed = |wanted| malformed_text(self.protocol, path, text, wanted);
                scalar::from_text(shape, text.clone()).map(Some).map_err(malformed)
            }
        }
    }

    fn list(&self, node: &Node, member: &Member, shape: &Shape, path: &Path) -> Result<Value, Refusal> {
        self.refuse_text(node, path, "a list")?;
        let Some(item) = shape.item.as_deref() else { return Ok(Value::Array(Vec::new())) };
        let flattened = self.protocol == Protocol::Ec2 || member.flattened || shape.flattened;
        // A client that flattens where it need not is still understood.
        let holder = if flattened { node } else { node.children.get(item.wire_or("member")).unwrap_or(node) };
        let mut items = Vec::new();
        for (index, child) in self.numbered(holder, path)?.into_iter().enumerate() {
            items.extend(self.value(child, item, &path.item(index))?);
        }
        Ok(Value::Array(items))
    }

    fn map(&self, node: &Node, member: &Member, shape: &Shape, path: &Path) -> Result<Value, Refusal> {
        self.refuse_text(node, path, "a map")?;
        let (Some(key), Some(item)) = (shape.key.as_deref(), shape.item.as_deref()) else {
            return Ok(Value::Object(Map::new()));
        };
        let flattened = member.flattened || shape.flattened;
        let holder = if flattened { node } else { node.children.get("entry").unwrap_or(node) };
        let mut entries = Map::new();
        for child in self.numbered(holder, path)? {
            let name = child.children.get(key.wire_or("key")).and_then(|key| key.value.as_deref());
            let value = child.children.get(item.wire_or("value"));
            let (Some(name), Some(value)) = (name, value) else {
                return Err(malformed_text(self.protocol, path, "", "a key and a value in each entry"));
            };
            entries.extend(self.value(value, item, &path.entry(name))?.map(|value| (name.to_owned(), value)));
        }
        Ok(Value::Object(entries))
    }

    /// The children whose names are numbers, in their order; gaps do not matter.
    fn numbered<'n, 'a>(&self, node: &'n Node<'a>, path: &Path) -> Result<Vec<&'n Node<'a>>, Refusal> {
        let mut numbered = Vec::with_capacity(node.children.len());
        for (name, child) in &node.children {
            match name.parse::<u32>() {
                Ok(number) => numbered.push((number, child)),
                Err(_) => self.refuse_unknown(name, child, &[], path)?,
            }
        }
        numbered.sort_by_key(|(number, _)| *number);
        Ok(numbered.into_iter().map(|(_, child)| child).collect())
    }

    fn refuse_text(&self, node: &Node, path: &Path, wanted: &str) -> Result<(), Refusal> {
        match node.value.as_deref() {
            None | Some("") => Ok(()),
            Some(text) => Err(malformed_text(self.protocol, path, text, wanted)),
        }
    }

    /// EC2 refuses parameters that an operation does not have; the query services pass over them.
    fn refuse_unknown(&self, name: &str, node: &Node, known: &[Member], path: &Path) -> Result<(), Refusal> {
        if self.protocol != Protocol::Ec2 {
            return Ok(());
        }
        let prefix = path.ec2();
        let name = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") };
        Err(unknown_parameter(&node.leaf(name), known))
    }
}

impl Node<'_> {
    /// The full name of the first parameter at or below this node.
    fn leaf(&self, name: String) -> String {
        match (&self.value, self.children.iter().next()) {
            (None, Some((segment, child))) => child.leaf(format!("{name}.{segment}")),
            _ => name,
        }
    }
}
