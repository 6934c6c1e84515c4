//! VPC peering connections: two VPCs that reach each other's interfaces, where the route tables of both say so.

use crate::{Tags, World};
use postern_names::*;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// A request for a connection, and the connection once it is accepted. Both owners see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VpcPeeringConnection {
    pub id: VpcPeeringConnectionId,
    pub requester: PeeringSide,
    pub accepter: PeeringSide,
    pub state: PeeringState,
    /// Until when a request can be accepted.
    #[serde(with = "time::serde::rfc3339")]
    pub expires: OffsetDateTime,
    /// When it was rejected, deleted or found to be impossible.
    #[serde(with = "time::serde::rfc3339::option")]
    pub ended: Option<OffsetDateTime>,
    /// Who ended it.
    pub ended_by: Option<AccountId>,
}

/// One of the two VPCs, with what its owner says about the connection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PeeringSide {
    pub vpc: VpcId,
    pub owner: AccountId,
    pub region: Region,
    /// The VPC's ranges when the request was made; an existing VPC's own are newer.
    pub cidrs: Vec<Ipv4Cidr>,
    /// Whether public names of this side's instances mean their private addresses when the other side asks.
    pub allow_dns_resolution_from_remote_vpc: bool,
    /// Each owner's tags are its own.
    pub tags: Tags,
}

/// The states that last. AWS's `initiating-request` and `provisioning` pass within a call, and a pending request that is too
/// old is expired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PeeringState {
    PendingAcceptance,
    Active,
    Rejected,
    /// The VPCs cannot be peered.
    Failed,
    Deleted,
}

impl VpcPeeringConnection {
    pub fn is_active(&self) -> bool {
        self.state == PeeringState::Active
    }
    /// The side that this VPC is.
    pub fn side(&self, vpc: VpcId) -> Option<&PeeringSide> {
        [&self.requester, &self.accepter].into_iter().find(|side| side.vpc == vpc)
    }
    /// The other side of this VPC.
    pub fn other_side(&self, vpc: VpcId) -> Option<&PeeringSide> {
        match vpc {
            vpc if vpc == self.requester.vpc => Some(&self.accepter),
            vpc if vpc == self.accepter.vpc => Some(&self.requester),
            _ => None,
        }
    }
    pub fn is_in_one_region(&self) -> bool {
        self.requester.region == self.accepter.region
    }
    /// The name of its link, the same in both VPCs' namespaces: at most 15 characters, from the id.
    pub fn link_name(&self) -> String {
        format!("pcx{:012x}", self.id.digits().bits() & 0xffff_ffff_ffff)
    }
}

impl World {
    /// The active connections of a VPC, each with its other side.
    pub fn peerings_of(&self, vpc: VpcId) -> impl Iterator<Item = (&VpcPeeringConnection, &PeeringSide)> {
        let active = self.peerings.values().filter(|peering| peering.is_active());
        active.filter_map(move |peering| Some((peering, peering.other_side(vpc)?)))
    }

    /// The active connection between two VPCs: there is one at most.
    pub fn peering_between(&self, a: VpcId, b: VpcId) -> Option<&VpcPeeringConnection> {
        self.peerings_of(a).find(|(_, other)| other.vpc == b).map(|(peering, _)| peering)
    }

    /// Whether a rule of one VPC's group means the members of a group of another: over an active connection inside a region.
    pub fn group_is_in_reach(&self, from: VpcId, group: SecurityGroupId) -> bool {
        let Some(group) = self.security_groups.get(&group) else { return false };
        group.vpc == from || self.peering_between(from, group.vpc).is_some_and(VpcPeeringConnection::is_in_one_region)
    }

    /// The ranges of a side: its VPC's as they are now.
    pub fn ranges_of_side(&self, side: &PeeringSide) -> Vec<Ipv4Cidr> {
        match self.vpcs.get(&side.vpc) {
            Some(vpc) => vpc.cidrs.iter().map(|c| c.cidr).collect(),
            None => side.cidrs.clone(),
        }
    }
}
