//! CreateNetworkInterface.

use crate::verbs::compute::free_address::free_address;
use crate::verbs::compute::interface_wish::{self, AddressWish, MOST_ADDRESSES};
use crate::verbs::compute::ipv6_wish::Ipv6Wish;
use crate::verbs::compute::new_interface::new_interface;
use crate::{Context, Draft, Request, find, quota, refuse, tags, view};
use postern_call::Refusal;
use postern_model::{InterfaceKind, Subnet, World};
use serde_json::{Value, json};

/// An interface of its own, to be attached later.
pub(super) fn create(draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let subnet = find::<Subnet>(draft, context, request.id("SubnetId")?)?.clone();
    refuse_unserved(request)?;
    check_count(draft, context)?;
    let wish = AddressWish::read(request)?;
    wish.check_limit(MOST_ADDRESSES)?;
    let newer = Ipv6Wish::read(request, &subnet)?;
    newer.check_limit(0, MOST_ADDRESSES)?;
    let description = interface_wish::description(request)?;
    let groups = interface_wish::groups(draft, context, request, "Groups", &subnet)?;
    let tags = tags::specified(request, "network-interface", &[])?;
    let address = free_address(draft, &subnet, wish.primary)?;
    let mut interface = new_interface(context, &subnet, InterfaceKind::Interface, &description, address);
    interface.groups = groups;
    interface.tags = tags;
    newer.give(draft, context, &mut interface, &subnet)?;
    draft.put(interface.clone());
    interface_wish::add_secondary(draft, &mut interface, &subnet, &wish)?;
    let shown = view::network_interface::network_interface(draft, &interface);
    let mut reply = json!({ "NetworkInterface": Value::from(shown) });
    // The create reply is the one place where AWS shows an interface before it is available.
    reply["NetworkInterface"]["Status"] = json!("pending");
    if let Some(token) = request.text("ClientToken") {
        reply["ClientToken"] = json!(token);
    }
    Ok(reply)
}

fn refuse_unserved(request: &Request<'_>) -> Result<(), Refusal> {
    let says_something = |name: &&&str| match request.get(name) {
        None => false,
        Some(value) => {
            value.as_i64() != Some(0)
                && value.as_bool() != Some(false)
                && value.as_array().is_none_or(|a| !a.is_empty())
        }
    };
    let members = [
        "Ipv4Prefixes",
        "Ipv4PrefixCount",
        "Ipv6Prefixes",
        "Ipv6PrefixCount",
        "EnablePrimaryIpv6",
        "InterfaceType",
        "Operator",
        "ConnectionTrackingSpecification",
    ];
    match members.iter().find(says_something) {
        Some(member) => Err(refuse::not_served(&format!("CreateNetworkInterface with {member}"))),
        None => Ok(()),
    }
}

fn check_count(world: &World, context: &Context<'_>) -> Result<(), Refusal> {
    let own = world.network_interfaces.values().filter(|e| e.owner == context.account && e.region == *context.region);
    let refusal = || quota::reached("NetworkInterfaceLimitExceeded", "network interfaces");
    quota::check(context.quotas.network_interfaces, own, refusal)
}
