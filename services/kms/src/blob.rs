//! The text of a symmetric ciphertext: which key and which of its materials opens it, then what AES-256-GCM made.
//!
//! Both the head and the caller's encryption context are bound by the tag.

use crate::material::{Material, Unopened};
use postern_call::Refusal;
use std::collections::BTreeMap;

/// Names and values that must be the same at both ends.
pub type Context = BTreeMap<String, String>;

const VERSION: u8 = 1;
const ID: usize = 16;
const HEAD: usize = 1 + ID + 4;

/// What a ciphertext says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    pub key: [u8; ID],
    /// Which of the key's materials, from 0.
    pub material: u32,
}

impl Head {
    fn bytes(self) -> Vec<u8> {
        [&[VERSION][..], &self.key, &self.material.to_be_bytes()].concat()
    }

    /// `None`: no ciphertext of ours.
    pub fn read(blob: &[u8]) -> Option<(Self, &[u8])> {
        let (head, sealed) = blob.split_at_checked(HEAD)?;
        let (version, rest) = head.split_first()?;
        let (key, material) = rest.split_first_chunk::<ID>()?;
        let material = u32::from_be_bytes(material.try_into().ok()?);
        (*version == VERSION).then_some((Self { key: *key, material }, sealed))
    }

    pub fn seal(self, material: &Material, context: &Context, plaintext: &[u8]) -> Result<Vec<u8>, Refusal> {
        let mut blob = self.bytes();
        blob.extend(material.seal(plaintext, &self.bound(context))?);
        Ok(blob)
    }

    pub fn open(self, material: &Material, context: &Context, sealed: &[u8]) -> Result<Vec<u8>, Unopened> {
        material.open(sealed, &self.bound(context))
    }

    /// Lengths before texts: no two contexts give the same bytes.
    fn bound(self, context: &Context) -> Vec<u8> {
        let mut bound = self.bytes();
        for text in context.iter().flat_map(|(name, value)| [name, value]) {
            bound.extend(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
            bound.extend(text.as_bytes());
        }
        bound
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Spec;

    fn context(entries: &[(&str, &str)]) -> Context {
        entries.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn the_context_must_be_the_same() {
        let material = Material::make(Spec::Symmetric).unwrap();
        let head = Head { key: [9; ID], material: 3 };
        let blob = head.seal(&material, &context(&[("a", "bc"), ("d", "")]), b"secret").unwrap();
        let (read, sealed) = Head::read(&blob).unwrap();
        assert_eq!(read, head);
        assert_eq!(read.open(&material, &context(&[("d", ""), ("a", "bc")]), sealed).as_deref(), Ok(&b"secret"[..]));
        for other in [&[][..], &[("a", "bc")], &[("ab", "c"), ("d", "")], &[("a", "bc"), ("d", ""), ("e", "")]] {
            assert_eq!(read.open(&material, &context(other), sealed), Err(Unopened), "{other:?}");
        }
        let another = Head { material: 2, ..head };
        assert_eq!(another.open(&material, &context(&[("a", "bc"), ("d", "")]), sealed), Err(Unopened));
    }

    #[test]
    fn nonsense_is_no_ciphertext() {
        assert_eq!(Head::read(&[]), None);
        assert_eq!(Head::read(&[VERSION; HEAD - 1]), None);
        assert_eq!(Head::read(&[VERSION + 1; 60]), None);
    }
}
