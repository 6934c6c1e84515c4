//! The IPv6 addresses that a request wants of an interface.

use crate::{Context, Draft, Request, refuse};
use postern_call::Refusal;
use postern_model::{NetworkInterface, Subnet, World};
use postern_names::Ipv6Cidr;
use std::net::Ipv6Addr;

/// Addresses at the head of a subnet that AWS keeps.
const RESERVED_HEAD: u128 = 4;
/// An address that is taken is drawn again.
const DRAWS_MAX: u32 = 64;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Ipv6Wish {
    pub named: Vec<Ipv6Addr>,
    /// Further ones, any free.
    pub count: u32,
}

impl Ipv6Wish {
    /// `Ipv6Addresses` and `Ipv6AddressCount`; one in a subnet that gives addresses out itself, if neither says anything.
    pub(crate) fn read(request: &Request<'_>, subnet: &Subnet) -> Result<Self, Refusal> {
        let mut named = Vec::new();
        for part in request.parts("Ipv6Addresses") {
            named.push(parse(part.required_text("Ipv6Address")?)?);
        }
        let count = request.number("Ipv6AddressCount");
        if count.unwrap_or(0) != 0 && !named.is_empty() {
            return Err(refuse::invalid_combination("Specify either ipv6Addresses or ipv6AddressCount, and not both."));
        }
        if count.is_none() && named.is_empty() && subnet.assign_ipv6_on_creation {
            return Ok(Self { named, count: 1 });
        }
        let count = count.unwrap_or(0);
        let count = u32::try_from(count)
            .map_err(|_| refuse::invalid_value("ipv6AddressCount", count, "Must not be negative"))?;
        Ok(Self { named, count })
    }

    /// Addresses in all.
    pub(crate) fn len(&self) -> u64 {
        self.named.len() as u64 + u64::from(self.count)
    }

    pub(crate) fn check_limit(&self, present: usize, most: u32) -> Result<(), Refusal> {
        if present as u64 + self.len() <= u64::from(most) {
            return Ok(());
        }
        let message = format!("Number of IPv6 addresses will exceed limit of {most}.");
        Err(Refusal::new("Ipv6AddressLimitExceeded", message))
    }

    /// Adds the addresses to an interface, which the caller puts.
    pub(crate) fn give(
        &self,
        draft: &Draft<'_>,
        context: &Context<'_>,
        interface: &mut NetworkInterface,
        subnet: &Subnet,
    ) -> Result<Vec<Ipv6Addr>, Refusal> {
        if self.len() == 0 {
            return Ok(Vec::new());
        }
        let Some(range) = subnet.ipv6.as_ref().map(|own| own.cidr) else {
            let message = format!("The subnet '{}' has no IPv6 CIDR block associated with it.", subnet.id);
            return Err(
                Refusal::new("InvalidParameterValue", message).hint("associate one with AssociateSubnetCidrBlock")
            );
        };
        let mut added = Vec::new();
        for wanted in self.named.iter().copied().map(Some).chain((0..self.count).map(|_| None)) {
            let address = match wanted {
                Some(address) => named(draft, subnet, range, interface, address)?,
                None => any(draft, context, subnet, range, interface)?,
            };
            interface.ipv6_addresses.push(address);
            added.push(address);
        }
        Ok(added)
    }
}

pub(crate) fn parse(given: &str) -> Result<Ipv6Addr, Refusal> {
    given.parse().map_err(|_| Refusal::new("InvalidParameterValue", format!("Invalid IPv6 address: {given}")))
}

fn is_used(world: &World, subnet: &Subnet, own: &NetworkInterface, address: Ipv6Addr) -> bool {
    own.ipv6_addresses.contains(&address)
        || world.network_interfaces.values().any(|eni| eni.subnet == subnet.id && eni.ipv6_addresses.contains(&address))
}

fn is_reserved(range: Ipv6Cidr, address: Ipv6Addr) -> bool {
    u128::from(address) - u128::from(range.network()) < RESERVED_HEAD || address == range.last()
}

fn named(
    world: &World,
    subnet: &Subnet,
    range: Ipv6Cidr,
    own: &NetworkInterface,
    address: Ipv6Addr,
) -> Result<Ipv6Addr, Refusal> {
    if !range.contains(address) {
        let message = format!("Address {address} does not fall within the subnet's address range");
        return Err(Refusal::new("InvalidParameterValue", message).hint(format!("{} is {range}", subnet.id)));
    }
    if is_reserved(range, address) {
        let message = format!("Address {address} is in subnet's reserved address range");
        return Err(Refusal::new("InvalidParameterValue", message)
            .hint("the first four addresses of a subnet and its last one are AWS's own"));
    }
    if is_used(world, subnet, own, address) {
        return Err(Refusal::new("InvalidIPAddress.InUse", format!("Address {address} is in use.")));
    }
    Ok(address)
}

fn any(
    world: &World,
    context: &Context<'_>,
    subnet: &Subnet,
    range: Ipv6Cidr,
    own: &NetworkInterface,
) -> Result<Ipv6Addr, Refusal> {
    for _ in 0..DRAWS_MAX {
        let free = range
            .nth(u128::from(context.outside.bits()))
            .filter(|address| !is_reserved(range, *address) && !is_used(world, subnet, own, *address));
        if let Some(address) = free {
            return Ok(address);
        }
    }
    Err(Refusal::new("InsufficientFreeAddressesInSubnet", "There are not enough free addresses in the subnet."))
}
