//! VPC endpoints of every type.

use crate::{InterfaceService, Tags, interface_service};
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
    /// `service-defined` by default for gateway endpoints, `ipv4` for interface endpoints.
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
    Gateway {
        route_tables: Vec<RouteTableId>,
    },
    Interface(InterfaceEndpoint),
}

/// An endpoint that has addresses of its own in subnets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InterfaceEndpoint {
    /// Eight characters of base 36 that stand in its DNS names behind the id.
    pub suffix: String,
    /// In the order in which they were given; each in a zone of its own.
    pub subnets: Vec<EndpointSubnet>,
    /// The groups of all its interfaces.
    pub groups: Vec<SecurityGroupId>,
    /// Whether the service's public names mean this endpoint in its VPC.
    pub private_dns: bool,
    /// Whether that is so only for questions that come through an inbound resolver endpoint. Services that have gateway
    /// endpoints too know it.
    pub private_dns_for_inbound_only: bool,
}

/// A subnet that an interface endpoint is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointSubnet {
    pub subnet: SubnetId,
    pub interface: NetworkInterfaceId,
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
    /// The service's short name: `s3` of `com.amazonaws.us-east-1.s3`, `iam` of `com.amazonaws.iam`.
    pub fn service(&self) -> &str {
        let rest = self.service_name.strip_prefix("com.amazonaws.").unwrap_or(&self.service_name);
        rest.strip_prefix(self.region.as_str()).and_then(|rest| rest.strip_prefix('.')).unwrap_or(rest)
    }
    /// None for other types.
    pub fn route_tables(&self) -> &[RouteTableId] {
        match &self.kind {
            EndpointKind::Gateway { route_tables } => route_tables,
            EndpointKind::Interface(_) => &[],
        }
    }
    pub fn interface(&self) -> Option<&InterfaceEndpoint> {
        match &self.kind {
            EndpointKind::Interface(interface) => Some(interface),
            EndpointKind::Gateway { .. } => None,
        }
    }
    /// What the endpoint's service is as one of type Interface.
    pub fn interface_service(&self) -> Option<&'static InterfaceService> {
        interface_service(self.service())
    }
    /// Its own label in DNS names, in front of a zone's name and the service's base name: `vpce-0...-abcd1234`. Empty for
    /// types without names.
    pub fn label(&self) -> String {
        self.interface().map(|own| format!("{}-{}", self.id, own.suffix)).unwrap_or_default()
    }
    /// Whether its names mean its addresses of that family: what `DnsRecordIpType` says. Of `service-defined` only its own
    /// names, and not those it takes over, mean the newer ones.
    pub fn answers_with(&self, family: IpFamily, is_private_name: bool) -> bool {
        match (self.dns_record_ip_type.as_str(), family) {
            ("dualstack", _) => true,
            ("ipv6", family) => family == IpFamily::V6,
            ("service-defined", IpFamily::V6) => !is_private_name,
            (_, family) => family == IpFamily::V4,
        }
    }
    /// The private names it owns in its VPC: those of its service while private DNS is on.
    pub fn private_names(&self) -> Vec<String> {
        match (self.interface(), self.interface_service()) {
            (Some(own), Some(service)) if own.private_dns => service.private_names(&self.region),
            _ => Vec::new(),
        }
    }
}
