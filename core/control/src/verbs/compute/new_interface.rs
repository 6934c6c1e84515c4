//! A network interface as it begins.

use crate::Context;
use postern_model::{InterfaceKind, NetworkInterface, PrivateAddress, Subnet, Tags};
use postern_names::NetworkInterfaceId;
use std::net::Ipv4Addr;

/// A new interface in a subnet with its primary address: not attached, no groups, checked for source and destination.
/// The caller sets what differs and puts it.
pub(crate) fn new_interface(
    context: &Context<'_>,
    subnet: &Subnet,
    kind: InterfaceKind,
    description: &str,
    address: Ipv4Addr,
) -> NetworkInterface {
    NetworkInterface {
        id: NetworkInterfaceId::from_bits(context.outside.bits()),
        vpc: subnet.vpc,
        subnet: subnet.id,
        zone: subnet.zone.clone(),
        owner: context.account,
        region: context.region.clone(),
        kind,
        description: description.to_owned(),
        mac: mac(context.outside.bits()),
        addresses: vec![PrivateAddress { address, auto_public: None }],
        groups: Vec::new(),
        ipv6_addresses: Vec::new(),
        source_dest_check: true,
        associate_public_ip: false,
        attachment: None,
        requester_managed: false,
        tags: Tags::new(),
    }
}

/// A locally administered unicast address, `0a:...` as EC2's are.
fn mac(bits: u64) -> [u8; 6] {
    let [.., a, b, c, d, e] = bits.to_be_bytes();
    [0x0a, a, b, c, d, e]
}
