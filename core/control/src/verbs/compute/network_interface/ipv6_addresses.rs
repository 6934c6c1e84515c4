//! AssignIpv6Addresses and UnassignIpv6Addresses: an interface's IPv6 addresses.

use super::guard::own;
use crate::verbs::compute::interface_wish::MOST_ADDRESSES;
use crate::verbs::compute::ipv6_wish::{self, Ipv6Wish};
use crate::{Context, Draft, Request, find, refuse};
use postern_call::Refusal;
use postern_model::{Instance, Subnet, instance_types};
use serde_json::{Value, json};
use std::net::Ipv6Addr;

pub(super) fn assign(draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let mut interface = own(draft, context, request.id("NetworkInterfaceId")?)?;
    if request.number("Ipv6PrefixCount").unwrap_or(0) != 0 || !request.texts("Ipv6Prefixes").is_empty() {
        return Err(refuse::not_served("AssignIpv6Addresses with prefixes"));
    }
    let (named, count) = (addresses(request)?, request.number("Ipv6AddressCount").unwrap_or(0));
    if named.is_empty() == (count == 0) {
        return Err(refuse::invalid_combination("Specify either ipv6Addresses or ipv6AddressCount, and not both."));
    }
    let count =
        u32::try_from(count).map_err(|_| refuse::invalid_value("ipv6AddressCount", count, "Must not be negative"))?;
    let wish = Ipv6Wish { named, count };
    let instance = interface.attachment.as_ref().and_then(|a| a.instance).and_then(|id| draft.instances.get(&id));
    let bound = |i: &Instance| instance_types().iter().find(|kind| kind.name == i.instance_type);
    let most = instance.and_then(bound).map_or(MOST_ADDRESSES, |kind| kind.addresses_per_interface);
    wish.check_limit(interface.ipv6_addresses.len(), most)?;
    let subnet = find::<Subnet>(draft, context, interface.subnet)?.clone();
    let added = wish.give(draft, context, &mut interface, &subnet)?;
    let id = interface.id;
    draft.put(interface);
    Ok(json!({ "NetworkInterfaceId": id.to_string(), "AssignedIpv6Addresses": texts(&added) }))
}

pub(super) fn unassign(draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let mut interface = own(draft, context, request.id("NetworkInterfaceId")?)?;
    let named = addresses(request)?;
    if named.is_empty() {
        return Err(refuse::missing_parameter("ipv6Addresses"));
    }
    if named.iter().any(|address| !interface.ipv6_addresses.contains(address)) {
        let message = "Some of the specified addresses are not assigned to interface";
        return Err(Refusal::new("InvalidParameterValue", format!("{message} {}", interface.id)));
    }
    interface.ipv6_addresses.retain(|address| !named.contains(address));
    let id = interface.id;
    draft.put(interface);
    Ok(json!({ "NetworkInterfaceId": id.to_string(), "UnassignedIpv6Addresses": texts(&named) }))
}

fn texts(addresses: &[Ipv6Addr]) -> Vec<String> {
    addresses.iter().map(ToString::to_string).collect()
}

fn addresses(request: &Request<'_>) -> Result<Vec<Ipv6Addr>, Refusal> {
    request.texts("Ipv6Addresses").into_iter().map(ipv6_wish::parse).collect()
}
