//! Brings letters to servers in the background, as often as their policies say. A letter is on the disk from before its
//! publisher is answered until a server or the dead-letter queue has it, or nobody will: it outlives the daemon.

use crate::deliver::{Deliver, Letter, Parcel, Undelivered};
use postern_call::Refusal;
use postern_kit::Kind;
use postern_store::{Store, StoreError, Write};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;
use time::OffsetDateTime;

/// By subscription and message.
const LETTERS: Kind<Errand> = Kind::new("sns.letter");
/// How far those are that were tried: apart, so that a try does not write the message again.
const TRIES: Kind<Tries> = Kind::new("sns.tries");
/// What became due while the daemon was away is not tried all at once.
const APART: Duration = Duration::from_millis(2);

/// A letter with what is to become of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Errand {
    pub subscription: String,
    /// The message's id.
    pub id: String,
    pub letter: Letter,
    /// How long to wait before each retry, in milliseconds.
    pub delays: Vec<u64>,
    /// For the dead-letter queue; its body is the letter's.
    pub dead_letters: Option<Parcel>,
}

/// What came of an errand so far.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Tries {
    made: usize,
    /// When the next one is, in milliseconds since 1970.
    due: i64,
}

/// Has the letters that are on their way. They stop, and are taken up again at the next start, when it is dropped.
pub struct Carrier {
    store: Arc<Store>,
    deliver: Arc<dyn Deliver>,
}

impl Errand {
    fn key(&self) -> String {
        format!("{} {}", self.subscription, self.id)
    }
}

impl Carrier {
    pub fn new(store: Arc<Store>, deliver: Arc<dyn Deliver>) -> Arc<Self> {
        Arc::new(Self { store, deliver })
    }

    /// Returns when the letters are durable; they are then on their way. Needs a runtime.
    pub async fn take(self: &Arc<Self>, errands: Vec<Errand>) -> Result<(), Refusal> {
        if errands.is_empty() {
            return Ok(());
        }
        let writes = errands.iter().map(|errand| LETTERS.put(errand.key(), errand)).collect::<Result<_, _>>()?;
        self.store.write(writes).await.map_err(Refusal::internal)?;
        for errand in errands {
            self.send(errand, 0, Duration::ZERO);
        }
        Ok(())
    }

    /// Goes on with what was on its way when the daemon ended. Reads the store and blocks; needs a runtime.
    pub fn resume(self: &Arc<Self>, now: OffsetDateTime) -> Result<(), StoreError> {
        let tries: HashMap<String, Tries> = TRIES.load(&self.store)?.into_iter().collect();
        let mut late = Duration::ZERO;
        for (key, errand) in LETTERS.load(&self.store)? {
            let tries = tries.get(&key).copied().unwrap_or(Tries { made: 0, due: 0 });
            let wait = Duration::from_millis(u64::try_from(tries.due - millis(now)).unwrap_or_default());
            if wait.is_zero() {
                late += APART;
            }
            self.send(errand, tries.made, wait.max(late));
        }
        Ok(())
    }

    fn send(self: &Arc<Self>, errand: Errand, made: usize, wait: Duration) {
        tokio::spawn(run(Arc::downgrade(self), errand, made, wait));
    }

    /// One try, the one after `made` others. Gives how long to wait for the next; `None`: the errand is over.
    async fn try_once(&self, errand: &Errand, made: usize) -> Option<Duration> {
        let why = match self.deliver.to_server(&errand.letter).await {
            Ok(()) => None,
            Err(Undelivered::ForGood(why)) => Some(why),
            Err(Undelivered::ForNow(why)) => {
                if let Some(delay) = errand.delays.get(made).copied().map(Duration::from_millis) {
                    tracing::info!(why, subscription = errand.subscription, "a message is tried again");
                    let due = millis(OffsetDateTime::now_utc() + delay);
                    self.note(TRIES.put(errand.key(), &Tries { made: made + 1, due }).map(|put| vec![put])).await;
                    return Some(delay);
                }
                Some(why)
            }
        };
        if let Some(why) = why {
            tracing::info!(why, subscription = errand.subscription, "a message was not delivered");
            self.give_up(errand).await;
        }
        let mut over = vec![LETTERS.delete(errand.key())];
        if made > 0 {
            over.push(TRIES.delete(errand.key()));
        }
        self.note(Ok(over)).await;
        None
    }

    /// The dead-letter queue has it, if there is one that takes it.
    async fn give_up(&self, errand: &Errand) {
        let Some(parcel) = &errand.dead_letters else { return };
        let (body, now) = (errand.letter.body.clone(), OffsetDateTime::now_utc());
        if let Err(refusal) = self.deliver.to_queue(&Parcel { body, now, ..parcel.clone() }).await {
            tracing::info!(%refusal, queue = parcel.queue, "nor to the dead-letter queue");
        }
    }

    /// What is not written costs a try more after a restart, never a message.
    async fn note(&self, writes: Result<Vec<Write>, Refusal>) {
        let written = match writes {
            Ok(writes) => self.store.write(writes).await.map_err(Refusal::internal),
            Err(refusal) => Err(refusal),
        };
        if let Err(refusal) = written {
            tracing::error!(%refusal, "what came of a message for a server is not written down");
        }
    }
}

/// Tries until the errand is over. Who only waits does not keep the carrier.
async fn run(carrier: Weak<Carrier>, errand: Errand, mut made: usize, mut wait: Duration) {
    loop {
        tokio::time::sleep(wait).await;
        let Some(carrier) = carrier.upgrade() else { return };
        match carrier.try_once(&errand, made).await {
            Some(delay) => (made, wait) = (made + 1, delay),
            None => return,
        }
    }
}

fn millis(at: OffsetDateTime) -> i64 {
    (at.unix_timestamp_nanos() / 1_000_000) as i64
}
