//! Entities as replies show them: one file per entity, members by model name.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

pub mod access_scope;
pub mod address;
pub mod dhcp_options;
pub mod endpoint;
pub mod endpoint_service;
pub mod group;
pub mod group_rule;
pub mod hostname;
pub mod image;
pub mod insights;
pub mod instance;
mod instance_filters;
pub mod instance_type;
pub mod internet_gateway;
pub mod key_pair;
pub mod nat_gateway;
pub mod network_acl;
pub mod network_interface;
pub mod peering;
pub mod prefix_list;
pub mod reservation;
pub mod route_table;
pub mod subnet;
pub mod vpc;
pub mod zone;

/// A time as replies carry it: RFC 3339, UTC, whole milliseconds.
pub fn timestamp(time: OffsetDateTime) -> String {
    let time = time.to_offset(time::UtcOffset::UTC);
    let whole = time.replace_nanosecond(u32::from(time.millisecond()) * 1_000_000).unwrap_or(time);
    whole.format(&Rfc3339).unwrap_or_default()
}
