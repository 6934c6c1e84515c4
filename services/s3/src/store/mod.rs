//! The durable store: one SQLite database for what is known, files for large bodies.
//!
//! One change runs at a time, many requests to one transaction ([`writer`]), and is answered after
//! the commit has reached the disk. Reads use their own connections and see the last commit ([`Store::read`]).
//! Everything a crash can leave behind is a file that no row names; [`blobs`] sweeps those at the next start.

pub(crate) mod blobs;
pub(crate) mod buckets;
#[cfg(test)]
mod histories;
pub(crate) mod hot;
pub(crate) mod list;
pub(crate) mod objects;
pub(crate) mod records;
pub(crate) mod schema;
pub(crate) mod uploads;
pub(crate) mod writer;

use crate::error::Answer;
use blobs::Blobs;
use buckets::{Bucket, Buckets};
use hot::Hot;
use postern_call::Refusal;
use postern_store::Log;
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use writer::Writer;

/// Why the store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum S3Error {
    #[error("cannot use `{path}` for objects")]
    Directory { path: PathBuf, source: std::io::Error },
    #[error("cannot open the object database `{path}`")]
    Database { path: PathBuf, source: rusqlite::Error },
    #[error("the object database is of version {found}, newer than this program's {known}")]
    Newer { found: i64, known: i64 },
}

/// How many reading connections are kept for reuse.
const READERS_KEPT: usize = 8;

pub(crate) struct Store {
    path: PathBuf,
    pub blobs: Arc<Blobs>,
    pub buckets: Arc<Buckets>,
    pub hot: Arc<Hot>,
    writer: Writer,
    readers: Mutex<Vec<Connection>>,
}

impl Store {
    pub fn open(dir: &Path) -> Result<Self, S3Error> {
        std::fs::create_dir_all(dir).map_err(|source| S3Error::Directory { path: dir.into(), source })?;
        if let Some(parent) = dir.parent().filter(|p| !p.as_os_str().is_empty()) {
            let synced = std::fs::File::open(parent).and_then(|parent| parent.sync_all());
            synced.map_err(|source| S3Error::Directory { path: parent.into(), source })?;
        }
        let path = dir.join("objects.sqlite");
        let database = |source| S3Error::Database { path: path.clone(), source };
        let mut connection = schema::connect(&path).map_err(database)?;
        let epoch = schema::prepare(&mut connection, &path)?;
        let blobs = Arc::new(
            Blobs::open(&dir.join("blobs"), epoch).map_err(|source| S3Error::Directory { path: dir.into(), source })?,
        );
        let buckets = Arc::new(Buckets::load(&connection).map_err(database)?);
        blobs.clone().sweep(path.clone());
        let hot = Arc::new(Hot::new());
        let keepers = writer::Keepers { buckets: buckets.clone(), blobs: blobs.clone(), hot: hot.clone() };
        let log = Log::of(&path, &connection, schema::MOST_PAGES);
        let writer = Writer::start(connection, log, keepers)
            .map_err(|source| S3Error::Directory { path: dir.into(), source })?;
        Ok(Self { path, blobs, buckets, hot, writer, readers: Mutex::new(Vec::new()) })
    }

    /// The bucket of that name.
    pub fn bucket(&self, name: &str) -> Option<Arc<Bucket>> {
        self.buckets.get(name)
    }

    /// How many buckets there are.
    pub fn bucket_count(&self) -> usize {
        self.buckets.count()
    }

    /// Runs a reading closure on a connection of the pool. It sees every change answered so far, and all its
    /// statements see the same.
    pub fn read<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Answer<T> {
        let kept = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match kept {
            Some(connection) => connection,
            None => schema::connect_reader(&self.path).map_err(Refusal::internal)?,
        };
        let result = in_one_view(&connection, work);
        // After an error nobody knows in what state the connection is.
        if result.is_ok() {
            let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
            if readers.len() < READERS_KEPT {
                readers.push(connection);
            }
        }
        result.map_err(Refusal::internal)
    }

    /// Runs a changing closure in the next transaction and returns when its effect is on the disk. The closure must
    /// refuse before it changes anything, and may be run again if the transaction had to be repeated.
    pub async fn change<T, F>(&self, work: F) -> Answer<T>
    where
        T: Send + 'static,
        F: FnMut(&mut writer::Change<'_>) -> rusqlite::Result<Answer<T>> + Send + 'static,
    {
        self.writer.change(work).await
    }
}

fn in_one_view<T>(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    connection.prepare_cached("BEGIN")?.execute([])?;
    let result = work(connection);
    connection.prepare_cached("COMMIT")?.execute([])?;
    result
}
