//! Netlink attributes as the netfilter family of protocols uses them: read and written by hand.

use crate::netlink::read_u16;

const TYPE_MASK: u16 = 0x3fff;
const NESTED: u16 = 0x8000;

/// Type and content of every attribute, in order; stops at the first that does not fit.
pub(crate) fn attributes(mut bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let length = usize::from(read_u16(bytes, 0)?);
        let kind = read_u16(bytes, 2)? & TYPE_MASK;
        let content = bytes.get(4..length)?;
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((kind, content))
    })
}

/// The content of the first attribute of this type.
pub(crate) fn attribute(bytes: &[u8], kind: u16) -> Option<&[u8]> {
    attributes(bytes).find(|(k, _)| *k == kind).map(|(_, content)| content)
}

pub(crate) fn big_endian_u64(content: &[u8]) -> Option<u64> {
    content.try_into().ok().map(u64::from_be_bytes)
}

/// Appends an attribute.
pub(crate) fn push(into: &mut Vec<u8>, kind: u16, content: &[u8]) {
    into.extend(((content.len() + 4) as u16).to_ne_bytes());
    into.extend(kind.to_ne_bytes());
    into.extend_from_slice(content);
    into.resize(into.len().next_multiple_of(4), 0);
}

/// Appends an attribute that holds attributes.
pub(crate) fn push_nested(into: &mut Vec<u8>, kind: u16, content: &[u8]) {
    push(into, kind | NESTED, content);
}

/// The header of every netfilter message: family, version 0, resource 0.
pub(crate) fn header(family: u8) -> Vec<u8> {
    vec![family, 0, 0, 0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_read_as_written() {
        let mut inner = Vec::new();
        push(&mut inner, 1, b"abc");
        let mut bytes = Vec::new();
        push_nested(&mut bytes, 7, &inner);
        push(&mut bytes, 9, &5u64.to_be_bytes());
        assert_eq!(attribute(attribute(&bytes, 7).unwrap(), 1), Some(&b"abc"[..]));
        assert_eq!(attribute(&bytes, 9).and_then(big_endian_u64), Some(5));
    }

    #[test]
    fn a_length_that_lies_ends_the_list() {
        assert_eq!(attributes(&[255, 0, 1, 0, 0]).count(), 0);
        assert_eq!(attributes(&[2, 0, 1, 0]).count(), 0);
        assert_eq!(attributes(&[8]).count(), 0);
    }
}
