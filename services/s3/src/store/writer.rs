//! The one place that changes the database: many requests to one transaction, one sync for them all.

use super::blobs::{Blobs, Keeper, Pending};
use super::buckets::{Bucket, Buckets};
use super::hot::Hot;
use crate::error::{Answer, no_such_bucket};
use postern_call::Refusal;
use postern_store::Log;
use postern_store::group::{Committer, Group};
use rusqlite::{Connection, TransactionBehavior};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::oneshot;

/// Jobs that go into one transaction at most.
const BATCH: usize = 256;

/// Milliseconds and an order that never goes back, even if the machine's clock does.
struct Clock {
    last: i64,
}

impl Clock {
    fn new() -> Self {
        Self { last: 0 }
    }
    fn next(&mut self) -> i64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_micros());
        self.last = i64::try_from(now).unwrap_or(i64::MAX).max(self.last + 1);
        self.last
    }
}

/// What a changing closure works with.
pub(crate) struct Change<'a> {
    pub db: &'a Connection,
    pub buckets: &'a Buckets,
    clock: &'a mut Clock,
    touched: &'a mut Vec<i64>,
    freed: &'a mut Vec<i64>,
    kept: &'a mut Vec<Keeper>,
    changed: &'a mut Vec<(i64, String)>,
}

/// Those who must hear of a commit before the one who asked for it.
pub(crate) struct Keepers {
    pub buckets: Arc<Buckets>,
    pub blobs: Arc<Blobs>,
    pub hot: Arc<Hot>,
}

impl Change<'_> {
    /// A number above all given before, microseconds since 1970.
    pub fn seq(&mut self) -> i64 {
        self.clock.next()
    }
    /// The next [`Change::seq`] will be above this.
    pub fn seq_above(&mut self, seq: i64) {
        self.clock.last = self.clock.last.max(seq);
    }
    /// The bucket as this transaction has it.
    pub fn bucket(&self, id: i64, name: &str) -> rusqlite::Result<Answer<Arc<Bucket>>> {
        if self.touched.contains(&id) {
            return Ok(super::buckets::row(self, id, name)?.map(Arc::new));
        }
        let known = self.buckets.get(name).filter(|b| b.id == id);
        Ok(known.ok_or_else(|| no_such_bucket(name)))
    }
    /// An object got tags: from now on the gate looks for them.
    pub fn tagged(&self) -> rusqlite::Result<()> {
        if !self.buckets.tagged.swap(true, Ordering::AcqRel) {
            self.db.execute("INSERT OR REPLACE INTO meta (name, value) VALUES ('tagged', 1)", [])?;
        }
        Ok(())
    }
    /// The key's current object is another, or has another head.
    pub fn changed(&mut self, bucket: i64, key: &str) {
        self.changed.push((bucket, key.to_owned()));
    }
    /// Once the transaction has committed, the file stays.
    pub fn keep(&mut self, pending: &mut Option<Pending>) {
        if let Some(pending) = pending {
            self.kept.push(pending.keeper());
        }
    }
    /// The bucket's row was changed: what is known of it is read again after the commit.
    pub fn touch(&mut self, bucket: i64) {
        self.touched.push(bucket);
    }
    /// A row is about to name this file.
    pub fn name(&self, blob: i64) -> rusqlite::Result<()> {
        self.db.prepare_cached("INSERT INTO blobs (id) VALUES (?1)")?.execute([blob]).map(drop)
    }
    /// No row needs this file any more: it is removed after the commit.
    pub fn free(&mut self, blob: i64) -> rusqlite::Result<()> {
        self.db.prepare_cached("DELETE FROM blobs WHERE id = ?1")?.execute([blob])?;
        self.freed.push(blob);
        Ok(())
    }
}

