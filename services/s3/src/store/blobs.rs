//! Files for large bodies: written once, synced before a row names them, removed after the last row forgets them.

use rusqlite::Connection;
use std::collections::VecDeque;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Bits of a blob's number that count within one start of the program; those above hold the number of the start.
const COUNTER_BITS: u32 = 32;

pub(crate) struct Blobs {
    dir: PathBuf,
    first: i64,
    next: AtomicI64,
    reading: Mutex<Arc<Reading>>,
    freed: Sender<Freed>,
}

/// Says that somebody reads bodies as they were at some moment.
pub(crate) struct Reading;

/// Files, and the readers who may still need them.
type Freed = (Arc<Reading>, Vec<i64>);

/// A file being written. Dropped before its [`Keeper`] says otherwise, it is removed again.
pub(crate) struct Pending {
    pub id: i64,
    path: PathBuf,
    kept: Keeper,
}

/// Says that a row names the file now.
#[derive(Clone, Default)]
pub(crate) struct Keeper(Arc<AtomicBool>);

impl Keeper {
    pub fn keep(&self) {
        self.0.store(true, Ordering::Release);
    }
}

impl Pending {
    pub fn keeper(&self) -> Keeper {
        self.kept.clone()
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if !self.kept.0.load(Ordering::Acquire)
            && let Err(error) = fs::remove_file(&self.path)
        {
            tracing::warn!(%error, path = %self.path.display(), "a half-written body could not be removed");
        }
    }
}

impl Blobs {
    pub fn open(dir: &Path, epoch: i64) -> io::Result<Self> {
        fs::create_dir_all(dir)?;
        if let Some(parent) = dir.parent() {
            File::open(parent)?.sync_all()?;
        }
        let first = epoch << COUNTER_BITS;
        let (freed, inbox) = channel();
        let remover = Remover { dir: dir.into() };
        std::thread::Builder::new().name("s3-remover".into()).spawn(move || remover.run(&inbox))?;
        let reading = Mutex::new(Arc::new(Reading));
        Ok(Self { dir: dir.into(), first, next: AtomicI64::new(first), reading, freed })
    }

    pub fn path(&self, id: i64) -> PathBuf {
        path_in(&self.dir, id)
    }

    fn shelf(&self, id: i64) -> PathBuf {
        shelf_in(&self.dir, id)
    }

    /// A new empty file. Blocks.
    pub fn create(&self) -> io::Result<(Pending, File)> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let path = self.path(id);
        let mut options = File::options();
        options.write(true).create_new(true);
        let file = match options.open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir_all(self.shelf(id))?;
                File::open(&self.dir)?.sync_all()?;
                options.open(&path)?
            }
            other => other?,
        };
        Ok((Pending { id, path, kept: Keeper::default() }, file))
    }

    /// Makes the file and its name durable. Blocks.
    pub fn seal(&self, pending: &Pending, file: &File) -> io::Result<()> {
        file.sync_all()?;
        File::open(self.shelf(pending.id))?.sync_all()
    }

    /// Held by whoever reads bodies, from before it reads the row: files freed meanwhile stay until it is dropped.
    pub fn reading(&self) -> Arc<Reading> {
        self.reading.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Removes files that no row names any more, once nobody reads them.
    pub fn remove(&self, ids: Vec<i64>) {
        let fresh = Arc::new(Reading);
        let before = std::mem::replace(&mut *self.reading.lock().unwrap_or_else(PoisonError::into_inner), fresh);
        if self.freed.send((before, ids)).is_err() {
            tracing::warn!("removal of bodies put off to the next start");
        }
    }

    /// Removes what earlier runs left without a row: uploads cut short and bodies freed just before the end.
    pub fn sweep(self: Arc<Self>, database: PathBuf) {
        let spawned = std::thread::Builder::new().name("s3-sweeper".into()).spawn(move || {
            if let Err(error) = self.sweep_now(&database) {
                tracing::warn!(%error, "files of earlier runs could not be swept");
            }
        });
        if let Err(error) = spawned {
            tracing::warn!(%error, "files of earlier runs could not be swept");
        }
    }

    fn sweep_now(&self, database: &Path) -> Result<(), Box<dyn std::error::Error>> {
        let connection = super::schema::connect_reader(database)?;
        for shelf in fs::read_dir(&self.dir)? {
            for file in fs::read_dir(shelf?.path())? {
                let path = file?.path();
                if !self.is_named(&connection, &path)? {
                    unlink(&path);
                }
            }
        }
        Ok(())
    }

    /// Whether a row names the file, or this run may be about to write one that does.
    fn is_named(&self, connection: &Connection, path: &Path) -> rusqlite::Result<bool> {
        let id = path.file_name().and_then(|n| n.to_str()).and_then(|n| i64::from_str_radix(n, 16).ok());
        let Some(id) = id else { return Ok(false) };
        if id >= self.first {
            return Ok(true);
        }
        connection.prepare_cached("SELECT 1 FROM blobs WHERE id = ?1")?.exists([id])
    }
}

fn shelf_in(dir: &Path, id: i64) -> PathBuf {
    dir.join(format!("{:02x}", id & 0xff))
}

fn path_in(dir: &Path, id: i64) -> PathBuf {
    shelf_in(dir, id).join(format!("{id:016x}"))
}

fn unlink(path: &Path) {
    if let Err(error) = fs::remove_file(path)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(%error, path = %path.display(), "a body no longer needed could not be removed");
    }
}

/// The thread that removes freed files when their last reader has gone.
struct Remover {
    dir: PathBuf,
}

impl Remover {
    fn run(self, inbox: &Receiver<Freed>) {
        let mut waiting: VecDeque<Freed> = VecDeque::new();
        loop {
            let next = if waiting.is_empty() {
                inbox.recv().map_err(|_| RecvTimeoutError::Disconnected)
            } else {
                inbox.recv_timeout(Duration::from_millis(200))
            };
            match next {
                Ok(freed) => waiting.push_back(freed),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            while let Some((_, ids)) = waiting.pop_front_if(|(readers, _)| Arc::strong_count(readers) == 1) {
                ids.iter().for_each(|id| unlink(&path_in(&self.dir, *id)));
            }
        }
    }
}
