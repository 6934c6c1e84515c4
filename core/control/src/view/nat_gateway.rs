//! A NAT gateway in replies.

use crate::listed::{FilterValues, Listed, one};
use crate::{tags, view};
use postern_model::{NatGateway, NatGatewayState, Tags, World};
use postern_names::{AccountId, NatGatewayId, Region};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

impl Listed for NatGateway {
    type Id = NatGatewayId;
    const PREFIX: &'static str = NatGatewayId::PREFIX;
    const FILTERS: &'static [(&'static str, FilterValues<Self>)] = &[
        ("nat-gateway-id", |_, n| one(n.id)),
        ("state", |_, n| one(state(n.state))),
        ("subnet-id", |_, n| one(n.subnet)),
        ("vpc-id", |_, n| one(n.vpc)),
    ];
    fn all(world: &World) -> &BTreeMap<NatGatewayId, Self> {
        &world.nat_gateways
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

pub fn state(state: NatGatewayState) -> &'static str {
    match state {
        NatGatewayState::Pending => "pending",
        NatGatewayState::Available => "available",
        NatGatewayState::Failed => "failed",
        NatGatewayState::Deleting => "deleting",
        NatGatewayState::Deleted => "deleted",
    }
}

/// As the create reply shows it: on its way, whatever came of it.
pub fn pending(nat: &NatGateway) -> Value {
    let mut address = json!({ "IsPrimary": true, "Status": "associating" });
    if let Some(allocation) = nat.allocation {
        address["AllocationId"] = json!(allocation.to_string());
    }
    json!({
        "CreateTime": view::timestamp(nat.created),
        "NatGatewayAddresses": [address],
        "NatGatewayId": nat.id.to_string(),
        "State": "pending",
        "SubnetId": nat.subnet.to_string(),
        "VpcId": nat.vpc.to_string(),
        "Tags": tags::view(&nat.tags),
        "ConnectivityType": if nat.is_public { "public" } else { "private" },
        "AvailabilityMode": "zonal",
    })
}

/// As the Describe call shows it.
pub fn nat_gateway(world: &World, nat: &NatGateway) -> Value {
    let mut reply = Map::new();
    let mut put = |name: &str, value: Value| reply.insert(name.to_owned(), value);
    put("CreateTime", json!(view::timestamp(nat.created)));
    if let Some(deleted) = nat.deleted {
        put("DeleteTime", json!(view::timestamp(deleted)));
    }
    if let Some((code, message)) = &nat.failure {
        put("FailureCode", json!(code));
        put("FailureMessage", json!(message));
    }
    put("NatGatewayAddresses", json!([address(world, nat)]));
    put("NatGatewayId", json!(nat.id.to_string()));
    put("State", json!(state(nat.state)));
    put("SubnetId", json!(nat.subnet.to_string()));
    put("VpcId", json!(nat.vpc.to_string()));
    put("Tags", tags::view(&nat.tags));
    put("ConnectivityType", json!(if nat.is_public { "public" } else { "private" }));
    put("AvailabilityMode", json!("zonal"));
    Value::Object(reply)
}

fn address(world: &World, nat: &NatGateway) -> Value {
    let mut reply = Map::new();
    let mut put = |name: &str, value: String| reply.insert(name.to_owned(), Value::from(value));
    if let Some(allocation) = nat.allocation {
        put("AllocationId", allocation.to_string());
        let association = world.addresses.get(&allocation).and_then(|a| a.association);
        if let Some((id, interface, _)) = association
            && Some(interface) == nat.interface
        {
            put("AssociationId", id.to_string());
        }
    }
    if let Some(interface) = nat.interface {
        put("NetworkInterfaceId", interface.to_string());
        put("PrivateIp", nat.private_ip.to_string());
    } else if nat.state == NatGatewayState::Deleted {
        put("PrivateIp", nat.private_ip.to_string());
    }
    if let Some(public) = nat.public_ip {
        put("PublicIp", public.to_string());
    }
    let status = match nat.state {
        NatGatewayState::Available => Some("succeeded"),
        NatGatewayState::Failed => Some("failed"),
        NatGatewayState::Pending | NatGatewayState::Deleting | NatGatewayState::Deleted => None,
    };
    if let Some(status) = status {
        put("Status", status.to_owned());
    }
    reply.insert("IsPrimary".to_owned(), json!(true));
    Value::Object(reply)
}