trait Job: Send {
    fn run(&mut self, change: &mut Change<'_>) -> rusqlite::Result<()>;
    fn finish(self: Box<Self>, failure: Option<&str>);
}

struct Work<T, F> {
    work: F,
    result: Option<Answer<T>>,
    reply: oneshot::Sender<Answer<T>>,
}

impl<T, F> Job for Work<T, F>
where
    T: Send,
    F: FnMut(&mut Change<'_>) -> rusqlite::Result<Answer<T>> + Send,
{
    fn run(&mut self, change: &mut Change<'_>) -> rusqlite::Result<()> {
        self.result = Some((self.work)(change)?);
        Ok(())
    }
    fn finish(self: Box<Self>, failure: Option<&str>) {
        let answer = match (failure, self.result) {
            (None, Some(answer)) => answer,
            (why, _) => Err(Refusal::internal(why.unwrap_or("the change was not run"))),
        };
        // The one who asked may have gone; the change stands all the same.
        drop(self.reply.send(answer));
    }
}

/// Whoever asks commits at once if nobody else does; else many share a commit.
pub(crate) struct Writer {
    jobs: Group<Database>,
}

impl Writer {
    pub fn start(connection: Connection, log: Log, keepers: Keepers) -> std::io::Result<Self> {
        let database = Database { connection, log, clock: Clock::new(), keepers };
        Ok(Self { jobs: Group::start("s3-writer", database)? })
    }

    pub async fn change<T, F>(&self, work: F) -> Answer<T>
    where
        T: Send + 'static,
        F: FnMut(&mut Change<'_>) -> rusqlite::Result<Answer<T>> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        self.jobs.queue(Box::new(Work { work, result: None, reply })).go();
        answer.await.map_err(|_| Refusal::internal("the writer has stopped"))?
    }
}

struct Database {
    connection: Connection,
    log: Log,
    clock: Clock,
    keepers: Keepers,
}

impl Committer for Database {
    type Job = Box<dyn Job>;

    fn commit(&mut self, mut jobs: Vec<Box<dyn Job>>) {
        while !jobs.is_empty() {
            let rest = jobs.split_off(jobs.len().min(BATCH));
            let mut batch = std::mem::replace(&mut jobs, rest);
            let began = Instant::now();
            let count = batch.len();
            if self.commit_batch(&mut batch).is_ok() {
                batch.into_iter().for_each(|job| job.finish(None));
            } else {
                self.one_by_one(batch);
            }
            tracing::trace!(count, micros = began.elapsed().as_micros(), "s3 commit");
        }
    }
    fn is_untidy(&mut self) -> bool {
        self.log.is_untidy()
    }
    fn tidy(&mut self) {
        self.log.tidy(&self.connection);
    }
}

impl Database {
    /// A job that fails must not take its neighbours along.
    fn one_by_one(&mut self, batch: Vec<Box<dyn Job>>) {
        for job in batch {
            let mut alone = vec![job];
            let failure = self.commit_batch(&mut alone).err().map(|e| e.to_string());
            alone.into_iter().for_each(|job| job.finish(failure.as_deref()));
        }
    }

    /// All jobs in one transaction; after it the buckets known in memory are as on the disk and freed files are gone.
    fn commit_batch(&mut self, batch: &mut [Box<dyn Job>]) -> rusqlite::Result<()> {
        let (mut touched, mut freed, mut kept, mut changed) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut change = Change {
            db: &transaction,
            buckets: &self.keepers.buckets,
            clock: &mut self.clock,
            touched: &mut touched,
            freed: &mut freed,
            kept: &mut kept,
            changed: &mut changed,
        };
        for job in batch {
            job.run(&mut change)?;
        }
        transaction.commit()?;
        kept.iter().for_each(Keeper::keep);
        changed.iter().for_each(|(bucket, key)| self.keepers.hot.forget(*bucket, key));
        for bucket in touched {
            if let Err(error) = self.keepers.buckets.reload(&self.connection, bucket) {
                tracing::error!(%error, bucket, "a bucket could not be read back after its change");
            }
        }
        if !freed.is_empty() {
            self.keepers.blobs.remove(freed);
        }
        Ok(())
    }
}
