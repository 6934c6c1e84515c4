//! Durable state: small values by kind and key, fsynced before anyone hears of it, many writers to one commit.
//!
//! One SQLite database in WAL mode with one writer. All that wait go into one transaction and one fsync (group commit, see
//! [`group`]), in the order of [`Store::submit`].
#![forbid(unsafe_code)]

pub mod group;
mod log;

pub use log::Log;

use group::{Committer, Group, Queued};
use rusqlite::{Connection, params};
use std::path::Path;
use std::sync::Mutex;
use tokio::sync::oneshot;

/// One step of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    Put {
        kind: String,
        key: String,
        value: Vec<u8>,
    },
    Delete {
        kind: String,
        key: String,
    },
    /// Deletes every key that begins with a prefix of ASCII.
    DeleteUnder {
        kind: String,
        prefix: String,
    },
}

/// The step that failed and the database's word.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{step}: {word}")]
pub struct StoreError {
    pub step: &'static str,
    pub word: String,
}

fn failed(step: &'static str) -> impl Fn(rusqlite::Error) -> StoreError {
    move |error| StoreError { step, word: error.to_string() }
}

struct Batch {
    writes: Vec<Write>,
    done: oneshot::Sender<Result<(), StoreError>>,
}

/// A batch on its way to the disk. To be waited for at once: others' batches wait for it, or write it along with theirs.
pub struct Pending {
    queued: Queued<Writer>,
    done: oneshot::Receiver<Result<(), StoreError>>,
}

impl Pending {
    /// Returns once the batch is durable, all of it or nothing. May hold up the calling thread for the time of a commit.
    pub async fn durable(self) -> Result<(), StoreError> {
        self.queued.go();
        self.done.await.unwrap_or_else(|_| Err(gone()))
    }
    /// The same, for threads outside the runtime.
    pub fn durable_blocking(self) -> Result<(), StoreError> {
        self.queued.go();
        self.done.blocking_recv().unwrap_or_else(|_| Err(gone()))
    }
}

fn gone() -> StoreError {
    StoreError { step: "write a batch", word: "the store's writer has stopped".into() }
}

/// The database of one data directory.
pub struct Store {
    reader: Mutex<Connection>,
    batches: Group<Writer>,
}

impl Store {
    /// Opens or makes the database file.
    pub fn open(file: &Path) -> Result<Self, StoreError> {
        let writer = connect(file)?;
        writer
            .execute_batch(
                "CREATE TABLE IF NOT EXISTS entry (kind TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL,
                 PRIMARY KEY (kind, key)) WITHOUT ROWID",
            )
            .map_err(failed("make the table"))?;
        let reader = connect(file)?;
        let log = Log::of(file, &writer, MOST_PAGES);
        let batches = Group::start("store", Writer { connection: writer, log })
            .map_err(|e| StoreError { step: "start the writer", word: e.to_string() })?;
        Ok(Self { reader: Mutex::new(reader), batches })
    }

    /// Everything of one kind, by key in order. Blocks; meant for the start.
    pub fn load(&self, kind: &str) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        let reader = self.reader.lock().unwrap_or_else(|e| e.into_inner());
        let mut query = reader
            .prepare_cached("SELECT key, value FROM entry WHERE kind = ? ORDER BY key")
            .map_err(failed("prepare a read"))?;
        let rows = query.query_map([kind], |row| Ok((row.get(0)?, row.get(1)?))).map_err(failed("read"))?;
        rows.collect::<Result<_, _>>().map_err(failed("read a row"))
    }

    /// Queues a batch. Batches become durable in the order of these calls.
    pub fn submit(&self, writes: Vec<Write>) -> Pending {
        let (done, waiting) = oneshot::channel();
        Pending { queued: self.batches.queue(Batch { writes, done }), done: waiting }
    }

    /// Queues a batch and waits until it is durable.
    pub async fn write(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        self.submit(writes).durable().await
    }
}

/// Pages of the log after which it is written back: 4 MiB.
const MOST_PAGES: u64 = 1000;

fn connect(file: &Path) -> Result<Connection, StoreError> {
    let connection = Connection::open(file).map_err(failed("open the database"))?;
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000; PRAGMA cache_size = -1024;",
        )
        .map_err(failed("set the database up"))?;
    Ok(connection)
}

struct Writer {
    connection: Connection,
    log: Log,
}

impl Committer for Writer {
    type Job = Batch;

