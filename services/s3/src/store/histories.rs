//! Random histories of one bucket, held against a plain list of versions.

use super::Store;
use super::buckets::{self, Settings, Versioning};
use super::list::{self, Wanted};
use super::objects::{self, Body, NewBody, NewObject, Newest};
use super::records::{Head, Piece};
use bytes::Bytes;
use postern_names::{AccountId, Region};
use proptest::prelude::*;
use std::collections::BTreeMap;

#[derive(Debug, Clone)]
enum Act {
    Put { key: usize, large: bool },
    Copy { from: usize, to: usize },
    Delete { key: usize },
    DeleteVersion { key: usize, at: usize },
    Keep(bool),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        5 => (0..3_usize, any::<bool>()).prop_map(|(key, large)| Act::Put { key, large }),
        2 => (0..3_usize, 0..3_usize).prop_map(|(from, to)| Act::Copy { from, to }),
        2 => (0..3_usize).prop_map(|key| Act::Delete { key }),
        3 => (0..3_usize, 0..6_usize).prop_map(|(key, at)| Act::DeleteVersion { key, at }),
        1 => any::<bool>().prop_map(Act::Keep),
    ]
}

/// Newest first: a version's id, and what it holds; `None` is a delete marker.
type History = Vec<(String, Option<String>)>;

/// The rules, said plainly.
#[derive(Default)]
struct Plain {
    versioning: Versioning,
    keys: BTreeMap<String, History>,
}

impl Plain {
    fn add(&mut self, key: &str, version: &str, content: Option<String>) {
        let history = self.keys.entry(key.to_owned()).or_default();
        let id = if self.versioning == Versioning::Enabled { version } else { objects::NULL };
        history.retain(|(existing, _)| existing != id);
        if self.versioning == Versioning::Never && content.is_none() {
            return;
        }
        history.insert(0, (id.to_owned(), content));
    }
}

struct Real {
    store: Store,
    bucket: i64,
    runtime: tokio::runtime::Runtime,
    blob: i64,
}

const NAME: &str = "histories";

impl Real {
    fn new(dir: &std::path::Path) -> Self {
        let store = Store::open(dir).expect("a store");
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let create = |change: &mut super::writer::Change<'_>| {
            buckets::create(change, NAME, AccountId::DEFAULT, &Region::new("us-east-1"), &Settings::default())
        };
        runtime.block_on(store.change(create)).expect("a bucket");
        let bucket = store.bucket(NAME).expect("it").id;
        Self { store, bucket, runtime, blob: 1 << 40 }
    }

    fn put(&mut self, key: &str, version: &str, content: &str, body: NewBody) {
        let new = NewObject {
            key: key.to_owned(),
            version: version.to_owned(),
            size: content.len() as u64,
            etag: content.to_owned(),
            head: Head::default(),
            body,
        };
        let bucket = self.bucket;
        let put = move |change: &mut super::writer::Change<'_>| {
            let bucket = change.bucket(bucket, NAME)?.expect("the bucket");
            objects::put(change, &bucket, &new).map(|_| Ok(()))
        };
        self.runtime.block_on(self.store.change(put)).expect("put");
    }

    fn delete(&self, key: &str, version: Option<&str>, marker: &str) {
        let (bucket, key, marker) = (self.bucket, key.to_owned(), marker.to_owned());
        let version = version.map(str::to_owned);
        let delete = move |change: &mut super::writer::Change<'_>| {
            let bucket = change.bucket(bucket, NAME)?.expect("the bucket");
            match &version {
                Some(version) => objects::delete_version(change, &bucket, &key, version),
                None => objects::delete(change, &bucket, &key, &marker),
            }
            .map(|_| Ok(()))
        };
        self.runtime.block_on(self.store.change(delete)).expect("deleted");
    }

    fn set(&self, versioning: Versioning) {
        let bucket = self.bucket;
        let set = move |change: &mut super::writer::Change<'_>| {
            buckets::set(change, bucket, NAME, |settings| {
                settings.versioning = versioning;
                Ok(())
            })
        };
        self.runtime.block_on(self.store.change(set)).expect("set");
    }

    fn new_body(&mut self, content: &str, large: bool) -> NewBody {
        if !large {
            return NewBody::Inline(Bytes::from(content.to_owned()));
        }
        self.blob += 1;
        NewBody::Fresh(vec![Piece { blob: self.blob, size: content.len() as u64, number: None, sum: None }])
    }

    fn body_of(&self, key: &str) -> Option<(i64, String)> {
        let found = self.store.read(|db| objects::current(db, self.bucket, key)).expect("read");
        found.map(|record| (record.body.expect("an object's body"), record.etag))
    }
}

