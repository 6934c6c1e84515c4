//! The outbound entries of the ACL at the border that a packet leaves.

use crate::network_acl::{self, Way};
use crate::view::View;
use postern_names::Stop;
use postern_program::{Chain, Field, Map, Match, Rule};

const WAY: Way = Way {
    stop: Stop::NetworkAclOut,
    prefix: "c_acl_out_",
    map: "m_acl_out",
    egress: true,
    group: Field::InGroup,
    peer: Match::Destination,
};

/// Goes on if the sender's subnet lets the packet out, or if it comes from no subnet.
pub(crate) fn check() -> Rule {
    network_acl::check(&WAY)
}

pub(crate) fn map(view: &View<'_>) -> Map {
    network_acl::map(view, &WAY)
}

pub(crate) fn chains(view: &View<'_>) -> Vec<Chain> {
    network_acl::chains(view, &WAY)
}
