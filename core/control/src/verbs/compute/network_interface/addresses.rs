//! AssignPrivateIpAddresses and UnassignPrivateIpAddresses: an interface's secondary addresses.

use super::guard::own;
use crate::verbs::compute::interface_wish::{AddressWish, MOST_ADDRESSES, add_secondary, invalid_address};
use crate::{Context, Draft, Request, find, refuse};
use postern_call::Refusal;
use postern_model::{Instance, NetworkInterface, Subnet, World, instance_types};
use serde_json::{Value, json};
use std::net::Ipv4Addr;

/// `AllowReassignment` takes a secondary address from another interface of the subnet.
pub(super) fn assign(draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let mut interface = own(draft, context, request.id("NetworkInterfaceId")?)?;
    if request.number("Ipv4PrefixCount").unwrap_or(0) != 0 || !request.texts("Ipv4Prefixes").is_empty() {
        return Err(refuse::not_served("AssignPrivateIpAddresses with prefixes"));
    }
    let named = addresses(request)?;
    let count = request.number("SecondaryPrivateIpAddressCount").unwrap_or(0);
    if named.is_empty() == (count == 0) {
        return Err(refuse::invalid_combination(
            "Specify either privateIpAddresses or secondaryPrivateIpAddressCount, and not both.",
        ));
    }
    let count = u32::try_from(count)
        .map_err(|_| refuse::invalid_value("secondaryPrivateIpAddressCount", count, "Must not be negative"))?;
    let subnet = find::<Subnet>(draft, context, interface.subnet)?.clone();
    let wish = AddressWish { primary: interface.primary_address(), secondary: named, count };
    check_limit(draft, &interface, &wish)?;
    if request.flag("AllowReassignment").unwrap_or(false) {
        for address in &wish.secondary {
            take_from_others(draft, &interface, *address)?;
        }
    }
    let added = add_secondary(draft, &mut interface, &subnet, &wish)?;
    let shown: Vec<Value> = added.iter().map(|a| json!({ "PrivateIpAddress": a.to_string() })).collect();
    Ok(json!({ "NetworkInterfaceId": interface.id.to_string(), "AssignedPrivateIpAddresses": shown }))
}

/// Never the primary address, nor one with an Elastic IP.
pub(super) fn unassign(draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let mut interface = own(draft, context, request.id("NetworkInterfaceId")?)?;
    let named = addresses(request)?;
    if named.is_empty() {
        return Err(refuse::missing_parameter("privateIpAddresses"));
    }
    for address in named {
        let place = interface.addresses.iter().position(|a| a.address == address);
        match place {
            None => {
                let message = "Some of the specified addresses are not assigned to interface";
                return Err(Refusal::new("InvalidParameterValue", format!("{message} {}", interface.id)));
            }
            Some(0) => {
                let message = format!("{address} is the primary address of {} and cannot be unassigned.", interface.id);
                return Err(Refusal::new("InvalidParameterValue", message));
            }
            Some(place) => {
                release_elastic(draft, &interface, address);
                interface.addresses.remove(place);
            }
        }
    }
    draft.put(interface);
    Ok(json!({}))
}

fn addresses(request: &Request<'_>) -> Result<Vec<Ipv4Addr>, Refusal> {
    request
        .texts("PrivateIpAddresses")
        .into_iter()
        .map(|given| given.parse().map_err(|_| invalid_address(given)))
        .collect()
}

/// The instance type's bound if attached.
fn check_limit(world: &World, interface: &NetworkInterface, wish: &AddressWish) -> Result<(), Refusal> {
    let instance = interface.attachment.as_ref().and_then(|a| a.instance).and_then(|id| world.instances.get(&id));
    let bound = |i: &Instance| instance_types().iter().find(|kind| kind.name == i.instance_type);
    let most = instance.and_then(bound).map_or(MOST_ADDRESSES, |kind| kind.addresses_per_interface);
    if interface.addresses.len() as u64 + wish.count() - 1 <= u64::from(most) {
        return Ok(());
    }
    let message = format!("Number of private addresses will exceed limit of {most}.");
    Err(Refusal::new("PrivateIpAddressLimitExceeded", message))
}

fn take_from_others(draft: &mut Draft<'_>, interface: &NetworkInterface, address: Ipv4Addr) -> Result<(), Refusal> {
    let has_it = |eni: &&NetworkInterface| {
        eni.id != interface.id && eni.subnet == interface.subnet && eni.addresses.iter().any(|a| a.address == address)
    };
    let Some(mut other) = draft.network_interfaces.values().find(has_it).cloned() else { return Ok(()) };
    if other.primary_address() == Some(address) || other.requester_managed {
        let message = format!("Address {address} is the primary address of {} and cannot be reassigned.", other.id);
        return Err(Refusal::new("InvalidParameterValue", message));
    }
    release_elastic(draft, &other, address);
    other.addresses.retain(|a| a.address != address);
    draft.put(other);
    Ok(())
}

/// An Elastic IP loses its association with a private address that goes.
fn release_elastic(draft: &mut Draft<'_>, interface: &NetworkInterface, private: Ipv4Addr) {
    if let Some(mut elastic) = draft.addresses.associated(interface.id, private).cloned() {
        elastic.association = None;
        draft.put(elastic);
    }
}
