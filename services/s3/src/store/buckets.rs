//! Buckets: all of them are known in memory, as the disk has them.

use super::writer::Change;
use crate::error::{Answer, no_such_bucket, refuse};
use postern_names::{AccountId, Region};
use postern_policy::Document;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, PoisonError, RwLock};

/// Whether the bucket keeps versions. Once enabled it can only be suspended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) enum Versioning {
    #[default]
    Never,
    Enabled,
    Suspended,
}

/// The four switches of a public access block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PublicBlock {
    pub block_acls: bool,
    pub ignore_acls: bool,
    pub block_policy: bool,
    pub restrict_buckets: bool,
}

impl PublicBlock {
    /// What every new bucket has.
    pub const ALL: Self = Self { block_acls: true, ignore_acls: true, block_policy: true, restrict_buckets: true };
}

/// What can be set on a bucket.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Settings {
    pub versioning: Versioning,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_block: Option<PublicBlock>,
    /// `BucketOwnerEnforced` in a new bucket; `None` once the controls are deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ownership: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<(String, String)>,
    pub bucket_key: bool,
    /// Objects are encrypted by KMS unless they say otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kms: Option<KmsDefault>,
}

/// A bucket's default encryption by KMS.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct KmsDefault {
    /// As it was given; `None`: the key that AWS manages for S3.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// A bucket as it is now.
#[derive(Debug, Clone)]
pub(crate) struct Bucket {
    pub id: i64,
    pub name: String,
    pub owner: AccountId,
    pub region: Region,
    /// Milliseconds since 1970.
    pub created: i64,
    pub settings: Settings,
    /// The policy, read.
    pub policy: Option<Arc<Document>>,
    /// Whether AWS would call the policy public.
    pub public: bool,
}

impl Bucket {
    pub fn arn(&self) -> String {
        format!("arn:aws:s3:::{}", self.name)
    }

    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let owner: String = row.get(2)?;
        let owner = owner.parse().map_err(|e| broken(2, e))?;
        let settings: Settings = serde_json::from_str(row.get_ref(5)?.as_str()?).map_err(|e| broken(5, e))?;
        let policy = match &settings.policy {
            Some(text) => Some(Arc::new(Document::parse(text).map_err(|e| broken(5, e))?)),
            None => None,
        };
        let public = settings.policy.as_deref().is_some_and(crate::gate::public::is_public);
        let region: String = row.get(3)?;
        Ok(Self {
            id: row.get(0)?,
            name: row.get(1)?,
            owner,
            region: Region::new(&region),
            created: row.get(4)?,
            settings,
            policy,
            public,
        })
    }
}

fn broken(column: usize, error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, Box::new(error))
}

const COLUMNS: &str = "SELECT id, name, owner, region, created, settings FROM buckets";

#[derive(Debug, Default)]
struct Known {
    by_name: BTreeMap<String, Arc<Bucket>>,
    names: BTreeMap<i64, String>,
}

/// All buckets by name.
#[derive(Debug, Default)]
pub(crate) struct Buckets {
    known: RwLock<Known>,
    /// Whether any object has ever had tags.
    pub tagged: AtomicBool,
}

impl Buckets {
    pub fn load(connection: &Connection) -> rusqlite::Result<Self> {
        let mut known = Known::default();
        let mut statement = connection.prepare(COLUMNS)?;
        for bucket in statement.query_map([], Bucket::read)? {
            let bucket = bucket?;
            known.names.insert(bucket.id, bucket.name.clone());
            known.by_name.insert(bucket.name.clone(), Arc::new(bucket));
        }
        let tagged = connection.prepare("SELECT 1 FROM meta WHERE name = 'tagged'")?.exists([])?;
        Ok(Self { known: RwLock::new(known), tagged: AtomicBool::new(tagged) })
    }

    pub fn count(&self) -> usize {
        self.known.read().unwrap_or_else(PoisonError::into_inner).by_name.len()
    }

