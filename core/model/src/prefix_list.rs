//! Managed prefix lists: the accounts' own and AWS's.

use crate::Tags;
use postern_names::*;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ManagedPrefixList {
    pub id: PrefixListId,
    /// `None`: AWS's own.
    pub owner: Option<AccountId>,
    pub region: Region,
    pub name: String,
    /// `None` for AWS's own.
    pub max_entries: Option<u32>,
    pub version: Option<u64>,
    pub state: PrefixListState,
    pub entries: Vec<PrefixListEntry>,
    /// Earlier versions, oldest first: version and its entries.
    pub history: Vec<(u64, Vec<PrefixListEntry>)>,
    pub tags: Tags,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PrefixListEntry {
    pub cidr: Ipv4Cidr,
    pub description: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PrefixListState {
    CreateComplete,
    ModifyComplete,
    RestoreComplete,
}

/// AWS's own lists in a region: one per gateway service. Source: the VPC guide's list of AWS-managed prefix lists; the
/// ranges are those AWS published for us-east-1 and serve every region here, since no region has a way out.
pub fn aws_prefix_lists(region: &Region) -> Vec<ManagedPrefixList> {
    crate::GATEWAY_SERVICES
        .iter()
        .map(|service| ManagedPrefixList {
            id: service.prefix_list(region),
            owner: None,
            region: region.clone(),
            name: format!("com.amazonaws.{region}.{}", service.name),
            max_entries: None,
            version: None,
            state: PrefixListState::CreateComplete,
            entries: service
                .ranges(region)
                .into_iter()
                .map(|cidr| PrefixListEntry { cidr, description: None })
                .collect(),
            history: Vec::new(),
            tags: Tags::new(),
        })
        .collect()
}
