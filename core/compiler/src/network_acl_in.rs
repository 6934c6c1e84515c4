//! The inbound entries of the ACL at the border that a packet enters.

use crate::network_acl::{self, Way};
use crate::view::View;
use postern_names::Stop;
use postern_program::{Chain, Field, Map, Match, Rule};

const WAY: Way = Way {
    stop: Stop::NetworkAclIn,
    prefix: "c_acl_in_",
    map: "m_acl_in",
    egress: false,
    group: Field::OutGroup,
    peer: Match::Source,
};

/// Goes on if the receiver's subnet lets the packet in, or if it goes to no subnet.
pub(crate) fn check() -> Rule {
    network_acl::check(&WAY)
}

pub(crate) fn map(view: &View<'_>) -> Map {
    network_acl::map(view, &WAY)
}

pub(crate) fn chains(view: &View<'_>) -> Vec<Chain> {
    network_acl::chains(view, &WAY)
}
