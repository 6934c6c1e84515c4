//! Tags of a resource, by key.

use std::collections::BTreeMap;

/// At most 50 user tags; keys of 1 to 128 and values of 0 to 256 characters, checked by the verbs.
pub type Tags = BTreeMap<String, String>;
