//! A parsed XML document: elements with attributes, children and text, prefixes and namespaces taken off.

use super::DEPTH;
use postern_call::Refusal;
use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};

/// An element. Attribute names keep their prefix, since `xsi:type` is a name of the models.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Element {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub children: Vec<Element>,
    pub text: String,
}

impl Element {
    pub(crate) fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }
}

/// Parses a document's one element. Document type definitions are refused: nothing of AWS's needs them.
pub(crate) fn parse(body: &[u8]) -> Result<Element, Refusal> {
    let text = std::str::from_utf8(body).map_err(|error| malformed(&error.to_string()))?;
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = true;
    let mut open = vec![Element::default()];
    loop {
        match reader.read_event().map_err(|error| malformed(&error.to_string()))? {
            Event::Start(start) if open.len() <= DEPTH => open.push(element(&start)?),
            Event::Start(_) => return Err(malformed("elements nest too deep")),
            Event::Empty(start) => add(&mut open, element(&start)?),
            Event::End(_) => {
                let done = open.pop().ok_or_else(|| malformed("an end without a start"))?;
                add(&mut open, done);
            }
            Event::Text(text) => push(&mut open, &text.decode().map_err(|error| malformed(&error.to_string()))?),
            Event::CData(text) => push(&mut open, &text.decode().map_err(|error| malformed(&error.to_string()))?),
            Event::GeneralRef(reference) => {
                let name = reference.decode().map_err(|error| malformed(&error.to_string()))?;
                let character = reference.resolve_char_ref().map_err(|error| malformed(&error.to_string()))?;
                let resolved = character.or(predefined(&name)).ok_or_else(|| malformed("an unknown entity"))?;
                push(&mut open, resolved.encode_utf8(&mut [0; 4]));
            }
            Event::DocType(_) => return Err(malformed("a document type definition")),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof => break,
        }
    }
    match (open.pop(), open.is_empty()) {
        (Some(mut root), true) if root.children.len() == 1 => root.children.pop().ok_or_else(|| malformed("empty")),
        _ => Err(malformed("not one whole element")),
    }
}

pub(crate) fn malformed(why: &str) -> Refusal {
    let message = "The XML you provided was not well-formed or did not validate against our published schema";
    Refusal::new("MalformedXML", message).hint(why)
}

fn element(start: &BytesStart) -> Result<Element, Refusal> {
    let name = utf8(start.local_name().into_inner())?;
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| malformed(&error.to_string()))?;
        let value =
            attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| malformed(&error.to_string()))?;
        attributes.push((utf8(attribute.key.into_inner())?, value.into_owned()));
    }
    Ok(Element { name, attributes, ..Element::default() })
}

fn utf8(bytes: &[u8]) -> Result<String, Refusal> {
    std::str::from_utf8(bytes).map(str::to_owned).map_err(|error| malformed(&error.to_string()))
}

fn add(open: &mut [Element], child: Element) {
    if let Some(parent) = open.last_mut() {
        parent.children.push(child);
    }
}

fn push(open: &mut [Element], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

fn predefined(name: &str) -> Option<char> {
    Some(match name {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "quot" => '"',
        "apos" => '\'',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn text_entities_and_sections_join() {
        let root = parse(b"<?xml version='1.0'?><a x:y='1&amp;2'><b>1 &lt; <![CDATA[<2>]]>&#33;</b><c/></a>").unwrap();
        assert_eq!(root.attributes, [("x:y".to_owned(), "1&2".to_owned())]);
        assert_eq!(root.child("b").unwrap().text, "1 < <2>!");
        assert!(root.child("c").unwrap().children.is_empty());
    }

    #[test]
    fn what_is_not_one_element_is_refused() {
        for text in ["", "<a>", "<a></b>", "a", "<a/><b/>", "</a>", "<!DOCTYPE a><a/>", "<a>&nope;</a>"] {
            assert_eq!(parse(text.as_bytes()).unwrap_err().code, "MalformedXML", "{text}");
        }
        let deep = "<a>".repeat(100_000);
        assert!(parse(deep.as_bytes()).is_err());
    }
}
