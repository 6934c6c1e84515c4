//! Changes: what the verbs make, what the store keeps, what a replay applies.

use crate::*;
use postern_names::*;
use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! entities {
    ($($variant:ident($type:ty, $id:ty) $key:ident;)*) => {
        /// One thing of the World.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[allow(clippy::large_enum_variant)]
        pub enum Entity { $($variant($type),)* }

        /// The name of one thing of the World.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum EntityKey { $($variant($id),)* }

        impl Entity {
            pub fn key(&self) -> EntityKey {
                match self { $(Self::$variant(e) => EntityKey::$variant(e.$key),)* }
            }
        }
        impl EntityKey {
            /// The kind's word: a table name in the store.
            pub fn kind(&self) -> &'static str {
                match self { $(Self::$variant(_) => stringify!($variant),)* }
            }
        }
        impl fmt::Display for EntityKey {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self { $(Self::$variant(id) => write!(f, "{id}"),)* }
            }
        }
        $(impl From<$type> for Entity { fn from(e: $type) -> Self { Self::$variant(e) } })*
        $(impl From<$id> for EntityKey { fn from(id: $id) -> Self { Self::$variant(id) } })*
    };
}

entities! {
    Vpc(Vpc, VpcId) id;
    Subnet(Subnet, SubnetId) id;
    DhcpOptions(DhcpOptions, DhcpOptionsId) id;
    InternetGateway(InternetGateway, InternetGatewayId) id;
    NatGateway(NatGateway, NatGatewayId) id;
    RouteTable(RouteTable, RouteTableId) id;
    PrefixList(ManagedPrefixList, PrefixListId) id;
    SecurityGroup(SecurityGroup, SecurityGroupId) id;
    NetworkAcl(NetworkAcl, NetworkAclId) id;
    NetworkInterface(NetworkInterface, NetworkInterfaceId) id;
    Address(ElasticAddress, AllocationId) allocation;
    Endpoint(VpcEndpoint, VpcEndpointId) id;
    KeyPair(KeyPair, KeyPairId) id;
    Instance(Instance, InstanceId) id;
    Peering(VpcPeeringConnection, VpcPeeringConnectionId) id;
    Outages(Outages, OutagesKey) key;
    HostedZone(HostedZone, HostedZoneId) id;
    InsightsPath(InsightsPath, NetworkInsightsPathId) id;
    InsightsAnalysis(InsightsAnalysis, NetworkInsightsAnalysisId) id;
    AccessScope(AccessScope, NetworkInsightsAccessScopeId) id;
    AccessScopeAnalysis(AccessScopeAnalysis, NetworkInsightsAccessScopeAnalysisId) id;
}

/// One step from a World to the next. Replaying the changes of a log in order gives the same World.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Change {
    Put(Box<Entity>),
    Remove(EntityKey),
}

/// A change that was made, and the one that undoes it: what is there now, and what was there before.
#[derive(Debug, Clone, PartialEq)]
pub struct Done {
    pub change: Change,
    pub undo: Change,
}

impl Done {
    pub fn after(&self) -> Option<&Entity> {
        self.change.entity()
    }
    pub fn before(&self) -> Option<&Entity> {
        self.undo.entity()
    }
}

impl Change {
    fn entity(&self) -> Option<&Entity> {
        match self {
            Self::Put(entity) => Some(entity),
            Self::Remove(_) => None,
        }
    }
}
