//! An internet gateway in replies.

use crate::listed::{FilterValues, Listed, one};
use crate::tags;
use postern_model::{InternetGateway, Tags, World};
use postern_names::{AccountId, InternetGatewayId, Region};
use serde_json::{Value, json};
use std::collections::BTreeMap;

impl Listed for InternetGateway {
    type Id = InternetGatewayId;
    const PREFIX: &'static str = InternetGatewayId::PREFIX;
    const FILTERS: &'static [(&'static str, FilterValues<Self>)] = &[
        ("attachment.state", |_, g| g.vpc.map(|_| "available".to_owned()).into_iter().collect()),
        ("attachment.vpc-id", |_, g| g.vpc.map(|vpc| vpc.to_string()).into_iter().collect()),
        ("internet-gateway-id", |_, g| one(g.id)),
        ("owner-id", |_, g| one(g.owner)),
    ];
    fn all(world: &World) -> &BTreeMap<InternetGatewayId, Self> {
        &world.internet_gateways
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

pub fn internet_gateway(gateway: &InternetGateway) -> Value {
    let attachments: Vec<Value> =
        gateway.vpc.iter().map(|vpc| json!({ "State": "available", "VpcId": vpc.to_string() })).collect();
    json!({
        "Attachments": attachments,
        "InternetGatewayId": gateway.id.to_string(),
        "OwnerId": gateway.owner.to_string(),
        "Tags": tags::view(&gateway.tags),
    })
}
