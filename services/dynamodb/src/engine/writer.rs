//! The one thread that writes: it runs what is queued, syncs the log once for all of it, then answers.

use super::{Made, Run, Shape, attempt, open};
use dynoxide::Database;
use postern_call::Refusal;
use rusqlite::Connection;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, mpsc};
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
    queue: mpsc::Sender<Job>,
    /// The one that the thread writes by; another one after the engine's panic.
    database: Arc<Mutex<Database>>,
}

impl Writer {
    pub fn start(file: &Path, shape: Shape) -> Result<Self, Refusal> {
        let database = Arc::new(Mutex::new(open(file)?));
        let log = Log::open(file)?;
        let (queue, jobs) = mpsc::channel();
        let desk = Desk { file: file.to_owned(), database: Arc::clone(&database), shape, log, broken: None };
        std::thread::Builder::new()
            .name("dynamodb".into())
            .spawn(move || desk.serve(&jobs))
            .map_err(|error| Refusal::internal(format!("start a writer: {error}")))?;
        Ok(Self { queue, database })
    }

    pub fn database(&self) -> Database {
        self.database.lock().unwrap_or_else(|e| e.into_inner()).clone()
    }

    pub async fn run(&self, run: Run, is_alone: bool) -> Result<Made, Refusal> {
        let (tell, told) = oneshot::channel();
        let gone = || Refusal::internal("the writer of a DynamoDB database has stopped");
        self.queue.send(Job { run, is_alone, tell }).map_err(|_| gone())?;
        told.await.unwrap_or_else(|_| Err(gone()))
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

impl Desk {
    fn serve(mut self, jobs: &mpsc::Receiver<Job>) {
        while let Ok(first) = jobs.recv() {
            let mut answers = Vec::new();
            let mut next = Some(first);
            while let Some(job) = next {
                answers.push((self.work(job.run, job.is_alone), job.tell));
                next = if answers.len() < GROUP { jobs.try_recv().ok() } else { None };
            }
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
        if self.broken.is_some() {
            return;
        }
        let synced = self.log.sync().and_then(|length| {
            if length < LONGEST_LOG {
                return Ok(());
            }
            let _alone = self.shape.write().unwrap_or_else(|e| e.into_inner());
            self.log.begin_anew()
        });
        if let Err(word) = synced {
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

    /// Everything committed so far is on the disk when this returns. Gives the log's length in bytes.
    fn sync(&self) -> Result<u64, String> {
        self.file.sync_data().map_err(|error| format!("sync the log: {error}"))?;
        self.file.metadata().map(|facts| facts.len()).map_err(|error| format!("measure the log: {error}"))
    }

    /// Brings the log's content into the database and empties it.
    fn begin_anew(&self) -> Result<(), String> {
        self.connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
            .map_err(|error| format!("empty the log: {error}"))
    }
}
