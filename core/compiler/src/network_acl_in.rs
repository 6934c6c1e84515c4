//! The inbound entries of the ACL at the border that a packet enters.

use crate::network_acl::{self, Way};
use crate::view::View;
use postern_names::{IpFamily, Stop};
use postern_program::{Chain, Field, Map, Match, Rule};

const WAY: Way = Way {
    stop: Stop::NetworkAclIn,
    prefix: "c_acl_in_",
    map: "m_acl_in",
    egress: false,
    group: Field::OutGroup,
    endpoint_map: "m_acl_in_endpoint",
    endpoint: Field::Destination,
    peer: Match::Source,
};

/// Goes on if the receiver's subnet lets the packet in, or if it goes to no subnet.
pub(crate) fn check() -> Rule {
    network_acl::check(&WAY)
}

/// Goes on if the subnet of an interface endpoint lets the packet in.
pub(crate) fn endpoint_check() -> Rule {
    network_acl::endpoint_check(&WAY)
}

pub(crate) fn maps(view: &View<'_>, ip: IpFamily) -> [Map; 2] {
    [network_acl::map(view, &WAY), network_acl::endpoint_map(view, &WAY, ip)]
}

pub(crate) fn chains(view: &View<'_>, ip: IpFamily) -> Vec<Chain> {
    network_acl::chains(view, &WAY, ip)
}
