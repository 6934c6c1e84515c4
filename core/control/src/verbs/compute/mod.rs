//! Verbs of groups, ACLs, interfaces, instances, images, key pairs, regions and zones.

use super::Verb;

pub(crate) mod find;
pub(crate) mod free_address;
mod group;
mod instance;
pub(crate) mod interface_wish;
pub mod lifecycle;
mod network_acl;
mod network_interface;
pub(crate) mod new_interface;
pub(crate) mod public_address;
pub(crate) mod word;

/// Operation and verb, family by family.
const FAMILIES: &[&[(&str, Verb)]] = &[group::VERBS, instance::VERBS, network_acl::VERBS, network_interface::VERBS];

/// Operation and verb.
pub fn verbs() -> impl Iterator<Item = (&'static str, Verb)> {
    FAMILIES.iter().flat_map(|family| family.iter().copied())
}
