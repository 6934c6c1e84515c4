//! Replies in XML: one writer for EC2, query and rest-xml, which differ in their envelopes and the names of items.

use super::{array, fields, item_of, object};
use crate::model::{Kind, Member, Model, Namespace, Shape, TimeFormat};
use crate::node::Node;
use crate::path::Path;
use crate::scalar::{Scalar, time_format};
use crate::time::Precision;

pub(crate) const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// Most bytes that room is made for before they are there.
const LARGEST_GUESS: usize = 4 << 20;

/// Writes values of a model's shapes as elements.
pub(crate) struct Writer<'m> {
    pub model: &'m Model,
    pub out: String,
    /// How fine timestamps are.
    pub precision: Precision,
    /// Whether members have their names of the query protocol.
    pub query: bool,
}

impl<'m> Writer<'m> {
    pub(crate) fn new(model: &'m Model, precision: Precision) -> Self {
        Writer { model, out: String::with_capacity(1024), precision, query: false }
    }

    /// The members of a structure that travel in the body, each as an element.
    pub(crate) fn members(&mut self, shape: &Shape, value: Node<'_>, path: &Path) -> Result<(), String> {
        self.present(fields(shape, value, path)?, path)
    }

    fn present(&mut self, present: Vec<(&Member, Node<'_>)>, path: &Path) -> Result<(), String> {
        for (member, value) in present {
            if member.location.is_none() && !member.attribute {
                let name = if self.query { member.in_query() } else { member.wire() };
                self.member(name, member, value, &path.member(member))?;
            }
        }
        Ok(())
    }

    /// One element, or as many as a flattened list or map has entries.
    pub(crate) fn member(&mut self, name: &str, member: &Member, value: Node<'_>, path: &Path) -> Result<(), String> {
        let shape = self.model.shape(member);
        let flattened = member.flattened || shape.flattened;
        match shape.kind {
            Kind::List if flattened => self.items(name, shape, value, path),
            Kind::Map if flattened => self.entries(name, shape, value, path),
            Kind::Structure => self.structure(name, namespace(member, shape), shape, value, path),
            Kind::List => {
                self.start(name, namespace(member, shape));
                self.items(item_of(shape)?.wire_or("member"), shape, value, path)?;
                self.end(name);
                Ok(())
            }
            Kind::Map => {
                self.start(name, namespace(member, shape));
                self.entries("entry", shape, value, path)?;
                self.end(name);
                Ok(())
            }
            _ => {
                let scalar = Scalar::of(shape, value).map_err(|error| format!("{path}: {error}"))?;
                self.start(name, namespace(member, shape));
                let format = || time_format(member, shape, TimeFormat::Iso8601);
                match scalar {
                    Scalar::Text(text) => escape(text, &mut self.out),
                    Scalar::Time(moment) if format() == TimeFormat::Iso8601 => {
                        moment.push_iso8601(self.precision, &mut self.out);
                    }
                    other => escape(&other.text(format(), self.precision), &mut self.out),
                }
                self.end(name);
                Ok(())
            }
        }
    }

    /// A structure as one element, some of its members as attributes.
    pub(crate) fn structure(
        &mut self,
        name: &str,
        namespace: Option<&Namespace>,
        shape: &Shape,
        value: Node<'_>,
        path: &Path,
    ) -> Result<(), String> {
        self.open(name, namespace);
        let present = fields(shape, value, path)?;
        for (member, value) in present.iter().copied().filter(|(member, _)| member.attribute) {
            let path = path.member(member);
            let scalar = Scalar::of(self.model.shape(member), value).map_err(|error| format!("{path}: {error}"))?;
            self.out.push(' ');
            self.out.push_str(member.wire());
            self.out.push_str("=\"");
            escape_attribute(&scalar.text(TimeFormat::Iso8601, self.precision), &mut self.out);
            self.out.push('"');
        }
        self.out.push('>');
        self.present(present, path)?;
        self.end(name);
        Ok(())
    }

    fn items(&mut self, name: &str, shape: &Shape, value: Node<'_>, path: &Path) -> Result<(), String> {
        let item = item_of(shape)?;
        let items = array(value, path)?;
        let count = items.len();
        for (index, value) in items.enumerate() {
            let before = self.out.len();
            self.member(name, item, value, &path.item(index))?;
            if index == 0 {
                // Things of a kind are of a size: room for all, rather than twice the room again and again.
                let rest = (self.out.len() - before).saturating_mul(count - 1);
                self.out.reserve(rest.min(LARGEST_GUESS));
            }
        }
        Ok(())
    }

    fn entries(&mut self, name: &str, shape: &Shape, value: Node<'_>, path: &Path) -> Result<(), String> {
        let item = item_of(shape)?;
        let key = shape.key.as_deref().ok_or_else(|| format!("the model's {} has no key", shape.name))?;
        for (entry, value) in object(value, path)? {
            self.start(name, None);
            self.text_element(key.wire_or("key"), namespace(key, self.model.shape(key)), entry);
            self.member(item.wire_or("value"), item, value, &path.entry(entry))?;
            self.end(name);
        }
        Ok(())
    }

    /// `<name xmlns=...>text</name>`.
    pub(crate) fn text_element(&mut self, name: &str, namespace: Option<&Namespace>, text: &str) {
        self.start(name, namespace);
        escape(text, &mut self.out);
        self.end(name);
    }

    pub(crate) fn start(&mut self, name: &str, namespace: Option<&Namespace>) {
        self.open(name, namespace);
        self.out.push('>');
    }

    fn open(&mut self, name: &str, namespace: Option<&Namespace>) {
        self.out.push('<');
        self.out.push_str(name);
        let Some(namespace) = namespace else { return };
        self.out.push_str(" xmlns");
        if let Some(prefix) = &namespace.prefix {
            self.out.push(':');
            self.out.push_str(prefix);
        }
        self.out.push_str("=\"");
        escape_attribute(&namespace.uri, &mut self.out);
        self.out.push('"');
    }

    pub(crate) fn end(&mut self, name: &str) {
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
    }
}

fn namespace<'a>(member: &'a Member, shape: &'a Shape) -> Option<&'a Namespace> {
    member.namespace.as_ref().or(match shape.kind {
        Kind::Structure => None,
        _ => shape.namespace.as_ref(),
    })
}

/// Whether any member of the shape travels in the body.
pub(crate) fn has_body(shape: &Shape) -> bool {
    shape.members.iter().any(|member| member.location.is_none())
}

/// Text with the characters replaced that mean something in XML, or that XML cannot hold at all.
pub(crate) fn escape(text: &str, out: &mut String) {
    escape_where(text, out, |byte| matches!(byte, b'&' | b'<' | b'>' | 0..=8 | 11..=31));
}

/// The same for an attribute, which quotes would end.
fn escape_attribute(text: &str, out: &mut String) {
    escape_where(text, out, |byte| matches!(byte, b'&' | b'<' | b'>' | b'"' | 0..=31));
}

fn escape_where(text: &str, out: &mut String, special: impl Fn(u8) -> bool) {
    // Most texts have nothing to replace. To look at all of one, without stopping, is what compilers make fast.
    if !text.bytes().fold(false, |found, byte| found | special(byte)) {
        return out.push_str(text);
    }
    let mut rest = text;
    while let Some(at) = rest.bytes().position(&special) {
        let (plain, from) = rest.split_at(at);
        out.push_str(plain);
        let mut chars = from.chars();
        match chars.next() {
            Some('&') => out.push_str("&amp;"),
            Some('<') => out.push_str("&lt;"),
            Some('>') => out.push_str("&gt;"),
            Some('"') => out.push_str("&quot;"),
            Some('\t') => out.push_str("&#x9;"),
            Some('\n') => out.push_str("&#xA;"),
            Some('\r') => out.push_str("&#xD;"),
            _ => out.push(char::REPLACEMENT_CHARACTER),
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::{escape, escape_attribute};

    #[test]
    fn markup_and_control_characters_are_replaced() {
        let mut out = String::new();
        escape("a<b>&\"c\"\r\n\0ü", &mut out);
        assert_eq!(out, "a&lt;b&gt;&amp;\"c\"&#xD;\n\u{fffd}ü");
        out.clear();
        escape_attribute("\"\n", &mut out);
        assert_eq!(out, "&quot;&#xA;");
    }
}
