//! Which private address of a subnet a new interface gets.

use postern_call::Refusal;
use postern_model::{Subnet, World};
use std::collections::BTreeSet;
use std::net::Ipv4Addr;

/// Addresses at the head of a subnet that AWS keeps: network, router, resolver, future use.
const RESERVED_HEAD: u32 = 4;

/// The wanted address of the subnet if it may be given out, else its lowest free one.
///
/// Errors: `InvalidParameterValue` (outside the subnet, or reserved), `InvalidIPAddress.InUse`,
/// `InsufficientFreeAddressesInSubnet`.
pub(crate) fn free_address(world: &World, subnet: &Subnet, wanted: Option<Ipv4Addr>) -> Result<Ipv4Addr, Refusal> {
    let used = used_addresses(world, subnet);
    match wanted {
        Some(address) => check(subnet, &used, address).map(|()| address),
        None => usable(subnet).find(|address| !used.contains(address)).ok_or_else(no_address_left),
    }
}

/// The number of addresses that can still be given out: `AvailableIpAddressCount`.
pub(crate) fn free_count(world: &World, subnet: &Subnet) -> u64 {
    let usable = subnet.cidr.size().saturating_sub(u64::from(RESERVED_HEAD) + 1);
    usable.saturating_sub(used_addresses(world, subnet).len() as u64)
}

fn used_addresses(world: &World, subnet: &Subnet) -> BTreeSet<Ipv4Addr> {
    let inside = world.network_interfaces.values().filter(|eni| eni.subnet == subnet.id);
    inside.flat_map(|eni| eni.addresses.iter().map(|a| a.address)).collect()
}

fn check(subnet: &Subnet, used: &BTreeSet<Ipv4Addr>, address: Ipv4Addr) -> Result<(), Refusal> {
    if !subnet.cidr.contains(address) {
        let message = format!("Address {address} does not fall within the subnet's address range");
        return Err(Refusal::new("InvalidParameterValue", message).hint(format!("{} is {}", subnet.id, subnet.cidr)));
    }
    if is_reserved(subnet, address) {
        let message = format!("Address {address} is in subnet's reserved address range");
        return Err(Refusal::new("InvalidParameterValue", message)
            .hint("the first four addresses of a subnet and its last one are AWS's own"));
    }
    if used.contains(&address) {
        return Err(Refusal::new("InvalidIPAddress.InUse", format!("Address {address} is in use.")));
    }
    Ok(())
}

fn is_reserved(subnet: &Subnet, address: Ipv4Addr) -> bool {
    let place = u32::from(address).wrapping_sub(u32::from(subnet.cidr.network()));
    place < RESERVED_HEAD || address == subnet.cidr.last()
}

fn usable(subnet: &Subnet) -> impl Iterator<Item = Ipv4Addr> {
    let first = u32::from(subnet.cidr.network()).saturating_add(RESERVED_HEAD);
    (first..u32::from(subnet.cidr.last())).map(Ipv4Addr::from)
}

fn no_address_left() -> Refusal {
    Refusal::new(
        "InsufficientFreeAddressesInSubnet",
        "The specified subnet does not have enough free addresses to satisfy the request.",
    )
}
