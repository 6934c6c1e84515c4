//! The egress rules of the sending interface's groups.

use crate::packet::Packet;
use crate::security_group;
use crate::walk::Walk;
use postern_model::NetworkInterface;
use postern_names::{Stop, VpcId};

/// `other` is the VPC at the other end, if it is another.
pub(crate) fn check(walk: &mut Walk<'_, '_>, eni: &NetworkInterface, other: Option<VpcId>, packet: Packet) {
    security_group::check(walk, Stop::SecurityGroupOut, eni, other, packet);
}
