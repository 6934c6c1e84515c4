//! The one place that writes: it runs what is queued, syncs the log once for all of it, then answers.

use super::{Made, Run, Shape, attempt, open};
use dynoxide::Database;
use postern_call::Refusal;
use postern_store::group::{Committer, Group};
use rusqlite::Connection;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use tokio::sync::oneshot;

/// As many share one sync at most, so that the first of them does not wait for ever more.
const GROUP: usize = 256;
/// Readers that overlap without a gap keep the log from beginning anew; past this many bytes they are made to pause.
const LONGEST_LOG: u64 = 64 << 20;

struct Job {
    run: Run,
    is_alone: bool,
    tell: oneshot::Sender<Result<Made, Refusal>>,
}

pub struct Writer {
    jobs: Group<Desk>,
    /// The one that is written by; another one after the engine's panic.
    database: Arc<Mutex<Database>>,
}

impl Writer {
    pub fn start(file: &Path, shape: Shape) -> Result<Self, Refusal> {
        let database = Arc::new(Mutex::new(open(file)?));
        let log = Log::open(file)?;
        let desk = Desk { file: file.to_owned(), database: Arc::clone(&database), shape, log, broken: None };
        let jobs = Group::start("dynamodb", desk);
        let jobs = jobs.map_err(|error| Refusal::internal(format!("start a writer: {error}")))?;
        Ok(Self { jobs, database })
    }

    pub fn database(&self) -> Database {
        self.database.lock().unwrap_or_else(|e| e.into_inner()).clone()
    }

    pub async fn run(&self, run: Run, is_alone: bool) -> Result<Made, Refusal> {
        let (tell, told) = oneshot::channel();
        let queued = self.jobs.queue(Job { run, is_alone, tell });
        // What must be alone waits until the readers are through: the group's thread may, a thread that serves others may not.
        if is_alone {
            drop(queued)
        } else {
            queued.go()
        }
        told.await.unwrap_or_else(|_| Err(Refusal::internal("the writer of a DynamoDB database has stopped")))
    }
}

struct Desk {
    file: PathBuf,
    database: Arc<Mutex<Database>>,
    shape: Shape,
    log: Log,
    /// A sync failed: nobody knows what is on the disk, and nothing is written any more.
    broken: Option<String>,
}

impl Committer for Desk {
    type Job = Job;

    fn commit(&mut self, mut jobs: Vec<Job>) {
        while !jobs.is_empty() {
            let rest = jobs.split_off(jobs.len().min(GROUP));
            let now = std::mem::replace(&mut jobs, rest);
            let answers: Vec<_> = now.into_iter().map(|job| (self.work(job.run, job.is_alone), job.tell)).collect();
            self.sync();
            for (answer, tell) in answers {
                let answer = match &self.broken {
                    None => answer,
                    Some(word) => Err(Refusal::internal(format!("a DynamoDB database is broken: {word}"))),
                };
                // A client that hung up does not hear of it.
                let _ = tell.send(answer);
            }
        }
    }
    fn is_untidy(&mut self) -> bool {
        self.broken.is_none() && self.log.is_long()
    }
    fn tidy(&mut self) {
        let alone = self.shape.write().unwrap_or_else(|e| e.into_inner());
        let begun = self.log.begin_anew();
        drop(alone);
        self.note(begun);
    }
}

impl Desk {
    fn work(&self, run: Run, is_alone: bool) -> Result<Made, Refusal> {
        if let Some(word) = &self.broken {
            return Err(Refusal::internal(format!("a DynamoDB database is broken: {word}")));
        }
        let mut shape = is_alone.then(|| self.shape.write().unwrap_or_else(|e| e.into_inner()));
        let database = self.database.lock().unwrap_or_else(|e| e.into_inner()).clone();
        let attempt = attempt(run, &database);
        if let Some(shape) = &mut shape {
            **shape += 1;
        }
        if !attempt.is_sound {
            // What the panic left open is rolled back with the connection.
            *self.database.lock().unwrap_or_else(|e| e.into_inner()) = open(&self.file)?;
        }
        attempt.made
    }

    fn sync(&mut self) {
        if self.broken.is_none() {
            let synced = self.log.sync();
            self.note(synced);
        }
    }

    fn note(&mut self, done: Result<(), String>) {
        if let Err(word) = done {
            tracing::error!(file = %self.file.display(), word, "a DynamoDB database is not written any more");
            self.broken = Some(word);
        }
    }
}

/// The write-ahead log beside the database file.
struct Log {
    file: File,
    connection: Connection,
}

impl Log {
    /// The database is open already, so that its log is there.
    fn open(database: &Path) -> Result<Self, Refusal> {
        let failed = |step: &str, word: &dyn std::fmt::Display| {
            Refusal::internal(format!("{step} of {}: {word}", database.display()))
        };
        let mut log = database.as_os_str().to_owned();
        log.push("-wal");
        let file = File::options().read(true).write(true).open(&log).map_err(|e| failed("open the log", &e))?;
        let directory = database.parent().unwrap_or(Path::new("."));
        File::open(directory)
            .and_then(|directory| directory.sync_all())
            .map_err(|e| failed("sync the directory", &e))?;
        let connection = Connection::open(database).map_err(|e| failed("open a connection", &e))?;
        Ok(Self { file, connection })
    }

    /// Everything committed so far is on the disk when this returns.
    fn sync(&self) -> Result<(), String> {
        self.file.sync_data().map_err(|error| format!("sync the log: {error}"))
    }

    /// Longer than it should be. What cannot be measured is left to [`Log::begin_anew`] to tell.
    fn is_long(&self) -> bool {
        self.file.metadata().map_or(true, |facts| facts.len() >= LONGEST_LOG)
    }

    /// Brings the log's content into the database and empties it.
    fn begin_anew(&self) -> Result<(), String> {
        self.connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
            .map_err(|error| format!("empty the log: {error}"))
    }
}
