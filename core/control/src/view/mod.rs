//! Entities as replies show them: one file per entity, members by model name.

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

pub use postern_call::timestamp;
