//! Verbs of groups, ACLs, interfaces, instances, images, key pairs, regions and zones.

use super::Verb;

/// Operation and verb.
pub const VERBS: &[(&str, Verb)] = &[];
