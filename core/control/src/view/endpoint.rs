//! A VPC endpoint in replies.

use crate::listed::{FilterValues, Listed, one};
use crate::{tags, view};
use postern_model::{EndpointKind, EndpointState, Tags, VpcEndpoint, World};
use postern_names::{AccountId, Region, VpcEndpointId};
use serde_json::{Value, json};
use std::collections::BTreeMap;

impl Listed for VpcEndpoint {
    type Id = VpcEndpointId;
    const PREFIX: &'static str = VpcEndpointId::PREFIX;
    const FILTERS: &'static [(&'static str, FilterValues<Self>)] = &[
        ("ip-address-type", |_, e| one(&e.ip_address_type)),
        ("service-name", |_, e| one(&e.service_name)),
        ("service-region", |_, e| one(&e.region)),
        ("vpc-id", |_, e| one(e.vpc)),
        ("vpc-endpoint-id", |_, e| one(e.id)),
        // The model spells states with a capital, replies without: both are asked for.
        ("vpc-endpoint-state", |_, e| vec![state(e.state).to_owned(), capitalised(state(e.state))]),
        ("vpc-endpoint-type", |_, e| one(kind(&e.kind))),
    ];
    fn all(world: &World) -> &BTreeMap<VpcEndpointId, Self> {
        &world.endpoints
    }
    fn owner(&self) -> AccountId {
        self.owner
    }
    fn region(&self) -> &Region {
        &self.region
    }
    fn tags(&self) -> &Tags {
        &self.tags
    }
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

/// As the wire spells it: lower camel.
pub fn state(state: EndpointState) -> &'static str {
    match state {
        EndpointState::Pending => "pending",
        EndpointState::Available => "available",
        EndpointState::Deleting => "deleting",
        EndpointState::Deleted => "deleted",
        EndpointState::Failed => "failed",
    }
}

pub fn kind(kind: &EndpointKind) -> &'static str {
    match kind {
        EndpointKind::Gateway { .. } => "Gateway",
    }
}

pub fn endpoint(endpoint: &VpcEndpoint) -> Value {
    let tables: Vec<String> = endpoint.route_tables().iter().map(|t| t.to_string()).collect();
    json!({
        "VpcEndpointId": endpoint.id.to_string(),
        "VpcEndpointType": kind(&endpoint.kind),
        "VpcId": endpoint.vpc.to_string(),
        "ServiceName": endpoint.service_name,
        "State": state(endpoint.state),
        "PolicyDocument": endpoint.policy,
        "RouteTableIds": tables,
        "SubnetIds": [],
        "Groups": [],
        "IpAddressType": endpoint.ip_address_type,
        "DnsOptions": { "DnsRecordIpType": endpoint.dns_record_ip_type },
        "PrivateDnsEnabled": false,
        "RequesterManaged": false,
        "NetworkInterfaceIds": [],
        "DnsEntries": [],
        "CreationTimestamp": view::timestamp(endpoint.created),
        "Tags": tags::view(&endpoint.tags),
        "OwnerId": endpoint.owner.to_string(),
        "ServiceRegion": endpoint.region.to_string(),
    })
}
