//! VPC endpoints of every type.

use crate::Tags;
use postern_names::*;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VpcEndpoint {
    pub id: VpcEndpointId,
    pub vpc: VpcId,
    pub owner: AccountId,
    pub region: Region,
    /// `com.amazonaws.us-east-1.s3`.
    pub service_name: String,
    pub kind: EndpointKind,
    pub state: EndpointState,
    /// The user's text, or the default document of the type.
    pub policy: String,
    /// `ipv4`, `ipv6` or `dualstack`.
    pub ip_address_type: String,
    /// `service-defined` by default for gateway endpoints.
    pub dns_record_ip_type: String,
    #[serde(with = "time::serde::rfc3339")]
    pub created: OffsetDateTime,
    pub client_token: Option<String>,
    pub tags: Tags,
}

/// What only one type has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum EndpointKind {
    /// A route of its service's prefix list in each of these tables.
    Gateway { route_tables: Vec<RouteTableId> },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum EndpointState {
    Pending,
    Available,
    Deleting,
    Deleted,
    Failed,
}

impl VpcEndpoint {
    /// The service's short name: `s3` of `com.amazonaws.us-east-1.s3`.
    pub fn service(&self) -> &str {
        let prefix_length = "com.amazonaws.".len() + self.region.as_str().len() + 1;
        self.service_name.get(prefix_length..).unwrap_or(&self.service_name)
    }
    pub fn route_tables(&self) -> &[RouteTableId] {
        match &self.kind {
            EndpointKind::Gateway { route_tables } => route_tables,
        }
    }
}
