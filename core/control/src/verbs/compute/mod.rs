//! Verbs of groups, ACLs, interfaces, instances, images, key pairs, regions and zones.

use super::{Lean, Whole};

pub(crate) mod find;
pub(crate) mod free_address;
mod group;
mod image;
mod instance;
mod instance_type;
pub(crate) mod interface_wish;
pub(crate) mod ipv6_wish;
mod key_pair;
pub mod lifecycle;
mod network_acl;
mod network_interface;
pub(crate) mod new_interface;
pub(crate) mod public_address;
mod region;
mod volume;
pub(crate) mod word;

/// Operation and verb, family by family.
const FAMILIES: &[&[(&str, Whole)]] = &[
    group::VERBS,
    image::VERBS,
    instance::VERBS,
    instance_type::VERBS,
    key_pair::VERBS,
    network_acl::VERBS,
    network_interface::VERBS,
    region::VERBS,
    volume::VERBS,
];

/// The same of what answers leanly.
pub const LEAN: &[(&str, Lean)] = &[
    ("DescribeNetworkAcls", network_acl::describe_acls),
    ("DescribeNetworkInterfaces", network_interface::describe_interfaces),
];

/// Operation and verb.
pub fn verbs() -> impl Iterator<Item = (&'static str, Whole)> {
    FAMILIES.iter().flat_map(|family| family.iter().copied())
}
