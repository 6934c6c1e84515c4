//! From changes in memory to changes on the disk and in the data plane.

use crate::{Ec2, Inner, keep};
use postern_call::Refusal;
use postern_model::{Done, World};
use postern_store::{Pending, Write};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::task::Poll;

/// What a call made: changes of the World, and what else must be kept with them.
#[derive(Default)]
pub struct Made {
    pub done: Vec<Done>,
    pub writes: Vec<Write>,
}

impl Made {
    pub fn of(done: Vec<Done>) -> Self {
        Self { done, writes: Vec::new() }
    }
    pub fn and(mut self, later: Made) -> Self {
        self.done.extend(later.done);
        self.writes.extend(later.writes);
        self
    }
}

/// Changes on their way to the disk.
pub struct Batch {
    done: Vec<Done>,
    pending: Option<Pending>,
}

impl Inner {
    /// Queues what was made. Called under the World's lock, so that the disk sees the order that memory saw.
    pub fn queue(&self, made: Made) -> Result<Batch, Refusal> {
        if made.done.is_empty() && made.writes.is_empty() {
            return Ok(Batch { done: Vec::new(), pending: None });
        }
        let mut writes = keep::writes(&made.done).inspect_err(|_| self.broken.store(true, Ordering::SeqCst))?;
        writes.extend(made.writes);
        Ok(Batch { done: made.done, pending: Some(self.store.submit(writes)) })
    }

    /// A batch that is durable when everything queued before it is.
    pub fn everything_so_far(&self) -> Batch {
        Batch { done: Vec::new(), pending: Some(self.store.submit(Vec::new())) }
    }

    /// `Unavailable` once the disk has refused a batch: what memory says could be lost.
    pub fn check_whole(&self) -> Result<(), Refusal> {
        if !self.broken.load(Ordering::SeqCst) {
            return Ok(());
        }
        let mut refusal =
            Refusal::new("Unavailable", "The server is overloaded and can't handle the request.").status(503);
        refusal.hint =
            Some("the data directory could not be written; see the log, make room, and start again".to_owned());
        Err(refusal)
    }

    /// Puts into force what has become durable.
    async fn converge(&self, done: &[Done]) -> Result<(), Refusal> {
        if done.is_empty() { Ok(()) } else { self.converge.converge(done).await }
    }

    async fn keep(&self, pending: Pending) -> Result<(), Refusal> {
        pending.durable().await.map_err(|error| {
            self.broken.store(true, Ordering::SeqCst);
            tracing::error!(%error, "EC2 changes could not be kept; no further change is taken");
            Refusal::internal(error)
        })
    }
}

impl Ec2 {
    /// Waits until a batch is durable and in force. Goes on when the waiting caller is dropped.
    pub(crate) async fn settle(&self, batch: Batch) -> Result<(), Refusal> {
        let Batch { done, pending: Some(pending) } = batch else { return Ok(()) };
        let inner = Arc::clone(&self.inner);
        let mut settling = Box::pin(async move {
            inner.keep(pending).await?;
            inner.converge(&done).await
        });
        // Most batches of a lone caller are settled as soon as they are looked at: no task need be made for them.
        match std::future::poll_fn(|context| Poll::Ready(settling.as_mut().poll(context))).await {
            Poll::Ready(settled) => settled,
            Poll::Pending => tokio::spawn(settling).await.unwrap_or_else(|error| Err(Refusal::internal(error))),
        }
    }
}

// A panic while the lock was held would have been in a verb, before any change was committed: the data is good.

pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|e| e.into_inner())
}

pub fn write_lock(world: &RwLock<World>) -> RwLockWriteGuard<'_, World> {
    world.write().unwrap_or_else(|e| e.into_inner())
}

pub fn read_lock(world: &RwLock<World>) -> RwLockReadGuard<'_, World> {
    world.read().unwrap_or_else(|e| e.into_inner())
}
