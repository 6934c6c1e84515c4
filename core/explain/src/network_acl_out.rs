//! The outbound entries of the ACL at the border that a packet leaves.

use crate::network_acl;
use crate::packet::Packet;
use crate::walk::Walk;
use postern_names::{Stop, SubnetId};

pub(crate) fn check(walk: &mut Walk<'_, '_>, subnet: SubnetId, packet: Packet) {
    network_acl::check(walk, Stop::NetworkAclOut, subnet, packet);
}
