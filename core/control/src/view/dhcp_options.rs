//! A DHCP option set in replies.

use crate::listed::{FilterValues, Listed, one};
use crate::tags;
use postern_model::{DhcpOptions, Tags, World};
use postern_names::{AccountId, DhcpOptionsId, Region};
use serde_json::{Value, json};
use std::collections::BTreeMap;

impl Listed for DhcpOptions {
    type Id = DhcpOptionsId;
    const PREFIX: &'static str = DhcpOptionsId::PREFIX;
    const FILTERS: &'static [(&'static str, FilterValues<Self>)] = &[
        ("dhcp-options-id", |_, d| one(d.id)),
        ("key", |_, d| d.configurations.iter().map(|(key, _)| key.clone()).collect()),
        ("value", |_, d| d.configurations.iter().flat_map(|(_, values)| values.clone()).collect()),
        ("owner-id", |_, d| one(d.owner)),
    ];
    fn all(world: &World) -> &BTreeMap<DhcpOptionsId, Self> {
        &world.dhcp_options
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

pub fn dhcp_options(options: &DhcpOptions) -> Value {
    let configurations: Vec<Value> = options
        .configurations
        .iter()
        .map(|(key, values)| {
            let values: Vec<Value> = values.iter().map(|v| json!({ "Value": v })).collect();
            json!({ "Key": key, "Values": values })
        })
        .collect();
    json!({
        "OwnerId": options.owner.to_string(),
        "Tags": tags::view(&options.tags),
        "DhcpOptionsId": options.id.to_string(),
        "DhcpConfigurations": configurations,
    })
}