    pub fn get(&self, name: &str) -> Option<Arc<Bucket>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).by_name.get(name).cloned()
    }

    /// An account's buckets by name.
    pub fn of(&self, owner: AccountId) -> Vec<Arc<Bucket>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.by_name.values().filter(|b| b.owner == owner).cloned().collect()
    }

    /// Brings one bucket in line with its row; without a row it is forgotten.
    pub fn reload(&self, connection: &Connection, id: i64) -> rusqlite::Result<()> {
        let found =
            connection.prepare_cached(&format!("{COLUMNS} WHERE id = ?1"))?.query_row([id], Bucket::read).optional()?;
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(name) = known.names.remove(&id) {
            known.by_name.remove(&name);
        }
        if let Some(bucket) = found {
            known.names.insert(id, bucket.name.clone());
            known.by_name.insert(bucket.name.clone(), Arc::new(bucket));
        }
        Ok(())
    }
}

/// The row as the transaction sees it, for a change that depends on it.
pub(crate) fn row(change: &Change<'_>, id: i64, name: &str) -> rusqlite::Result<Answer<Bucket>> {
    let found =
        change.db.prepare_cached(&format!("{COLUMNS} WHERE id = ?1"))?.query_row([id], Bucket::read).optional()?;
    Ok(found.ok_or_else(|| no_such_bucket(name)))
}

/// Makes a bucket. Its owner making it again is no error in us-east-1, as AWS has it.
pub(crate) fn create(
    change: &mut Change<'_>,
    name: &str,
    owner: AccountId,
    region: &Region,
    settings: &Settings,
) -> rusqlite::Result<Answer<()>> {
    let found =
        change.db.prepare_cached(&format!("{COLUMNS} WHERE name = ?1"))?.query_row([name], Bucket::read).optional()?;
    if let Some(bucket) = found {
        return Ok(if bucket.owner != owner {
            Err(refuse("BucketAlreadyExists").member("BucketName", name))
        } else if region.as_str() == "us-east-1" && bucket.region == *region {
            Ok(())
        } else {
            Err(refuse("BucketAlreadyOwnedByYou").member("BucketName", name))
        });
    }
    let created = change.seq() / 1000;
    let id: i64 = change
        .db
        .prepare_cached(
            "INSERT INTO buckets (name, owner, region, created, settings) VALUES (?1, ?2, ?3, ?4, ?5) RETURNING id",
        )?
        .query_row(params![name, owner.to_string(), region.as_str(), created, json(settings)?], |row| row.get(0))?;
    change.touch(id);
    Ok(Ok(()))
}

/// Removes a bucket that holds nothing; uploads in progress go with it.
pub(crate) fn delete(change: &mut Change<'_>, id: i64, name: &str) -> rusqlite::Result<Answer<()>> {
    let held = change
        .db
        .prepare_cached(
            "SELECT 1 WHERE EXISTS (SELECT 1 FROM objects WHERE bucket = ?1)
                OR EXISTS (SELECT 1 FROM versions WHERE bucket = ?1)",
        )?
        .exists([id])?;
    if held {
        return Ok(Err(refuse("BucketNotEmpty").member("BucketName", name)));
    }
    super::uploads::drop_all(change, id)?;
    let gone = change.db.prepare_cached("DELETE FROM buckets WHERE id = ?1")?.execute([id])?;
    change.touch(id);
    Ok(if gone == 0 { Err(no_such_bucket(name)) } else { Ok(()) })
}

/// Changes a bucket's settings.
pub(crate) fn set(
    change: &mut Change<'_>,
    id: i64,
    name: &str,
    edit: impl FnOnce(&mut Settings) -> Answer<()>,
) -> rusqlite::Result<Answer<()>> {
    let mut bucket = match row(change, id, name)? {
        Ok(bucket) => bucket,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if let Err(refusal) = edit(&mut bucket.settings) {
        return Ok(Err(refusal));
    }
    change
        .db
        .prepare_cached("UPDATE buckets SET settings = ?2 WHERE id = ?1")?
        .execute(params![id, json(&bucket.settings)?])?;
    change.touch(id);
    Ok(Ok(()))
}

/// A record's text form for its column.
pub(crate) fn json<T: Serialize>(value: &T) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|e| rusqlite::Error::ToSqlConversionFailure(Box::new(e)))
}
