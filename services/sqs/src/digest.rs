//! The MD5s by which clients see that a message came through whole.

use crate::queue::Attribute;
use base64::Engine;
use md5::{Digest, Md5};

pub fn of_text(text: &str) -> String {
    hex::encode(Md5::digest(text.as_bytes()))
}

/// Over attributes in the order of their names: each name, type and value behind its length in four bytes, the value
/// behind one byte more that tells text (1) from binary (2). `None`: there are none.
pub fn of_attributes<'a>(attributes: impl Iterator<Item = (&'a String, &'a Attribute)>) -> Option<String> {
    let mut digest = Md5::new();
    let mut any = false;
    for (name, attribute) in attributes {
        any = true;
        part(&mut digest, name.as_bytes());
        part(&mut digest, attribute.data_type.as_bytes());
        if attribute.is_binary() {
            digest.update([2]);
            let bytes = base64::engine::general_purpose::STANDARD.decode(&attribute.value).unwrap_or_default();
            part(&mut digest, &bytes);
        } else {
            digest.update([1]);
            part(&mut digest, attribute.value.as_bytes());
        }
    }
    any.then(|| hex::encode(digest.finalize()))
}

fn part(digest: &mut Md5, bytes: &[u8]) {
    digest.update((bytes.len() as u32).to_be_bytes());
    digest.update(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn attributes_are_digested_by_name_type_and_value() {
        let attribute = |data_type: &str, value: &str| Attribute { data_type: data_type.into(), value: value.into() };
        let all = BTreeMap::from([
            ("name".to_owned(), attribute("String", "grün")),
            ("count".to_owned(), attribute("Number.int", "42")),
            ("a.binary".to_owned(), attribute("Binary", "AAH/")),
        ]);
        // Worked out apart from this code, by the rule of the developer guide.
        assert_eq!(of_attributes(all.iter()).as_deref(), Some("38aa256d9fd7101b095def909dd75943"));
        assert_eq!(of_attributes(BTreeMap::new().iter()), None);
        assert_eq!(of_text("hello"), "5d41402abc4b2a76b9719d911017c592");
    }
}
