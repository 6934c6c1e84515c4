//! The keys and aliases of every account, in memory and on disk.

use crate::grant::Grant;
use crate::grants::Grants;
use crate::key::{Kept, Key, Record, Turn};
use crate::material::{Material, random};
use crate::spec::Spec;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use postern_call::Refusal;
use postern_kit::Kind;
use postern_names::AccountId;
use postern_policy::Document;
use postern_store::{Pending, Store, StoreError, Write};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use time::OffsetDateTime;

const KEYS: Kind<Record> = Kind::new("kms.key");
const ALIASES: Kind<Alias> = Kind::new("kms.alias");
const GRANTS: Kind<Grant> = Kind::new("kms.grant");

/// A name of a key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Alias {
    /// The key's id as [`Record::id`] is kept.
    pub key: String,
    pub created: OffsetDateTime,
    pub updated: OffsetDateTime,
}

/// Whose and where: account and region.
pub type Place = (AccountId, String);

/// Everything, by what it is looked up by.
#[derive(Default)]
pub struct State {
    /// By id without hyphens.
    pub keys: HashMap<String, Arc<Key>>,
    /// Ids, sorted.
    pub of_place: BTreeMap<Place, BTreeSet<String>>,
    /// By `alias/...`.
    pub aliases: BTreeMap<Place, BTreeMap<String, Alias>>,
    /// The aliases that lead to a key, by its id.
    names: HashMap<String, BTreeSet<String>>,
    grants: Grants,
}

/// The region's KMS.
pub struct Kms {
    state: RwLock<State>,
    store: Arc<Store>,
    /// Seals the materials at rest.
    root: Material,
}

impl Kms {
    /// Reads the keys from the store. `secret` is the data directory's own: without it nothing that is kept can be used.
    /// Keys whose waiting period ended before `now` are destroyed. Blocks; meant for the start.
    pub fn open(store: Arc<Store>, secret: [u8; 32], now: OffsetDateTime) -> Result<Self, StoreError> {
        let root = Material::from_bytes(Spec::Symmetric, &secret).map_err(unreadable("the data directory's secret"))?;
        let kms = Self { state: RwLock::default(), store, root };
        let mut state = State::default();
        let mut gone = Vec::new();
        for (id, record) in KEYS.load(&kms.store)? {
            if record.is_gone(now) {
                gone.push(KEYS.delete(id));
                continue;
            }
            let key = kms.ready(record).map_err(unreadable(&id))?;
            state.put(Arc::new(key));
        }
        for (name, alias) in ALIASES.load(&kms.store)? {
            let Some(key) = state.keys.get(&alias.key) else {
                gone.push(ALIASES.delete(name));
                continue;
            };
            let place = place_of(&key.record);
            let word = name.splitn(3, ' ').nth(2).unwrap_or_default().to_owned();
            state.name(&place, &word, alias);
        }
        for (name, grant) in GRANTS.load(&kms.store)? {
            if state.keys.contains_key(&grant.key) {
                state.grants.put(Arc::new(grant));
            } else {
                gone.push(GRANTS.delete(name));
            }
        }
        // Nobody waits for it: what a crash undoes, the next start does again.
        if !gone.is_empty() {
            drop(kms.store.submit(gone));
        }
        *kms.state.write().unwrap_or_else(PoisonError::into_inner) = state;
        Ok(kms)
    }

    pub fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Fresh material for a key, sealed. Slow for RSA.
    pub fn make_material(&self, record: &Record, how: Option<Turn>, now: OffsetDateTime) -> Result<Kept, Refusal> {
        let material = Material::make(record.spec)?;
        let bond = record.bond(record.materials.len());
        let sealed = self.root.seal(&material.to_bytes()?, &bond)?;
        Ok(Kept { made: now, how, sealed: STANDARD.encode(sealed) })
    }

    /// A fresh id: 32 hexadecimal digits of a UUID of version 4.
    pub fn fresh_id() -> Result<String, Refusal> {
        let mut bytes: [u8; 16] = random()?;
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        Ok(hex::encode(bytes))
    }

