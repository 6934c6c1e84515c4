//! Who used which key for which service, and when: told by the door with every request, kept in memory, written to the
//! disk a little later.
//!
//! A request pays for one short lock, on a sixteenth of the identities, and allocates nothing that it has told before.

use crate::save;
use crate::state::State;
use postern_call::Refusal;
use postern_serve::Used;
use postern_store::Write;
use serde::{Deserialize, Serialize};
use std::collections::hash_map::RandomState;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::BuildHasher;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

const SHARDS: usize = 16;

/// The uses by every identity of every account.
pub struct Usage {
    shards: [Mutex<HashMap<String, Record>>; SHARDS],
    hasher: RandomState,
    wake: Notify,
}

/// The uses by one identity: a user, a role, or an account's root.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// By the prefix of the service's actions.
    pub services: BTreeMap<String, Access>,
    /// By long-lived access key.
    pub keys: BTreeMap<String, KeyUse>,
    /// Whether the disk does not know it yet.
    #[serde(skip)]
    unwritten: bool,
}

/// The latest request to a service, allowed or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    /// Unix seconds.
    pub at: i64,
    pub region: String,
    /// Time and region by operation.
    pub actions: BTreeMap<String, (i64, String)>,
}

/// The latest request signed with a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyUse {
    /// Unix seconds.
    pub at: i64,
    /// The signing name: `s3`.
    pub service: String,
    pub region: String,
}

impl Usage {
    pub fn new(known: impl IntoIterator<Item = (String, Record)>) -> Self {
        let usage = Self { shards: Default::default(), hasher: RandomState::new(), wake: Notify::new() };
        for (id, record) in known {
            usage.shard(&id).insert(id, record);
        }
        usage
    }

    /// Notes one request of the identity with this unique id.
    pub fn note(&self, id: &str, used: &Used<'_>, is_long_lived: bool) {
        let at = used.now.unix_timestamp();
        let mut shard = self.shard(id);
        if !shard.contains_key(id) {
            shard.insert(id.to_owned(), Record::default());
        }
        let Some(record) = shard.get_mut(id) else { return };
        let mut is_new = record.note_service(used, at);
        if is_long_lived {
            is_new |= record.note_key(used, at);
        }
        if is_new && !record.unwritten {
            record.unwritten = true;
            self.wake.notify_one();
        }
    }

    pub fn of(&self, id: &str) -> Option<Record> {
        self.shard(id).get(id).cloned()
    }

    /// Returns when something waits to be written.
    pub async fn changed(&self) {
        self.wake.notified().await;
    }

    /// What the disk does not know yet. Identities that are gone are forgotten, here and there.
    pub fn unwritten(&self, state: &State) -> Result<Vec<Write>, Refusal> {
        let known = identities(state);
        let mut writes = Vec::new();
        for shard in &self.shards {
            let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            let gone: Vec<String> = shard.keys().filter(|id| !known.contains(id.as_str())).cloned().collect();
            for id in gone {
                shard.remove(&id);
                writes.push(save::write_usage(&id, None)?);
            }
            for (id, record) in shard.iter_mut().filter(|(_, record)| record.unwritten) {
                record.unwritten = false;
                writes.push(save::write_usage(id, Some(record))?);
            }
        }
        Ok(writes)
    }

    fn shard(&self, id: &str) -> MutexGuard<'_, HashMap<String, Record>> {
        let place = usize::try_from(self.hasher.hash_one(id) % SHARDS as u64).unwrap_or_default();
        self.shards[place].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Record {
    /// The latest of all: time and region.
    pub fn latest(&self) -> Option<(i64, &str)> {
        self.services.values().map(|access| (access.at, access.region.as_str())).max_by_key(|(at, _)| *at)
    }

    /// Whether it told anything new.
    fn note_service(&mut self, used: &Used<'_>, at: i64) -> bool {
        let prefix = if used.service == "monitoring" { "cloudwatch" } else { used.service };
        let Some(access) = self.services.get_mut(prefix) else {
            let actions = BTreeMap::from([(used.operation.to_owned(), (at, used.region.to_owned()))]);
            self.services.insert(prefix.to_owned(), Access { at, region: used.region.to_owned(), actions });
            return true;
        };
        let mut is_new = renew(&mut access.at, &mut access.region, used, at);
        match access.actions.get_mut(used.operation) {
            Some((then, region)) => is_new |= renew(then, region, used, at),
            None => {
                access.actions.insert(used.operation.to_owned(), (at, used.region.to_owned()));
                is_new = true;
            }
        }
        is_new
    }

    fn note_key(&mut self, used: &Used<'_>, at: i64) -> bool {
        match self.keys.get_mut(used.access_key) {
            Some(key) => {
                let mut is_new = renew(&mut key.at, &mut key.region, used, at);
                if key.service != used.service {
                    used.service.clone_into(&mut key.service);
                    is_new = true;
                }
                is_new
            }
            None => {
                let key = KeyUse { at, service: used.service.to_owned(), region: used.region.to_owned() };
                self.keys.insert(used.access_key.to_owned(), key);
                true
            }
        }
    }
}

fn renew(then: &mut i64, region: &mut String, used: &Used<'_>, at: i64) -> bool {
    if *then == at && region == used.region {
        return false;
    }
    *then = at;
    if region != used.region {
        used.region.clone_into(region);
    }
    true
}

/// The unique ids of everybody who can sign: users, roles, and accounts for their roots.
fn identities(state: &State) -> HashSet<String> {
    let mut ids = HashSet::new();
    for (account_id, account) in &state.accounts {
        ids.insert(account_id.to_string());
        ids.extend(account.users.values().map(|user| user.id.clone()));
        ids.extend(account.roles.values().map(|role| role.id.clone()));
    }
    ids
}
