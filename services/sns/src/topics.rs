//! The state that is shared, kept on the disk, and the numbers of FIFO topics.

use crate::dedup::{Dedup, Seen};
use crate::refuse;
use crate::state::{State, Subscription, Topic};
use postern_call::Refusal;
use postern_kit::Kind;
use postern_store::{Store, StoreError, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

const TOPICS: Kind<Topic> = Kind::new("sns.topic");
const SUBSCRIPTIONS: Kind<Subscription> = Kind::new("sns.subscription");
const SEEN: Kind<Seen> = Kind::new("sns.dedup");

/// Every topic and subscription. Changes are durable before their call returns.
pub struct Topics {
    state: RwLock<State>,
    store: Arc<Store>,
    dedup: Mutex<Dedup>,
    number: AtomicU64,
    /// FIFO topics deliver one message after the other.
    pub in_order: tokio::sync::Mutex<()>,
}

/// A change under way.
pub struct Desk<'a> {
    pub state: &'a mut State,
    writes: Vec<Write>,
}

impl Topics {
    /// Reads the state from the store. Blocks; meant for the start.
    pub fn open(store: Arc<Store>) -> Result<Self, StoreError> {
        let state = State {
            topics: TOPICS.load(&store)?.into_iter().map(|(arn, topic)| (arn, Arc::new(topic))).collect(),
            subscriptions: SUBSCRIPTIONS.load(&store)?.into_iter().map(|(arn, one)| (arn, Arc::new(one))).collect(),
        };
        let dedup = Mutex::new(Dedup::new(SEEN.load(&store)?));
        Ok(Self {
            state: RwLock::new(state),
            store,
            dedup,
            number: AtomicU64::new(0),
            in_order: tokio::sync::Mutex::new(()),
        })
    }

    pub fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn topic(&self, arn: &str) -> Option<Arc<Topic>> {
        self.read().topics.get(arn).map(Arc::clone)
    }

    /// Runs one change and returns when it is durable. `change` checks everything before it alters anything.
    pub async fn transact<T>(&self, change: impl FnOnce(&mut Desk<'_>) -> Result<T, Refusal>) -> Result<T, Refusal> {
        let (value, pending) = {
            let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
            let mut desk = Desk { state: &mut state, writes: Vec::new() };
            let value = change(&mut desk)?;
            let writes = desk.writes;
            (value, (!writes.is_empty()).then(|| self.store.submit(writes)))
        };
        if let Some(pending) = pending {
            pending.durable().await.map_err(Refusal::internal)?;
        }
        Ok(value)
    }

    /// What was accepted under this key within the last five minutes. Milliseconds since 1970.
    pub fn seen(&self, key: &str, now: i64) -> Option<Seen> {
        self.dedup.lock().unwrap_or_else(PoisonError::into_inner).find(key, now)
    }

    /// Remembers what was accepted, durably.
    pub async fn remember(&self, key: String, seen: Seen, now: i64) -> Result<(), Refusal> {
        let pending = {
            let mut dedup = self.dedup.lock().unwrap_or_else(PoisonError::into_inner);
            let mut writes: Vec<Write> = dedup.forget(now).into_iter().map(|key| SEEN.delete(key)).collect();
            writes.push(SEEN.put(key.clone(), &seen)?);
            dedup.remember(key, seen);
            self.store.submit(writes)
        };
        pending.durable().await.map_err(Refusal::internal)
    }

    /// The number of a FIFO topic's next message, as AWS writes it. It rises with the time, and so over restarts.
    pub fn sequence(&self, now: i64) -> String {
        let least = (now.max(0) as u64) << 20;
        let number = self
            .number
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(least.max(last + 1)))
            .map_or(least, |last| least.max(last + 1));
        format!("{number:020}")
    }
}

impl Desk<'_> {
    pub fn put_topic(&mut self, topic: Topic) -> Result<(), Refusal> {
        let arn = topic.arn();
        self.writes.push(TOPICS.put(arn.clone(), &topic)?);
        self.state.topics.insert(arn, Arc::new(topic));
        Ok(())
    }

    /// The topic to change, as a copy that goes back by [`Desk::put_topic`].
    pub fn topic(&self, arn: &str) -> Result<Topic, Refusal> {
        self.state.topics.get(arn).map(|topic| Topic::clone(topic)).ok_or_else(refuse::no_topic)
    }

    pub fn put_subscription(&mut self, subscription: Subscription) -> Result<(), Refusal> {
        self.writes.push(SUBSCRIPTIONS.put(subscription.arn.clone(), &subscription)?);
        self.state.subscriptions.insert(subscription.arn.clone(), Arc::new(subscription));
        Ok(())
    }

    pub fn subscription(&self, arn: &str) -> Result<Subscription, Refusal> {
        let found = self.state.subscriptions.get(arn).map(|subscription| Subscription::clone(subscription));
        found.ok_or_else(refuse::no_subscription)
    }

    pub fn remove_subscription(&mut self, arn: &str) {
        if self.state.subscriptions.remove(arn).is_some() {
            self.writes.push(SUBSCRIPTIONS.delete(arn));
        }
    }

    /// Takes a topic away, with its subscriptions.
    pub fn remove_topic(&mut self, arn: &str) {
        let subscribed: Vec<String> = self.state.of_topic(arn).map(|subscription| subscription.arn.clone()).collect();
        for subscription in subscribed {
            self.remove_subscription(&subscription);
        }
        if self.state.topics.remove(arn).is_some() {
            self.writes.push(TOPICS.delete(arn));
        }
    }
}
