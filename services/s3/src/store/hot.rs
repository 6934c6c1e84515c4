//! Small objects read lately, kept in memory: a GET of one touches neither the database nor the disk.
//!
//! The writer forgets what it changed after each commit and before anyone hears of it, so a read never gives what was
//! there before a change that has been answered. Who fills an entry from the database says as of when it looked; if
//! anything near it has changed since, the entry is not kept.

use super::records::Record;
use bytes::Bytes;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};

const SHELVES: usize = 32;
/// Bytes kept on all shelves together: 16 MiB.
const ROOM: usize = 16 * 1024 * 1024;
/// What an entry costs beside its bytes, roughly.
const OVERHEAD: usize = 512;

/// A current object with its bytes.
#[derive(Debug)]
pub(crate) struct HotObject {
    pub record: Arc<Record>,
    pub bytes: Bytes,
}

type Entries = HashMap<(i64, Box<str>), Arc<HotObject>>;

/// Two generations: what is used moves to the younger, and when that is full the elder is dropped whole.
#[derive(Default)]
struct Shelf {
    young: Entries,
    old: Entries,
    room_taken: usize,
    changes: u64,
}

pub(crate) struct Hot {
    shelves: Vec<Mutex<Shelf>>,
    hasher: RandomState,
}

/// How a shelf was when somebody began to read the database.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AsOf(u64);

impl Hot {
    pub fn new() -> Self {
        Self { shelves: (0..SHELVES).map(|_| Mutex::default()).collect(), hasher: RandomState::new() }
    }

    /// The object if it is here; else the moment from which [`Hot::keep`] may fill it in.
    pub fn get(&self, bucket: i64, key: &str) -> Result<Arc<HotObject>, AsOf> {
        self.with(bucket, key, |shelf| shelf.get(bucket, key)).unwrap_or(Err(AsOf(u64::MAX)))
    }

    /// Keeps what was read from the database, unless something was changed since.
    pub fn keep(&self, bucket: i64, as_of: AsOf, record: Arc<Record>, bytes: Bytes) {
        let key = record.key.clone();
        self.with(bucket, &key, |shelf| {
            if shelf.changes == as_of.0 {
                shelf.insert((bucket, key.as_str().into()), Arc::new(HotObject { record, bytes }));
            }
        });
    }

    /// The object has changed.
    pub fn forget(&self, bucket: i64, key: &str) {
        self.with(bucket, key, |shelf| {
            shelf.changes += 1;
            let name = (bucket, key.into());
            if let Some(gone) = shelf.young.remove(&name) {
                shelf.room_taken = shelf.room_taken.saturating_sub(cost(&gone));
            }
            shelf.old.remove(&name);
        });
    }

    fn with<T>(&self, bucket: i64, key: &str, work: impl FnOnce(&mut Shelf) -> T) -> Option<T> {
        let at = usize::try_from(self.hasher.hash_one((bucket, key)) % SHELVES as u64).ok()?;
        let mut shelf = self.shelves.get(at)?.lock().unwrap_or_else(PoisonError::into_inner);
        Some(work(&mut shelf))
    }
}

fn cost(object: &HotObject) -> usize {
    object.bytes.len() + object.record.key.len() + OVERHEAD
}

impl Shelf {
    fn get(&mut self, bucket: i64, key: &str) -> Result<Arc<HotObject>, AsOf> {
        let name = (bucket, key.into());
        if let Some(found) = self.young.get(&name) {
            return Ok(found.clone());
        }
        let Some(found) = self.old.remove(&name) else { return Err(AsOf(self.changes)) };
        self.insert(name, found.clone());
        Ok(found)
    }

    fn insert(&mut self, name: (i64, Box<str>), object: Arc<HotObject>) {
        let size = cost(&object);
        if self.room_taken + size > ROOM / SHELVES / 2 {
            self.old = std::mem::take(&mut self.young);
            self.room_taken = 0;
        }
        if let Some(before) = self.young.insert(name, object) {
            self.room_taken = self.room_taken.saturating_sub(cost(&before));
        }
        self.room_taken += size;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::records::Head;

    fn record(key: &str) -> Arc<Record> {
        let (version, etag) = ("null".to_owned(), String::new());
        let (key, head) = (key.to_owned(), Head::default());
        Arc::new(Record { key, seq: 1, version, modified: 0, size: 1, etag, body: Some(1), head })
    }

    fn moment(hot: &Hot, key: &str) -> AsOf {
        hot.get(1, key).expect_err("not there yet")
    }

    #[test]
    fn what_has_changed_since_is_not_kept() {
        let hot = Hot::new();
        let before = moment(&hot, "k");
        hot.keep(1, before, record("k"), Bytes::from_static(b"1"));
        assert_eq!(hot.get(1, "k").unwrap().bytes, "1");
        assert!(hot.get(2, "k").is_err());
        hot.forget(1, "k");
        hot.keep(1, before, record("k"), Bytes::from_static(b"1"));
        assert!(hot.get(1, "k").is_err(), "an old view must not come back");
    }

    #[test]
    fn it_stays_within_its_room() {
        let hot = Hot::new();
        for n in 0..5_000 {
            let key = format!("key {n}");
            let as_of = moment(&hot, &key);
            hot.keep(1, as_of, record(&key), Bytes::from(vec![0; 16 * 1024]));
        }
        let kept: usize = hot.shelves.iter().map(|s| s.lock().unwrap()).map(|s| s.young.len() + s.old.len()).sum();
        assert!(kept > 200 && kept * 16 * 1024 <= ROOM, "{kept}");
        assert!(hot.get(1, "key 4999").is_ok() && hot.get(1, "key 0").is_err());
    }
}
