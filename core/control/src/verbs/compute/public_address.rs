//! Which public address of Amazon's pool an instance or an allocation gets.

use crate::Context;
use postern_call::Refusal;
use postern_model::{NetworkInterface, World};
use postern_names::Ipv4Cidr;
use std::collections::BTreeSet;
use std::net::Ipv4Addr;

/// The pool: a block of EC2's published ranges in which no service has its address.
fn pool() -> Option<Ipv4Cidr> {
    Ipv4Cidr::new(Ipv4Addr::new(3, 208, 0, 0), 12)
}

/// An address of the pool that nothing in any account has: from a random place, the next free one.
pub(crate) fn free_public_address(world: &World, context: &Context<'_>) -> Result<Ipv4Addr, Refusal> {
    let pool = pool().ok_or_else(exhausted)?;
    let used = used(world);
    let size = pool.size();
    let start = context.outside.bits() % size;
    (0..size)
        .filter_map(|step| pool.nth(u32::try_from((start + step) % size).ok()?))
        .find(|address| may_be_given(*address) && !used.contains(address))
        .ok_or_else(exhausted)
}

/// Gives the primary address one of the pool if the interface is an instance's first, wants one and has no Elastic IP.
pub(crate) fn give_public_address(
    world: &World,
    context: &Context<'_>,
    interface: &mut NetworkInterface,
) -> Result<(), Refusal> {
    let is_first = interface.attachment.as_ref().is_some_and(|a| a.instance.is_some() && a.device_index == 0);
    let wanted = interface.primary_address().filter(|_| is_first && interface.associate_public_ip);
    let Some(private) = wanted else { return Ok(()) };
    if world.public_address(interface.id, private).is_some() {
        return Ok(());
    }
    let address = free_public_address(world, context)?;
    if let Some(primary) = interface.addresses.first_mut() {
        primary.auto_public = Some(address);
    }
    Ok(())
}

/// Addresses ending in 0 or 255 confuse old software: AWS does not give them out.
fn may_be_given(address: Ipv4Addr) -> bool {
    !matches!(address.octets()[3], 0 | 255)
}

fn used(world: &World) -> BTreeSet<Ipv4Addr> {
    let automatic =
        world.network_interfaces.values().flat_map(|eni| eni.addresses.iter().filter_map(|a| a.auto_public));
    automatic.chain(world.addresses.values().map(|a| a.public_ip)).collect()
}

fn exhausted() -> Refusal {
    Refusal::new(
        "InsufficientAddressCapacity",
        "There are not enough addresses in Amazon's pool to satisfy the request.",
    )
}
