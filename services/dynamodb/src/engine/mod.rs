//! The tables of one account in one region: a database file with one writer that shares its fsyncs among all who wait, and
//! readers beside it that never wait for the writer.
//!
//! The engine within commits without waiting for the disk. The writer runs all that is queued, syncs the write-ahead log
//! once, and only then answers: what was answered is on the disk.

mod facts;
mod reader;
mod writer;

pub use facts::Table;

use crate::refuse;
use dynoxide::Database;
use facts::Facts;
use postern_call::Refusal;
use reader::Readers;
use serde_json::Value;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, RwLock};
use writer::Writer;

/// What is to be done with the database; made where the request was read, run on the database's thread.
pub type Run = Box<dyn FnOnce(&Database) -> Result<Made, Refusal> + Send>;
/// What came of it, still to be written out.
pub type Made = Box<dyn FnOnce() -> Result<Value, Refusal> + Send>;

/// How a request meets the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Reads items, beside everything else.
    Beside,
    /// In line with the writes: it writes items, or must see several as of one moment.
    InLine,
    /// In line and alone, since it changes what tables there are and how they are made.
    Alone,
}

/// Counts the changes of tables. Readers hold it while they read; whoever changes a table has it alone.
type Shape = Arc<RwLock<u64>>;

/// The tables of one account in one region.
pub struct Engine {
    writer: Writer,
    readers: Readers,
    facts: Facts,
    shape: Shape,
}

impl Engine {
    /// Opens or makes the file. Blocks.
    pub fn open(file: &Path) -> Result<Self, Refusal> {
        let shape = Shape::default();
        let writer = Writer::start(file, Arc::clone(&shape))?;
        let readers = Readers::new(file, Arc::clone(&shape));
        Ok(Self { writer, readers, facts: Facts::default(), shape })
    }

    /// Does it and gives its output. Writes are on the disk when this returns.
    pub async fn run(&self, way: Way, run: Run) -> Result<Value, Refusal> {
        let made = match way {
            Way::Beside => self.readers.read(run).await?,
            Way::InLine => self.writer.run(run, false).await?,
            Way::Alone => self.writer.run(run, true).await?,
        };
        made()
    }

    /// What decisions need to know of a table; `None`: there is no such table.
    pub async fn table(&self, name: &str) -> Result<Option<Arc<Table>>, Refusal> {
        // While a table is being changed, only threads that may wait do.
        let known = self.shape.try_read().ok().and_then(|shape| self.facts.get(name, *shape));
        if known.is_some() {
            return Ok(known);
        }
        let (database, shape, asked) = (self.writer.database(), Arc::clone(&self.shape), name.to_owned());
        let read = tokio::task::spawn_blocking(move || {
            let shape = *shape.read().unwrap_or_else(|e| e.into_inner());
            facts::read(&database, &asked).map(|found| (found, shape))
        });
        let (found, shape) = read.await.map_err(Refusal::internal)??;
        if let Some(table) = &found {
            self.facts.learn(name, shape, Arc::clone(table));
        }
        Ok(found)
    }

    /// Deletes the items whose time is over. Blocks. Gives their number.
    pub fn expire(&self) -> Result<usize, Refusal> {
        self.writer.database().sweep_ttl().map_err(refuse::engine)
    }
}

fn open(file: &Path) -> Result<Database, Refusal> {
    let path = file.to_str().ok_or_else(|| Refusal::internal("the data directory's name is not UTF-8"))?;
    let database = Database::new(path).map_err(refuse::engine)?;
    // The engine's word for `synchronous = NORMAL`: a commit does not wait for the disk; the writer syncs for all.
    database.disable_bulk_loading().map_err(refuse::engine)?;
    Ok(database)
}

/// Runs it; the engine's panic becomes a refusal.
fn attempt(run: Run, database: &Database) -> Attempt {
    match catch_unwind(AssertUnwindSafe(|| run(database))) {
        Ok(made) => Attempt { made, is_sound: true },
        Err(panic) => {
            let word = panic.downcast_ref::<String>().map(String::as_str);
            let word = word.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no word");
            let made = Err(Refusal::internal(format!("the DynamoDB engine panicked: {word}")));
            Attempt { made, is_sound: false }
        }
    }
}

struct Attempt {
    made: Result<Made, Refusal>,
    /// The database can go on; else it must be opened anew.
    is_sound: bool,
}

#[cfg(test)]
mod tests;
