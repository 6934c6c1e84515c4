//! An Elastic IP address in replies.

use crate::listed::{FilterValues, Listed, one};
use crate::tags;
use postern_model::{ElasticAddress, NetworkInterface, Tags, World};
use postern_names::{AccountId, AllocationId, InstanceId, Region};
use serde_json::{Value, json};
use std::collections::BTreeMap;

impl Listed for ElasticAddress {
    type Id = AllocationId;
    const PREFIX: &'static str = AllocationId::PREFIX;
    const FILTERS: &'static [(&'static str, FilterValues<Self>)] = &[
        ("allocation-id", |_, a| one(a.allocation)),
        ("association-id", |_, a| a.association.map(|(id, _, _)| id.to_string()).into_iter().collect()),
        ("domain", |_, _| one("vpc")),
        ("instance-id", |w, a| instance(w, a).map(|id| id.to_string()).into_iter().collect()),
        ("network-border-group", |_, a| one(&a.region)),
        ("network-interface-id", |_, a| a.association.map(|(_, eni, _)| eni.to_string()).into_iter().collect()),
        ("network-interface-owner-id", |w, a| interface(w, a).map(|eni| eni.owner.to_string()).into_iter().collect()),
        ("private-ip-address", |_, a| a.association.map(|(_, _, ip)| ip.to_string()).into_iter().collect()),
        ("public-ip", |_, a| one(a.public_ip)),
    ];
    fn all(world: &World) -> &BTreeMap<AllocationId, Self> {
        &world.addresses
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

fn interface<'w>(world: &'w World, address: &ElasticAddress) -> Option<&'w NetworkInterface> {
    world.network_interfaces.get(&address.association?.1)
}

fn instance(world: &World, address: &ElasticAddress) -> Option<InstanceId> {
    interface(world, address)?.attachment.as_ref()?.instance
}

pub fn address(world: &World, address: &ElasticAddress) -> Value {
    let mut reply = json!({ "AllocationId": address.allocation.to_string() });
    if let Some((association, eni, private)) = address.association {
        reply["AssociationId"] = json!(association.to_string());
        reply["Domain"] = json!("vpc");
        reply["NetworkInterfaceId"] = json!(eni.to_string());
        if let Some(eni) = interface(world, address) {
            reply["NetworkInterfaceOwnerId"] = json!(eni.owner.to_string());
        }
        reply["PrivateIpAddress"] = json!(private.to_string());
        if let Some(instance) = instance(world, address) {
            reply["InstanceId"] = json!(instance.to_string());
        }
    } else {
        reply["Domain"] = json!("vpc");
    }
    reply["Tags"] = tags::view(&address.tags);
    reply["PublicIpv4Pool"] = json!("amazon");
    reply["NetworkBorderGroup"] = json!(address.region.to_string());
    reply["PublicIp"] = json!(address.public_ip.to_string());
    reply
}
