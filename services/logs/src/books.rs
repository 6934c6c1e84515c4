//! All log groups in memory, each behind its own lock, and the store that they are kept in.

use crate::group::Group;
use crate::name::Named;
use crate::record::{self, GroupRecord};
use crate::refuse;
use postern_call::Refusal;
use postern_names::AccountId;
use postern_store::{Store, StoreError, Write};
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Milliseconds between two rounds that delete what no retention keeps.
const ROUND: i64 = 60 * 1000;

/// Whose and where: account and region.
pub type Place = (AccountId, String);
pub type Shared = Arc<RwLock<Group>>;

#[derive(Default)]
struct Shelf {
    places: BTreeMap<Place, BTreeMap<String, Shared>>,
    next_group: u64,
}

pub struct Books {
    shelf: RwLock<Shelf>,
    store: Arc<Store>,
    next_round: AtomicI64,
}

pub fn read(group: &Shared) -> RwLockReadGuard<'_, Group> {
    group.read().unwrap_or_else(PoisonError::into_inner)
}
fn write(group: &Shared) -> RwLockWriteGuard<'_, Group> {
    group.write().unwrap_or_else(PoisonError::into_inner)
}

impl Books {
    /// Reads everything. Blocks; meant for the start.
    pub fn open(store: Arc<Store>) -> Result<Self, StoreError> {
        let kept = record::load(&store)?;
        let mut groups: BTreeMap<u64, Group> =
            kept.groups.into_iter().map(|record| (record.number, Group::new(record))).collect();
        let mut names = HashMap::new();
        for (key, record) in kept.streams {
            if let [group, stream] = key[..] {
                names.insert((group, stream), record.name.clone());
                if let Some(group) = groups.get_mut(&group) {
                    group.load_stream(stream, record);
                }
            }
        }
        for (key, batch) in kept.batches {
            if let [group, stream, first] = key[..]
                && let (Some(group), Some(name)) = (groups.get_mut(&group), names.get(&(group, stream)))
            {
                group.load_batch(name, first, batch);
            }
        }
        let mut shelf = Shelf { next_group: 1, ..Shelf::default() };
        // Of two of one name the older was being deleted.
        for (number, group) in groups {
            shelf.next_group = shelf.next_group.max(number + 1);
            let place = (group.record.account, group.record.region.clone());
            shelf.places.entry(place).or_default().insert(group.record.name.clone(), Arc::new(RwLock::new(group)));
        }
        Ok(Self { shelf: RwLock::new(shelf), store, next_round: AtomicI64::new(0) })
    }

    fn shelf(&self) -> RwLockReadGuard<'_, Shelf> {
        self.shelf.read().unwrap_or_else(PoisonError::into_inner)
    }
    fn shelf_to_change(&self) -> RwLockWriteGuard<'_, Shelf> {
        self.shelf.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn find(&self, named: &Named) -> Option<Shared> {
        self.shelf().places.get(&(named.owner, named.region.clone()))?.get(&named.name).cloned()
    }

    /// The groups of a place whose names come behind `behind` and begin with `prefix`, by name, as far as `take` wants them.
    pub fn list(&self, place: &Place, prefix: &str, behind: Option<&str>, take: &mut dyn FnMut(&str, &Shared) -> bool) {
        let shelf = self.shelf();
        let Some(own) = shelf.places.get(place) else { return };
        let begin = behind.map_or(prefix, |behind| behind.max(prefix));
        let found = own.range(begin.to_owned()..).take_while(|(name, _)| name.starts_with(prefix));
        for (name, group) in found.filter(|(name, _)| behind.is_none_or(|behind| name.as_str() > behind)) {
            if !take(name, group) {
                return;
            }
        }
    }

    /// Makes a group. Returns when it is durable.
    pub async fn create(&self, mut record: GroupRecord) -> Result<(), Refusal> {
        let pending = {
            let mut shelf = self.shelf_to_change();
            record.number = shelf.next_group;
            let place = (record.account, record.region.clone());
            let own = shelf.places.entry(place).or_default();
            if own.contains_key(&record.name) {
                return Err(refuse::group_exists());
            }
            let write = record::put_group(&record)?;
            own.insert(record.name.clone(), Arc::new(RwLock::new(Group::new(record))));
            shelf.next_group += 1;
            self.store.submit(vec![write])
        };
        pending.durable().await.map_err(Refusal::internal)
    }

    /// Deletes a group with all that is in it. Returns when that is durable.
    pub async fn delete(&self, named: &Named) -> Result<(), Refusal> {
        let group = {
            let mut shelf = self.shelf_to_change();
            let own = shelf.places.get_mut(&(named.owner, named.region.clone())).ok_or_else(refuse::no_group)?;
            own.remove(&named.name).ok_or_else(refuse::no_group)?
        };
        // Without the shelf: a long search in this group keeps nobody from the others.
        let pending = {
            let mut group = write(&group);
            group.gone = true;
            self.store.submit(record::delete_group(group.record.number))
        };
        pending.durable().await.map_err(Refusal::internal)
    }

    /// Changes a group. Returns when what `change` gives to be written is durable.
    pub async fn change<T>(
        &self,
        group: &Shared,
        change: impl FnOnce(&mut Group) -> Result<(T, Vec<Write>), Refusal>,
    ) -> Result<T, Refusal> {
        let (value, pending) = {
            let mut group = write(group);
            if group.gone {
                return Err(refuse::no_group());
            }
            let (value, writes) = change(&mut group)?;
            (value, (!writes.is_empty()).then(|| self.store.submit(writes)))
        };
        if let Some(pending) = pending {
            pending.durable().await.map_err(Refusal::internal)?;
        }
        Ok(value)
    }

    /// Once a minute: deletes, in all groups, what their retention no longer keeps. Nobody waits for the disk: until then
    /// it is not shown, and after a kill it goes in the next round.
    pub fn round(&self, now: i64) {
        let due = self.next_round.load(Ordering::Relaxed);
        let next = now + ROUND;
        if now < due || self.next_round.compare_exchange(due, next, Ordering::Relaxed, Ordering::Relaxed).is_err() {
            return;
        }
        let all: Vec<Shared> = self.shelf().places.values().flat_map(BTreeMap::values).cloned().collect();
        for group in all {
            if read(&group).record.retention.is_none() {
                continue;
            }
            let mut group = write(&group);
            let writes = if group.gone { Vec::new() } else { group.expire(now) };
            if !writes.is_empty() {
                drop(self.store.submit(writes));
            }
        }
    }
}
