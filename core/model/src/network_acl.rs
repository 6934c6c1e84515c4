//! Network ACLs: stateless, ordered, at the subnet's border.

use crate::Tags;
use postern_names::*;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NetworkAcl {
    pub id: NetworkAclId,
    pub vpc: VpcId,
    pub owner: AccountId,
    pub region: Region,
    pub is_default: bool,
    /// The user's entries, numbers 1 to 32766, each number once per direction. The last rule (32767, deny all) is implied.
    pub entries: Vec<AclEntry>,
    /// Subnets associated. Every subnet of the VPC is in exactly one ACL.
    pub associations: Vec<(NetworkAclAssociationId, SubnetId)>,
    pub tags: Tags,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum AclAction {
    Allow,
    Deny,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AclEntry {
    pub number: u16,
    pub egress: bool,
    pub action: AclAction,
    pub protocol: Protocol,
    /// For TCP and UDP; `None` is every port.
    pub ports: Option<PortRange>,
    /// For ICMP; `None` is every type.
    pub icmp: Option<crate::IcmpType>,
    pub cidr: Cidr,
}
