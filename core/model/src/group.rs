//! Security groups.

use crate::Tags;
use postern_names::*;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SecurityGroup {
    pub id: SecurityGroupId,
    pub vpc: VpcId,
    pub owner: AccountId,
    pub region: Region,
    pub name: String,
    pub description: String,
    pub rules: Vec<SecurityGroupRule>,
    pub tags: Tags,
}

impl SecurityGroup {
    /// The VPC's default group cannot be deleted.
    pub fn is_default(&self) -> bool {
        self.name == "default"
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum RuleDirection {
    Ingress,
    Egress,
}

/// One rule: one peer, as AWS stores it (a permission with three ranges makes three rules).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SecurityGroupRule {
    pub id: SecurityGroupRuleId,
    pub direction: RuleDirection,
    pub protocol: Protocol,
    /// For TCP and UDP only; `None` with protocol all or ICMP.
    pub ports: Option<PortRange>,
    /// For ICMP only; `None` elsewhere.
    pub icmp: Option<IcmpType>,
    pub peer: GroupPeer,
    pub description: Option<String>,
    pub tags: Tags,
}

/// ICMP type and code of a rule; `None` is any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct IcmpType {
    pub kind: Option<u8>,
    pub code: Option<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum GroupPeer {
    Cidr(Ipv4Cidr),
    Ipv6Cidr(Ipv6Cidr),
    PrefixList(PrefixListId),
    Group { id: SecurityGroupId, owner: AccountId },
}
