//! The outbound entries of the ACL at the border that a packet leaves.

use crate::network_acl::{self, Way};
use crate::view::View;
use postern_names::{IpFamily, Stop};
use postern_program::{Chain, Field, Map, Match, Rule};

const WAY: Way = Way {
    stop: Stop::NetworkAclOut,
    prefix: "c_acl_out_",
    map: "m_acl_out",
    egress: true,
    group: Field::InGroup,
    endpoint_map: "m_acl_out_endpoint",
    endpoint: Field::Source,
    peer: Match::Destination,
};

/// Goes on if the sender's subnet lets the packet out, or if it comes from no subnet.
pub(crate) fn check() -> Rule {
    network_acl::check(&WAY)
}

/// Goes on if the subnet of an interface endpoint lets its answer out.
pub(crate) fn endpoint_check() -> Rule {
    network_acl::endpoint_check(&WAY)
}

pub(crate) fn maps(view: &View<'_>, ip: IpFamily) -> [Map; 2] {
    [network_acl::map(view, &WAY), network_acl::endpoint_map(view, &WAY, ip)]
}

pub(crate) fn chains(view: &View<'_>, ip: IpFamily) -> Vec<Chain> {
    network_acl::chains(view, &WAY, ip)
}
