//! A key pair in replies.

use crate::listed::{FilterValues, Listed, one};
use crate::tags;
use crate::view::timestamp;
use postern_model::{KeyPair, Tags, World};
use postern_names::{AccountId, KeyPairId, Region};
use serde_json::{Value, json};
use std::collections::BTreeMap;

impl Listed for KeyPair {
    type Id = KeyPairId;
    const PREFIX: &'static str = KeyPairId::PREFIX;
    const FILTERS: &'static [(&'static str, FilterValues<Self>)] = &[
        ("key-pair-id", |_, key| one(key.id)),
        ("fingerprint", |_, key| one(&key.fingerprint)),
        ("key-name", |_, key| one(&key.name)),
    ];
    fn all(world: &World) -> &BTreeMap<KeyPairId, Self> {
        &world.key_pairs
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

pub fn key_pair(key: &KeyPair, with_public_key: bool) -> Value {
    let mut reply = json!({
        "KeyPairId": key.id.to_string(),
        "KeyType": key.key_type,
        "Tags": tags::view(&key.tags),
        "CreateTime": timestamp(key.created),
        "KeyName": key.name,
        "KeyFingerprint": key.fingerprint,
    });
    if with_public_key {
        reply["PublicKey"] = json!(key.public_key);
    }
    reply
}
