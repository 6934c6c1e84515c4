//! The queues of the region, what each holds in memory, and who waits at it.

use crate::keep::{self, Row};
use crate::moves::Task;
use crate::name::Name;
use crate::queue::{Dedup, Messages, Millis, Place};
use crate::refuse;
use postern_call::Refusal;
use postern_names::Region;
use postern_store::{Pending, Store, StoreError, Write};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use time::OffsetDateTime;
use tokio::sync::Notify;

/// All queues of all accounts. Changes are durable before their call returns.
pub struct Queues {
    by_name: RwLock<BTreeMap<Name, Arc<Queue>>>,
    /// Names whose queue was deleted within the last minute.
    deleted: Mutex<HashMap<Name, Millis>>,
    store: Arc<Store>,
}

/// One queue. Its writes are queued to the disk while its state is locked, so that the disk has them in the same order.
pub struct Queue {
    pub name: Name,
    pub number: u64,
    pub arn: String,
    state: Mutex<State>,
    /// Told of every message that can be received.
    pub arrivals: Notify,
}

/// What a queue holds.
pub struct State {
    pub row: Row,
    pub messages: Messages,
    pub dedup: Dedup,
    pub tasks: Vec<Task>,
    /// Recent receives of a FIFO queue by their attempt ids: the messages with the number of the receive that gave them,
    /// and until when a repetition gets the same.
    pub attempts: HashMap<String, (Vec<(u64, u32)>, Millis)>,
    pub purged: Option<Millis>,
    /// When a waiting alarm will look at the hidden messages.
    pub alarm: Option<Millis>,
    /// How many receives wait.
    pub waiting: usize,
    /// Deleted: whoever still holds it finds nothing.
    pub gone: bool,
}

/// How long the name of a deleted queue stays taken.
const NAME_REST: Millis = 60_000;

impl Queues {
    /// Reads everything from the store. Blocks; meant for the start.
    pub fn open(store: Arc<Store>, now: Millis) -> Result<Self, StoreError> {
        let mut contents = keep::load_contents(&store)?;
        let (mut by_name, mut deleted) = (BTreeMap::new(), HashMap::new());
        for (key, row) in keep::load_queues(&store)? {
            let name = name_of(&key)
                .ok_or_else(|| StoreError { step: "read the queues", word: format!("no queue has the key {key}") })?;
            if let Some(at) = row.deleted {
                deleted.insert(name, at);
                continue;
            }
            let found = contents.remove(&row.number).unwrap_or_default();
            let (messages, dedup, tasks) = found.into_messages(name.is_fifo(), now);
            by_name.insert(name.clone(), Arc::new(Queue::new(name, row, messages, dedup, tasks, now)));
        }
        Ok(Self { by_name: RwLock::new(by_name), deleted: Mutex::new(deleted), store })
    }

    pub fn find(&self, name: &Name) -> Option<Arc<Queue>> {
        self.by_name.read().unwrap_or_else(PoisonError::into_inner).get(name).map(Arc::clone)
    }

    /// Those of an account in a region, by name.
    pub fn of(&self, account: postern_names::AccountId, region: &Region) -> Vec<Arc<Queue>> {
        let from = Name { account, region: region.clone(), name: String::new() };
        let by_name = self.by_name.read().unwrap_or_else(PoisonError::into_inner);
        let own = by_name.range(from..).take_while(|(name, _)| name.account == account && name.region == *region);
        own.map(|(_, queue)| Arc::clone(queue)).collect()
    }

    pub fn all(&self) -> Vec<Arc<Queue>> {
        self.by_name.read().unwrap_or_else(PoisonError::into_inner).values().map(Arc::clone).collect()
    }

    /// Makes a queue, unless one of the name was made in between: then gives that one.
    pub async fn create(&self, name: Name, row: Row, now: Millis) -> Result<Arc<Queue>, Refusal> {
        let (queue, pending) = {
            let mut by_name = self.by_name.write().unwrap_or_else(PoisonError::into_inner);
            if let Some(queue) = by_name.get(&name) {
                return Ok(Arc::clone(queue));
            }
            let mut deleted = self.deleted.lock().unwrap_or_else(PoisonError::into_inner);
            deleted.retain(|_, at| now < *at + NAME_REST);
            if deleted.contains_key(&name) {
                return Err(Refusal::new(
                    "QueueDeletedRecently",
                    "You must wait 60 seconds after deleting a queue before you can create another with the same name.",
                ));
            }
            let write = keep::queue(&key_of(&name), &row)?;
            let messages = Messages::new(name.is_fifo());
            let queue = Arc::new(Queue::new(name.clone(), row, messages, Dedup::default(), Vec::new(), now));
            by_name.insert(name, Arc::clone(&queue));
            (queue, self.store.submit(vec![write]))
        };
        durable(pending).await?;
        Ok(queue)
    }

