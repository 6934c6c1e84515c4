//! Route tables.

use crate::Tags;
use postern_names::*;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RouteTable {
    pub id: RouteTableId,
    pub vpc: VpcId,
    pub owner: AccountId,
    pub region: Region,
    /// The kernel's table is this plus an offset; from 1, unique within the VPC.
    pub number: u32,
    /// Routes that the user made. The local routes (one per VPC CIDR) and the routes of gateway endpoints are not
    /// stored here: they follow from the VPC and from the endpoints that name this table.
    pub routes: Vec<Route>,
    pub associations: Vec<TableAssociation>,
    pub tags: Tags,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TableAssociation {
    pub id: RouteTableAssociationId,
    /// `None`: the main association of the VPC. Exactly one table of a VPC has one.
    pub subnet: Option<SubnetId>,
}

impl RouteTable {
    pub fn is_main(&self) -> bool {
        self.associations.iter().any(|a| a.subnet.is_none())
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    pub destination: RouteDestination,
    pub target: RouteTarget,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum RouteDestination {
    Cidr(Cidr),
    PrefixList(PrefixListId),
}

/// Where a route leads. Whether it is active or a black hole follows from the target's state, see
/// `World::route_is_active`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum RouteTarget {
    Local,
    InternetGateway(InternetGatewayId),
    NatGateway(NatGatewayId),
    /// An appliance: an instance is stored as its primary interface.
    NetworkInterface(NetworkInterfaceId),
    Peering(VpcPeeringConnectionId),
    /// A Gateway Load Balancer endpoint, or (derived only) a gateway endpoint.
    Endpoint(VpcEndpointId),
}
