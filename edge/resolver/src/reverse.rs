//! Reverse names of the VPC's own addresses.

use crate::answer::{INSTANCE_TTL, Value};
use postern_model::{Vpc, World};
use std::net::Ipv4Addr;

/// The names of the address that `5.1.0.10.in-addr.arpa` stands for.
pub(crate) fn names(world: &World, vpc: &Vpc, name: &str) -> Option<(u32, Vec<Value>)> {
    let address = address(name)?;
    let interface =
        world.interface_by_address(vpc.id, address.into()).filter(|interface| world.interface_is_up(interface.id))?;
    let label = interface.addresses.iter().find(|a| a.address == address)?.address.to_string().replace('.', "-");
    Some((INSTANCE_TTL, vec![Value::Name(format!("ip-{label}.{}", vpc.region.internal_domain()))]))
}

fn address(name: &str) -> Option<Ipv4Addr> {
    let reversed: Ipv4Addr = name.strip_suffix(".in-addr.arpa")?.parse().ok()?;
    let [a, b, c, d] = reversed.octets();
    Some(Ipv4Addr::new(d, c, b, a))
}