    /// Deletes a queue with everything in it.
    pub async fn delete(&self, queue: &Queue, now: Millis) -> Result<(), Refusal> {
        let pending = {
            let mut by_name = self.by_name.write().unwrap_or_else(PoisonError::into_inner);
            let mut state = queue.open()?;
            let mut row = state.row.clone();
            row.deleted = Some(now);
            let mut writes = vec![keep::queue(&key_of(&queue.name), &row)?];
            writes.extend(keep::all_gone(queue.number));
            writes.extend(keep::queue_gone(queue.number));
            by_name.remove(&queue.name);
            self.deleted.lock().unwrap_or_else(PoisonError::into_inner).insert(queue.name.clone(), now);
            state.gone = true;
            state.messages.purge();
            self.store.submit(writes)
        };
        queue.arrivals.notify_waiters();
        durable(pending).await
    }

    /// Queues writes to the disk; call it while the state that they are of is locked.
    pub fn submit(&self, writes: Vec<Write>) -> Option<Pending> {
        (!writes.is_empty()).then(|| self.store.submit(writes))
    }
}

/// Waits until writes are durable.
pub async fn durable(pending: impl Into<Option<Pending>>) -> Result<(), Refusal> {
    match pending.into() {
        Some(pending) => pending.durable().await.map_err(Refusal::internal),
        None => Ok(()),
    }
}

impl Queue {
    fn new(name: Name, row: Row, mut messages: Messages, dedup: Dedup, tasks: Vec<Task>, now: Millis) -> Self {
        // Numbers rise with the time: none comes twice, although the disk forgets those of deleted messages.
        messages.skip_to((now.max(0) as u64) << 20);
        let (number, arn) = (row.number, name.arn());
        let state = State {
            row,
            messages,
            dedup,
            tasks,
            attempts: HashMap::new(),
            purged: None,
            alarm: None,
            waiting: 0,
            gone: false,
        };
        Self { name, number, arn, state: Mutex::new(state), arrivals: Notify::new() }
    }

    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state, unless the queue was deleted.
    pub fn open(&self) -> Result<MutexGuard<'_, State>, Refusal> {
        let state = self.lock();
        if state.gone { Err(refuse::no_queue()) } else { Ok(state) }
    }

    /// Writes the queue's own row.
    pub fn row(&self, state: &State) -> Result<Write, Refusal> {
        keep::queue(&key_of(&self.name), &state.row)
    }

    /// Wakes as many of those who wait as can get something.
    pub fn wake(&self, state: &State) {
        for _ in 0..state.messages.receivable().min(state.waiting) {
            self.arrivals.notify_one();
        }
    }
}

impl State {
    /// Lets time pass: what is due can be received, what is too old goes. The writes for what went.
    pub fn pass(&mut self, queue: u64, now: Millis) -> Vec<Write> {
        self.messages.advance(now);
        let old = self.messages.expire(now, self.row.settings.retention * 1000);
        let mut writes: Vec<Write> = old.into_iter().flat_map(|number| keep::gone(queue, number)).collect();
        writes.extend(self.dedup.forget(now).iter().map(|key| keep::forgotten(queue, key)));
        self.attempts.retain(|_, (_, until)| *until > now);
        writes
    }

    pub fn in_flight(&self, number: u64, receives_here: u32) -> bool {
        self.messages
            .get(number)
            .is_some_and(|held| held.place == Place::InFlight && held.standing.receives_here == receives_here)
    }
}

pub fn millis(time: OffsetDateTime) -> Millis {
    (time.unix_timestamp_nanos() / 1_000_000) as Millis
}

fn key_of(name: &Name) -> String {
    format!("{}/{}/{}", name.account, name.region, name.name)
}

fn name_of(key: &str) -> Option<Name> {
    let mut parts = key.splitn(3, '/');
    let (account, region, name) = (parts.next()?.parse().ok()?, parts.next()?, parts.next()?);
    Some(Name { account, region: Region::new(region), name: name.to_owned() })
}