    fn ready(&self, record: Record) -> Result<Key, Refusal> {
        let document = Document::parse_resource(&record.policy).map_err(|error| Refusal::internal(error.reason))?;
        let open = |(at, kept): (usize, &Kept)| {
            let sealed = STANDARD.decode(&kept.sealed).map_err(Refusal::internal)?;
            let bytes = self.root.open(&sealed, &record.bond(at)).map_err(|_| {
                Refusal::internal(format!("material {at} of {} is not sealed by this data directory", record.arn()))
            })?;
            Material::from_bytes(record.spec, &bytes).map(Arc::new)
        };
        let materials = record.materials.iter().enumerate().map(open).collect::<Result<_, _>>()?;
        Ok(Key { record, document, materials })
    }

    /// Enters a new key.
    pub fn add(&self, record: Record) -> Result<(Arc<Key>, Pending), Refusal> {
        let key = Arc::new(self.ready(record)?);
        let write = KEYS.put(&key.record.id, &key.record)?;
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        state.put(Arc::clone(&key));
        Ok((key, self.store.submit(vec![write])))
    }

    /// The key that AWS manages for a service in this account, made when there is none yet.
    pub fn managed(
        &self,
        account: AccountId,
        region: &str,
        service: &str,
        now: OffsetDateTime,
    ) -> Result<(Arc<Key>, Option<Pending>), Refusal> {
        let (place, name) = ((account, region.to_owned()), format!("alias/aws/{service}"));
        if let Some(key) = self.read().by_alias(&place, &name) {
            return Ok((key, None));
        }
        let mut record = Record {
            account,
            region: region.to_owned(),
            id: Self::fresh_id()?,
            created: now,
            description: managed_description(service),
            spec: Spec::Symmetric,
            usage: crate::spec::Usage::Encrypt,
            managed_for: Some(service.to_owned()),
            enabled: true,
            deletion: None,
            policy: crate::policy::managed_policy(account, region, service),
            tags: Vec::new(),
            rotation: Some(crate::key::Rotation { days: 365, next: now + time::Duration::days(365) }),
            materials: Vec::new(),
        };
        let first = self.make_material(&record, None, now)?;
        record.materials.push(first);
        let key = Arc::new(self.ready(record)?);
        let alias = Alias { key: key.record.id.clone(), created: now, updated: now };
        let writes = vec![KEYS.put(&key.record.id, &key.record)?, ALIASES.put(alias_key(&place, &name), &alias)?];
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = state.by_alias(&place, &name) {
            return Ok((key, None));
        }
        state.put(Arc::clone(&key));
        state.name(&place, &name, alias);
        Ok((key, Some(self.store.submit(writes))))
    }

    /// Changes one key; what `change` refuses leaves it as it was.
    pub fn change(
        &self,
        id: &str,
        change: impl FnOnce(&mut Record) -> Result<(), Refusal>,
    ) -> Result<(Arc<Key>, Pending), Refusal> {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let old = state.keys.get(id).cloned().ok_or_else(|| crate::refuse::invalid_key_id(id))?;
        let mut record = old.record.clone();
        change(&mut record)?;
        let key = Arc::new(self.ready(record)?);
        let write = KEYS.put(id, &key.record)?;
        state.put(Arc::clone(&key));
        Ok((key, self.store.submit(vec![write])))
    }

    /// Enters a grant, unless the same one is there under its name already; gives the one in force.
    pub fn add_grant(&self, grant: Grant, most: usize) -> Result<(Arc<Grant>, Option<Pending>), Refusal> {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = state.grants.like(&grant) {
            return Ok((known, None));
        }
        if state.grants.count(&grant.key) >= most {
            let message = format!("A key can have no more than {most} grants.");
            return Err(Refusal::new("LimitExceededException", message));
        }
        let write = GRANTS.put(grant_key(&grant.key, &grant.id), &grant)?;
        let grant = Arc::new(grant);
        state.grants.put(Arc::clone(&grant));
        Ok((grant, Some(self.store.submit(vec![write]))))
    }

