//! Verbs of groups, ACLs, interfaces, instances, images, key pairs, regions and zones.

use super::Verb;

pub(crate) mod find;
pub(crate) mod free_address;
pub(crate) mod new_interface;
pub(crate) mod public_address;

/// Operation and verb.
pub const VERBS: &[(&str, Verb)] = &[];
