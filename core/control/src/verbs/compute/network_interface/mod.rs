//! Verbs of network interfaces.

mod addresses;
mod attach;
mod attribute;
mod create;
mod delete;
mod guard;
mod ipv6_addresses;

use crate::verbs::Whole;
use crate::{Context, Draft, Request, describe, view};
use postern_call::{Answer, Refusal};

pub(crate) use attribute::set_groups;

pub(super) const VERBS: &[(&str, Whole)] = &[
    ("CreateNetworkInterface", create::create),
    ("DeleteNetworkInterface", delete::delete),
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

pub(super) fn describe_interfaces(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Answer, Refusal> {
    let members = ("NetworkInterfaceIds", "NetworkInterfaces");
    describe(draft, context, request, members, view::network_interface::network_interface)
}
