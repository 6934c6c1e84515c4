//! The ingress rules of the receiving interface's groups, an interface endpoint's included.

use crate::packet::Packet;
use crate::security_group;
use crate::walk::Walk;
use postern_model::NetworkInterface;
use postern_names::Stop;

pub(crate) fn check(walk: &mut Walk<'_, '_>, eni: &NetworkInterface, packet: Packet) {
    security_group::check(walk, Stop::SecurityGroupIn, eni, packet);
}
