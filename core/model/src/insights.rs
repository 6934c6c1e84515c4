//! What is asked about the network, and what was answered: Reachability Analyzer's paths and analyses, Network Access
//! Analyzer's scopes and theirs.

use crate::Tags;
use postern_names::*;
use serde::{Deserialize, Serialize};
use std::net::Ipv4Addr;
use std::sync::Arc;
use time::OffsetDateTime;

/// A question: from a component to a component or an address.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InsightsPath {
    pub id: NetworkInsightsPathId,
    pub owner: AccountId,
    pub region: Region,
    /// The id of an instance, an interface, an internet gateway or an endpoint.
    pub source: String,
    /// The same, or a peering connection; `None`: `destination_ip` or a filter says where to.
    pub destination: Option<String>,
    /// TCP or UDP.
    pub protocol: Protocol,
    pub source_ip: Option<Ipv4Addr>,
    pub destination_ip: Option<Ipv4Addr>,
    pub destination_port: Option<u16>,
    pub at_source: Option<PathFilter>,
    pub at_destination: Option<PathFilter>,
    #[serde(with = "time::serde::rfc3339")]
    pub created: OffsetDateTime,
    pub tags: Tags,
}

/// What the packet must look like at one end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PathFilter {
    pub source_address: Option<Ipv4Addr>,
    pub source_ports: Option<PortRange>,
    pub destination_address: Option<Ipv4Addr>,
    pub destination_ports: Option<PortRange>,
}

/// The answer to a path as the World was when it was asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InsightsAnalysis {
    pub id: NetworkInsightsAnalysisId,
    pub path: NetworkInsightsPathId,
    pub owner: AccountId,
    pub region: Region,
    pub filter_in: Vec<String>,
    pub filter_out: Vec<String>,
    /// The accounts besides the owner that the call named.
    #[serde(default)]
    pub additional_accounts: Vec<AccountId>,
    #[serde(with = "time::serde::rfc3339")]
    pub started: OffsetDateTime,
    pub is_found: bool,
    /// The reply's members that tell the way or what bars it, as JSON by model name.
    pub answer: String,
    pub tags: Tags,
}

/// Ways that are not wanted: those that match, less those that are excluded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AccessScope {
    pub id: NetworkInsightsAccessScopeId,
    pub owner: AccountId,
    pub region: Region,
    /// As JSON by the request's model names, checked.
    pub match_paths: String,
    pub exclude_paths: String,
    #[serde(with = "time::serde::rfc3339")]
    pub created: OffsetDateTime,
    pub tags: Tags,
}

/// What a scope found in the World as it was when it was asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AccessScopeAnalysis {
    pub id: NetworkInsightsAccessScopeAnalysisId,
    pub scope: NetworkInsightsAccessScopeId,
    pub owner: AccountId,
    pub region: Region,
    #[serde(with = "time::serde::rfc3339")]
    pub started: OffsetDateTime,
    /// Interfaces that were looked at.
    pub interfaces: usize,
    /// Each the components of one way, as JSON by model name. Megabytes of them are not copied with the World.
    #[serde(with = "shared")]
    pub findings: Arc<Vec<String>>,
    /// What was left out of them.
    pub warning: Option<String>,
    /// Why there are none: what the scope names is gone, say.
    pub failure: Option<String>,
    pub tags: Tags,
}

/// Kept as the list that it is.
mod shared {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use std::sync::Arc;

    pub fn serialize<S: Serializer>(list: &Arc<Vec<String>>, to: S) -> Result<S::Ok, S::Error> {
        list.as_slice().serialize(to)
    }
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Arc<Vec<String>>, D::Error> {
        Vec::deserialize(from).map(Arc::new)
    }
}
