//! Elastic IP addresses.

use crate::Tags;
use postern_names::*;
use serde::{Deserialize, Serialize};
use std::net::Ipv4Addr;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ElasticAddress {
    pub allocation: AllocationId,
    pub owner: AccountId,
    pub region: Region,
    pub public_ip: Ipv4Addr,
    /// Association, interface, and which of its private addresses.
    pub association: Option<(AddressAssociationId, NetworkInterfaceId, Ipv4Addr)>,
    pub tags: Tags,
}
