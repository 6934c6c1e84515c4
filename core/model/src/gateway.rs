//! Internet gateways and NAT gateways.

use crate::Tags;
use postern_names::*;
use serde::{Deserialize, Serialize};
use std::net::Ipv4Addr;
use time::OffsetDateTime;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InternetGateway {
    pub id: InternetGatewayId,
    pub owner: AccountId,
    pub region: Region,
    /// One VPC at a time.
    pub vpc: Option<VpcId>,
    pub tags: Tags,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum NatGatewayState {
    Pending,
    Available,
    Failed,
    Deleting,
    Deleted,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NatGateway {
    pub id: NatGatewayId,
    pub owner: AccountId,
    pub region: Region,
    pub vpc: VpcId,
    pub subnet: SubnetId,
    /// Its interface in the subnet, of kind `NatGateway`; gone when deleted.
    pub interface: Option<NetworkInterfaceId>,
    /// Kept for describes after deletion.
    pub private_ip: Ipv4Addr,
    /// `None` for connectivity type private.
    pub allocation: Option<AllocationId>,
    pub public_ip: Option<Ipv4Addr>,
    pub is_public: bool,
    pub state: NatGatewayState,
    /// Code and message of a failure.
    pub failure: Option<(String, String)>,
    #[serde(with = "time::serde::rfc3339")]
    pub created: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    pub deleted: Option<OffsetDateTime>,
    pub tags: Tags,
}
