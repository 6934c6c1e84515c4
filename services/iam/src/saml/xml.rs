//! Small helpers for reading XML trees.

use uppsala::{Document, NodeId, Parser};

/// Elements nested deeper than this are no SAML.
const DEPTH_MAX: u32 = 64;

/// Without document types and entities, which could make text mean something else than it says.
pub fn parse(text: &str) -> Result<Document<'_>, String> {
    let parser = Parser::new().with_max_depth(DEPTH_MAX).with_forbid_dtd(true).with_forbid_entities(true);
    parser.parse(text).map_err(|error| format!("no XML that is taken: {error}"))
}

/// Whether the node is an element of this name.
pub fn is(document: &Document<'_>, node: NodeId, namespace: &str, name: &str) -> bool {
    document.element(node).is_some_and(|element| element.matches_name_ns(namespace, name))
}

/// The only child of this name. The error says that there are none or several.
pub fn only(document: &Document<'_>, parent: NodeId, namespace: &str, name: &str) -> Result<NodeId, String> {
    match document.child_elements_by_name_ns(parent, namespace, name)[..] {
        [one] => Ok(one),
        [] => Err(format!("there is no {name}")),
        _ => Err(format!("there is more than one {name}")),
    }
}

/// All text below the node, without the white space around it. Comments cut nothing off.
pub fn text(document: &Document<'_>, node: NodeId) -> String {
    document.text_content_deep(node).trim().to_owned()
}

/// The value of an attribute without a namespace.
pub fn attribute<'d>(document: &'d Document<'_>, node: NodeId, name: &str) -> Option<&'d str> {
    let found = document.element(node)?.attributes.iter().find(|a| a.name.matches(None, name))?;
    Some(&found.value)
}