    /// Ends a grant; `None` if it has ended already.
    pub fn end_grant(&self, key: &str, id: &str) -> Option<Pending> {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        state.grants.remove(key, id).then(|| self.store.submit(vec![GRANTS.delete(grant_key(key, id))]))
    }

    /// Changes the aliases of a place: the new entry of `name`, or `None` to take it away.
    pub fn change_alias(
        &self,
        place: &Place,
        name: &str,
        change: impl FnOnce(Option<&Alias>) -> Result<Option<Alias>, Refusal>,
    ) -> Result<Pending, Refusal> {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let old = state.aliases.get(place).and_then(|aliases| aliases.get(name));
        let write: Write = match change(old)? {
            Some(alias) => {
                let write = ALIASES.put(alias_key(place, name), &alias)?;
                state.name(place, name, alias);
                write
            }
            None => {
                state.unname(place, name);
                ALIASES.delete(alias_key(place, name))
            }
        };
        Ok(self.store.submit(vec![write]))
    }
}

impl State {
    fn put(&mut self, key: Arc<Key>) {
        self.of_place.entry(place_of(&key.record)).or_default().insert(key.record.id.clone());
        self.keys.insert(key.record.id.clone(), key);
    }

    fn name(&mut self, place: &Place, name: &str, alias: Alias) {
        self.unname(place, name);
        self.names.entry(alias.key.clone()).or_default().insert(name.to_owned());
        self.aliases.entry(place.clone()).or_default().insert(name.to_owned(), alias);
    }

    fn unname(&mut self, place: &Place, name: &str) {
        if let Some(old) = self.aliases.get_mut(place).and_then(|aliases| aliases.remove(name))
            && let Some(names) = self.names.get_mut(&old.key)
        {
            names.remove(name);
        }
    }

    pub fn by_alias(&self, place: &Place, name: &str) -> Option<Arc<Key>> {
        self.keys.get(&self.aliases.get(place)?.get(name)?.key).cloned()
    }

    /// A key's grants in the order of their ids.
    pub fn grants_of(&self, key: &str) -> Vec<Arc<Grant>> {
        self.grants.of(key)
    }

    /// A key's grants to any of these principals.
    pub fn grants_to(&self, key: &str, principals: &[String]) -> Vec<Arc<Grant>> {
        self.grants.to(key, principals)
    }

    pub fn grant(&self, key: &str, id: &str) -> Option<Arc<Grant>> {
        self.grants.get(key, id)
    }

    pub fn by_token(&self, token: &str) -> Option<Arc<Grant>> {
        self.grants.by_token(token)
    }

    /// The grants that a principal may retire, with their keys, in this region.
    pub fn retirable(&self, principal: &str, region: &str) -> Vec<(Arc<Grant>, Arc<Key>)> {
        let with_key = |grant: Arc<Grant>| {
            let key = self.keys.get(&grant.key).filter(|key| key.record.region == region).cloned()?;
            Some((grant, key))
        };
        self.grants.retirable(principal).into_iter().filter_map(with_key).collect()
    }

    /// The aliases that lead to a key.
    pub fn aliases_of(&self, record: &Record) -> Vec<String> {
        self.names.get(&record.id).into_iter().flatten().cloned().collect()
    }
}

pub fn place_of(record: &Record) -> Place {
    (record.account, record.region.clone())
}

fn grant_key(key: &str, id: &str) -> String {
    format!("{key} {id}")
}

fn alias_key((account, region): &Place, name: &str) -> String {
    format!("{account} {region} {name}")
}

fn managed_description(service: &str) -> String {
    match service {
        "secretsmanager" => "Default key that protects my Secrets Manager data when no other key is defined".to_owned(),
        "ssm" => "Default key that protects my SSM Parameter Store secrets when no other key is defined".to_owned(),
        "s3" => "Default key that protects my S3 objects when no other key is defined".to_owned(),
        other => format!("Default key that protects my {other} data when no other key is defined"),
    }
}

fn unreadable(what: &str) -> impl Fn(Refusal) -> StoreError {
    let what = what.to_owned();
    move |refusal| StoreError {
        step: "read KMS's keys",
        word: format!("{what}: {}", refusal.inside.unwrap_or(refusal.message)),
    }
}
