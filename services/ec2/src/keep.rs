//! The World on the disk: one entry per entity, and one per account and region that has had its beginnings.

use postern_call::Refusal;
use postern_model::{Change, Done, Entity, EntityKey, World};
use postern_names::{AccountId, Region};
use postern_store::{Store, StoreError, Write};
use std::collections::{BTreeMap, BTreeSet};

const ENTITIES: &str = "ec2";
const SEEDED: &str = "ec2-seeded";

/// An entry that cannot be read is an error that names it: half a World is never served.
pub fn load_world(store: &Store) -> Result<World, StoreError> {
    let mut world = World::default();
    for (key, value) in store.load(ENTITIES)? {
        let entity: Entity = serde_json::from_slice(&value).map_err(|e| unreadable(&key, e))?;
        world.apply(Change::Put(Box::new(entity)));
    }
    Ok(world)
}

pub fn load_seeded(store: &Store) -> Result<BTreeSet<(AccountId, Region)>, StoreError> {
    let parse = |key: String| {
        let (account, region) = key.split_once('/').ok_or_else(|| unreadable(&key, "no account and region"))?;
        Ok((account.parse().map_err(|e| unreadable(&key, e))?, Region::new(region)))
    };
    store.load(SEEDED)?.into_iter().map(|(key, _)| parse(key)).collect()
}

pub fn unreadable(key: &str, why: impl std::fmt::Display) -> StoreError {
    StoreError { step: "read the World", word: format!("{key}: {why}") }
}

pub fn seeded_write(account: AccountId, region: &Region) -> Write {
    Write::Put { kind: SEEDED.to_owned(), key: format!("{account}/{region}"), value: Vec::new() }
}

/// What a batch of changes leaves on the disk: the last state of each entity that it touches.
pub fn writes(all: &[Done]) -> Result<Vec<Write>, Refusal> {
    let mut last: BTreeMap<EntityKey, Option<&Entity>> = BTreeMap::new();
    for done in all {
        match &done.change {
            Change::Put(entity) => last.insert(entity.key(), Some(entity)),
            Change::Remove(key) => last.insert(*key, None),
        };
    }
    last.into_iter()
        .map(|(key, entity)| {
            let (kind, key) = (ENTITIES.to_owned(), key.to_string());
            Ok(match entity {
                Some(entity) => Write::Put { kind, key, value: serde_json::to_vec(entity).map_err(Refusal::internal)? },
                None => Write::Delete { kind, key },
            })
        })
        .collect()
}