fn check(real: &Real, plain: &Plain) -> Result<(), TestCaseError> {
    let bucket = real.store.bucket(NAME).expect("the bucket");
    let wanted = Wanted { bucket: bucket.id, limit: 1000, ..Wanted::default() };
    let page = real.store.read(|db| list::versions(db, &wanted, None)).expect("a listing");
    let mut found: BTreeMap<String, Vec<(String, Option<String>, bool)>> = BTreeMap::new();
    for version in page.items {
        let record = version.record;
        let content = record.body.map(|_| record.etag.clone());
        found.entry(record.key.clone()).or_default().push((record.version, content, version.latest));
    }
    let wanted: BTreeMap<String, Vec<(String, Option<String>, bool)>> = plain
        .keys
        .iter()
        .filter(|(_, history)| !history.is_empty())
        .map(|(key, history)| {
            let lines = history.iter().enumerate().map(|(at, (id, content))| (id.clone(), content.clone(), at == 0));
            (key.clone(), lines.collect())
        })
        .collect();
    prop_assert_eq!(found, wanted);
    for (key, history) in &plain.keys {
        let newest = real.store.read(|db| objects::newest(db, &bucket, key)).expect("read");
        match (newest, history.first()) {
            (Newest::Object(record), Some((id, Some(content)))) => {
                prop_assert_eq!((&record.version, &record.etag), (id, content));
                let body = real.store.read(|db| objects::body(db, record.body.expect("a body"))).expect("its body");
                if let Body::Inline(bytes) = body {
                    prop_assert_eq!(bytes, content.as_bytes());
                }
            }
            (Newest::Marker(record), Some((id, None))) => prop_assert_eq!(&record.version, id),
            (Newest::Nothing, None) => {}
            (newest, wanted) => prop_assert!(false, "{key}: {newest:?} instead of {wanted:?}"),
        }
    }
    no_leaks(real)
}

/// Every body is counted as often as it is named, and every file is named once.
fn no_leaks(real: &Real) -> Result<(), TestCaseError> {
    let number = |sql: &str| real.store.read(|db| db.query_row(sql, [], |row| row.get::<_, i64>(0))).expect("a number");
    let named = "SELECT body FROM objects UNION ALL SELECT body FROM versions WHERE body IS NOT NULL";
    let wrong =
        format!("SELECT count(*) FROM bodies b WHERE refs <> (SELECT count(*) FROM ({named}) n WHERE n.body = b.id)");
    prop_assert_eq!(number(&wrong), 0, "bodies counted wrongly");
    let lost = format!("SELECT count(*) FROM ({named}) n WHERE n.body NOT IN (SELECT id FROM bodies)");
    prop_assert_eq!(number(&lost), 0, "objects without a body");
    let files = number("SELECT count(*) FROM blobs");
    prop_assert_eq!(files, number("SELECT count(*) FROM bodies WHERE pieces IS NOT NULL"), "files without a body");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn a_bucket_keeps_its_history(acts in proptest::collection::vec(act(), 1..40)) {
        let dir = tempfile::tempdir().expect("a directory");
        let (mut real, mut plain) = (Real::new(dir.path()), Plain::default());
        for (step, act) in acts.into_iter().enumerate() {
            let key = |n: usize| format!("key-{n}");
            let id = format!("{step:032}");
            let content = format!("content of step {step}");
            match act {
                Act::Put { key: n, large } => {
                    let body = real.new_body(&content, large);
                    real.put(&key(n), &id, &content, body);
                    plain.add(&key(n), &id, Some(content));
                }
                Act::Copy { from, to } => {
                    if let Some((body, content)) = real.body_of(&key(from)) {
                        real.put(&key(to), &id, &content, NewBody::Shared(body));
                        plain.add(&key(to), &id, Some(content));
                    }
                }
                Act::Delete { key: n } => {
                    real.delete(&key(n), None, &id);
                    plain.add(&key(n), &id, None);
                }
                Act::DeleteVersion { key: n, at } => {
                    let history = plain.keys.entry(key(n)).or_default();
                    if at < history.len() {
                        let (version, _) = history.remove(at);
                        real.delete(&key(n), Some(&version), &id);
                    }
                }
                Act::Keep(on) => {
                    let versioning = if on { Versioning::Enabled } else { Versioning::Suspended };
                    if on || plain.versioning != Versioning::Never {
                        real.set(versioning);
                        plain.versioning = versioning;
                    }
                }
            }
            check(&real, &plain)?;
        }
    }
}