    fn commit(&mut self, group: Vec<Batch>) {
        let result = commit(&mut self.connection, &group);
        if let Err(error) = &result {
            tracing::error!(%error, batches = group.len(), "a group of batches was not written");
        }
        for batch in group {
            // A caller that went meanwhile needs no answer.
            let _ = batch.done.send(result.clone());
        }
    }
    fn is_untidy(&mut self) -> bool {
        self.log.is_untidy()
    }
    fn tidy(&mut self) {
        self.log.tidy(&self.connection);
    }
}

fn commit(connection: &mut Connection, group: &[Batch]) -> Result<(), StoreError> {
    let transaction = connection.transaction().map_err(failed("begin"))?;
    {
        let mut put = transaction
            .prepare_cached("INSERT OR REPLACE INTO entry (kind, key, value) VALUES (?, ?, ?)")
            .map_err(failed("prepare a put"))?;
        let mut delete = transaction
            .prepare_cached("DELETE FROM entry WHERE kind = ? AND key = ?")
            .map_err(failed("prepare a delete"))?;
        let mut delete_under = transaction
            .prepare_cached("DELETE FROM entry WHERE kind = ? AND key >= ? AND key < ?")
            .map_err(failed("prepare a delete"))?;
        for write in group.iter().flat_map(|batch| &batch.writes) {
            match write {
                Write::Put { kind, key, value } => put.execute(params![kind, key, value]).map_err(failed("put"))?,
                Write::Delete { kind, key } => delete.execute(params![kind, key]).map_err(failed("delete"))?,
                Write::DeleteUnder { kind, prefix } => {
                    // DEL is the last character of ASCII.
                    let end = format!("{prefix}\u{7f}");
                    delete_under.execute(params![kind, prefix, end]).map_err(failed("delete"))?
                }
            };
        }
    }
    transaction.commit().map_err(failed("commit"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(key: &str, value: &str) -> Write {
        Write::Put { kind: "k".into(), key: key.into(), value: value.into() }
    }

    #[test]
    fn what_was_written_is_there_after_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("state.db");
        {
            let store = Store::open(&file).unwrap();
            store.submit(vec![put("a", "1"), put("b", "2")]).durable_blocking().unwrap();
            let delete = Write::Delete { kind: "k".into(), key: "a".into() };
            store.submit(vec![delete, put("b", "3")]).durable_blocking().unwrap();
        }
        let store = Store::open(&file).unwrap();
        assert_eq!(store.load("k").unwrap(), vec![("b".to_owned(), b"3".to_vec())]);
        assert_eq!(store.load("other").unwrap(), vec![]);
    }

    #[test]
    fn what_is_under_a_prefix_goes_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("state.db")).unwrap();
        store.submit(["a", "a/1", "a/2/3", "a0", "b/1"].map(|key| put(key, "x")).into()).durable_blocking().unwrap();
        let under = Write::DeleteUnder { kind: "k".into(), prefix: "a/".into() };
        store.submit(vec![under]).durable_blocking().unwrap();
        let left: Vec<String> = store.load("k").unwrap().into_iter().map(|(key, _)| key).collect();
        assert_eq!(left, ["a", "a0", "b/1"]);
    }

    #[test]
    fn many_writers_share_commits_and_all_arrive() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("state.db")).unwrap();
        let pending: Vec<_> = (0..500).map(|n| store.submit(vec![put(&format!("{n:03}"), "x")])).collect();
        for p in pending {
            p.durable_blocking().unwrap();
        }
        assert_eq!(store.load("k").unwrap().len(), 500);
    }

    #[test]
    fn a_lone_callers_log_is_written_back_and_stays_short() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("state.db");
        let store = Store::open(&file).unwrap();
        let size = |name: &str| std::fs::metadata(dir.path().join(name)).unwrap().len();
        // Five times what makes the log long, one batch after the other.
        let value = vec![b'x'; 64 << 10];
        for n in 0..320 {
            let write = Write::Put { kind: "k".into(), key: format!("{n:03}"), value: value.clone() };
            store.submit(vec![write]).durable_blocking().unwrap();
        }
        assert!(size("state.db") > 12 << 20, "{} bytes written back", size("state.db"));
        assert!(size("state.db-wal") < 8 << 20, "{} bytes of log", size("state.db-wal"));
    }

    #[test]
    fn a_file_that_is_no_database_is_named_as_the_step_that_failed() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("state.db");
        std::fs::write(&file, vec![7u8; 8192]).unwrap();
        let error = Store::open(&file).err().unwrap();
        assert_eq!(error.step, "set the database up");
    }
}
