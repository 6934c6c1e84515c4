//! Reading beside the writer: connections of their own to the same file, opened anew when a table has changed.

use super::{Made, Run, Shape, attempt, open};
use dynoxide::Database;
use postern_call::Refusal;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use tokio::sync::Semaphore;

/// As many read at once; the rest wait for their turn without a thread.
const AT_ONCE: usize = 8;

pub struct Readers {
    inner: Arc<Inner>,
    turns: Semaphore,
}

struct Inner {
    file: PathBuf,
    shape: Shape,
    /// Each with the shape that it has seen: it remembers the tables as they were then.
    idle: Mutex<Vec<(u64, Database)>>,
}

impl Readers {
    pub fn new(file: &Path, shape: Shape) -> Self {
        let inner = Inner { file: file.to_owned(), shape, idle: Mutex::default() };
        Self { inner: Arc::new(inner), turns: Semaphore::new(AT_ONCE) }
    }

    pub async fn read(&self, run: Run) -> Result<Made, Refusal> {
        let _turn = self.turns.acquire().await.map_err(Refusal::internal)?;
        let inner = Arc::clone(&self.inner);
        let read = tokio::task::spawn_blocking(move || inner.read(run)).await;
        read.map_err(Refusal::internal)?
    }
}

impl Inner {
    fn read(&self, run: Run) -> Result<Made, Refusal> {
        // Held until the answer is there: no table changes meanwhile.
        let shape = self.shape.read().unwrap_or_else(|e| e.into_inner());
        let database = match self.take(*shape) {
            Some(database) => database,
            None => open(&self.file)?,
        };
        let attempt = attempt(run, &database);
        if attempt.is_sound {
            self.idle.lock().unwrap_or_else(|e| e.into_inner()).push((*shape, database));
        }
        attempt.made
    }

    fn take(&self, shape: u64) -> Option<Database> {
        let mut idle = self.idle.lock().unwrap_or_else(|e| e.into_inner());
        idle.retain(|(seen, _)| *seen == shape);
        idle.pop().map(|(_, database)| database)
    }
}
