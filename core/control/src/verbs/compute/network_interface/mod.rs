//! Verbs of network interfaces.

mod addresses;
mod attach;
mod attribute;
mod create;
mod delete;
mod guard;
mod ipv6_addresses;

use crate::verbs::Verb;
use crate::{Context, Draft, Request, describe, view};
use postern_call::Refusal;
use serde_json::Value;

pub(crate) use attribute::set_groups;

pub(super) const VERBS: &[(&str, Verb)] = &[
    ("CreateNetworkInterface", create::create),
    ("DeleteNetworkInterface", delete::delete),
    ("DescribeNetworkInterfaces", describe_interfaces),
    ("AttachNetworkInterface", attach::attach),
    ("DetachNetworkInterface", attach::detach),
    ("DescribeNetworkInterfaceAttribute", attribute::describe_attribute),
    ("ModifyNetworkInterfaceAttribute", attribute::modify),
    ("ResetNetworkInterfaceAttribute", attribute::reset),
    ("AssignIpv6Addresses", ipv6_addresses::assign),
    ("AssignPrivateIpAddresses", addresses::assign),
    ("UnassignIpv6Addresses", ipv6_addresses::unassign),
    ("UnassignPrivateIpAddresses", addresses::unassign),
];

fn describe_interfaces(draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let members = ("NetworkInterfaceIds", "NetworkInterfaces");
    describe(draft, context, request, members, view::network_interface::network_interface)
}
