//! The EC2 service: the verbs of `postern-control` behind the gate, on a durable World.
//!
//! A call is judged, run on a draft under the World's lock, and its changes are queued for the disk in the order of the
//! lock. The lock is not held while the disk is waited for. The reply goes out when the changes are durable and the data
//! plane is in force; a client that hangs up meanwhile does not stop either.
#![forbid(unsafe_code)]

mod ask;
mod commit;
mod keep;
mod mention;
mod prepared;
mod resource_keys;
mod resources;
mod serve;
mod tokens;

use async_trait::async_trait;
use postern_call::Refusal;
use postern_control::{Context, Draft, Outside, Quotas, seed_account};
use postern_model::{Done, World};
use postern_names::{AccountId, Region};
use postern_policy::Judge;
use postern_store::{Store, StoreError};
use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, RwLock};
use time::OffsetDateTime;
use tokens::Tokens;

/// Brings the data plane up to a World that has changed.
#[async_trait]
pub trait Converge: Send + Sync {
    /// Called after the changes are durable; returns when the data plane is in force. Calls may overlap and come in
    /// another order than the changes: the World at the time of the call is what counts, `done` tells what is new.
    /// A refusal becomes the API's answer; the changes stay.
    async fn converge(&self, done: &[Done]) -> Result<(), Refusal>;
}

/// The EC2 service of every account and region.
#[derive(Clone)]
pub struct Ec2 {
    inner: Arc<Inner>,
}

struct Inner {
    /// Taken before `tokens` and `seeded`, never after.
    world: Arc<RwLock<World>>,
    tokens: Mutex<Tokens>,
    /// The accounts and regions that have had their default VPC made; they do not get it again.
    seeded: Mutex<BTreeSet<(AccountId, Region)>>,
    /// The disk refused a batch: memory is ahead of it, and nothing is changed any more.
    broken: AtomicBool,
    store: Arc<Store>,
    judge: Arc<dyn Judge>,
    quotas: Quotas,
    outside: Arc<dyn Outside + Send + Sync>,
    converge: Arc<dyn Converge>,
}

impl Ec2 {
    /// Loads the World from the store. Blocks; meant for the start.
    pub fn open(
        store: Arc<Store>,
        judge: Arc<dyn Judge>,
        quotas: Quotas,
        outside: Arc<dyn Outside + Send + Sync>,
        converge: Arc<dyn Converge>,
    ) -> Result<Self, StoreError> {
        let inner = Inner {
            world: Arc::new(RwLock::new(keep::load_world(&store)?)),
            tokens: Mutex::new(Tokens::load(&store, OffsetDateTime::now_utc())?),
            seeded: Mutex::new(keep::load_seeded(&store)?),
            broken: AtomicBool::new(false),
            store,
            judge,
            quotas,
            outside,
            converge,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The World that calls read and change. Hold its lock briefly: every call waits for it.
    pub fn world(&self) -> Arc<RwLock<World>> {
        self.inner.world.clone()
    }

    /// Makes the default VPC of an account in a region, if it never had one.
    pub async fn seed_account(&self, account: AccountId, region: &Region) -> Result<(), Refusal> {
        self.inner.check_whole()?;
        let batch = {
            let mut world = commit::write_lock(&self.inner.world);
            let seed = self.inner.seed(&mut world, account, region, OffsetDateTime::now_utc())?;
            self.inner.queue(seed)?
        };
        self.settle(batch).await
    }

    /// A change that no API call asked for: an instance's next state, say. All of it happens or nothing; returns when it
    /// is durable and the data plane is in force.
    pub async fn change<T: Send>(
        &self,
        with: impl FnOnce(&mut Draft<'_>) -> Result<T, Refusal> + Send,
    ) -> Result<T, Refusal> {
        self.inner.check_whole()?;
        let (value, batch) = {
            let mut world = commit::write_lock(&self.inner.world);
            let mut draft = Draft::new(&mut world);
            match with(&mut draft) {
                Ok(value) => (value, self.inner.queue(commit::Made::of(draft.commit_done()))?),
                Err(refusal) => {
                    draft.roll_back();
                    return Err(refusal);
                }
            }
        };
        self.settle(batch).await?;
        Ok(value)
    }
}

impl Inner {
    /// The changes that give an account its beginnings in a region; none if it has had them.
    fn seed(
        &self,
        world: &mut World,
        account: AccountId,
        region: &Region,
        now: OffsetDateTime,
    ) -> Result<commit::Made, Refusal> {
        let mut seeded = commit::lock(&self.seeded);
        if seeded.contains(&(account, region.clone())) {
            return Ok(commit::Made::default());
        }
        let mut draft = Draft::new(world);
        let context = Context { account, region, now, quotas: &self.quotas, outside: &*self.outside };
        if let Err(refusal) = seed_account(&mut draft, &context) {
            draft.roll_back();
            return Err(refusal);
        }
        seeded.insert((account, region.clone()));
        let mut made = commit::Made::of(draft.commit_done());
        made.writes.push(keep::seeded_write(account, region));
        Ok(made)
    }
}
