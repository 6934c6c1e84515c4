//! The tables, and how connections are opened.

use super::S3Error;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::time::Duration;

const VERSION: i64 = 1;

/// How long a connection waits for another's lock: only while the log is recovered is there one.
const PATIENCE: Duration = Duration::from_secs(5);

/// Pages of the write-ahead log after which it is written back: 16 MiB, so that a crash costs little time at start.
pub(crate) const MOST_PAGES: u64 = 4096;

pub(crate) const TABLES: &str = "
CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE buckets (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    owner TEXT NOT NULL,
    region TEXT NOT NULL,
    created INTEGER NOT NULL,
    settings TEXT NOT NULL
);
-- The current version of every key that has one which is not a delete marker.
CREATE TABLE objects (
    bucket INTEGER NOT NULL,
    key TEXT NOT NULL,
    seq INTEGER NOT NULL,
    version TEXT NOT NULL,
    modified INTEGER NOT NULL,
    size INTEGER NOT NULL,
    etag TEXT NOT NULL,
    body INTEGER NOT NULL,
    head TEXT NOT NULL,
    PRIMARY KEY (bucket, key)
) WITHOUT ROWID;
-- Earlier versions, and delete markers (without a body).
CREATE TABLE versions (
    bucket INTEGER NOT NULL,
    key TEXT NOT NULL,
    seq INTEGER NOT NULL,
    version TEXT NOT NULL,
    modified INTEGER NOT NULL,
    size INTEGER NOT NULL,
    etag TEXT NOT NULL,
    body INTEGER,
    head TEXT NOT NULL,
    PRIMARY KEY (bucket, key, seq DESC)
) WITHOUT ROWID;
CREATE UNIQUE INDEX versions_by_id ON versions (bucket, key, version);
-- What objects hold: the bytes themselves, or a list of pieces of files. Copies share it.
CREATE TABLE bodies (
    id INTEGER PRIMARY KEY,
    refs INTEGER NOT NULL,
    pieces TEXT,
    data BLOB
);
-- Files that a body or a part names.
CREATE TABLE blobs (id INTEGER PRIMARY KEY);
CREATE TABLE uploads (
    bucket INTEGER NOT NULL,
    key TEXT NOT NULL,
    id TEXT NOT NULL,
    started INTEGER NOT NULL,
    plan TEXT NOT NULL,
    PRIMARY KEY (bucket, key, id)
) WITHOUT ROWID;
CREATE TABLE parts (
    upload TEXT NOT NULL,
    number INTEGER NOT NULL,
    size INTEGER NOT NULL,
    etag TEXT NOT NULL,
    modified INTEGER NOT NULL,
    sums TEXT NOT NULL,
    blob INTEGER NOT NULL,
    PRIMARY KEY (upload, number)
) WITHOUT ROWID;
";

/// The writer's connection: every commit reaches the disk before it returns.
pub(crate) fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "cache_size", -8192)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// A reading connection.
pub(crate) fn connect_reader(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    connection.pragma_update(None, "cache_size", -2048)?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(connection)
}

/// Makes the tables at first start, counts this start, and returns its number: blobs are numbered by it.
pub(crate) fn prepare(connection: &mut Connection, path: &Path) -> Result<i64, S3Error> {
    let database = |source| S3Error::Database { path: path.into(), source };
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(database)?;
    if found > VERSION {
        return Err(S3Error::Newer { found, known: VERSION });
    }
    let transaction = connection.transaction().map_err(database)?;
    if found == 0 {
        transaction.execute_batch(TABLES).map_err(database)?;
        transaction.pragma_update(None, "user_version", VERSION).map_err(database)?;
    }
    let epoch: i64 = transaction
        .query_row(
            "INSERT INTO meta (name, value) VALUES ('starts', 1)
             ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value",
            [],
            |row| row.get(0),
        )
        .map_err(database)?;
    transaction.commit().map_err(database)?;
    Ok(epoch)
}
