//! The API over the books.

use crate::gate;
use crate::monitoring::Books;
use crate::verb::{Request, Run, VERBS};
use async_trait::async_trait;
use postern_call::{Call, Refusal};
use postern_kit::{Input, not_implemented};
use postern_policy::Judge;
use postern_serve::Service;
use postern_store::{Store, StoreError};
use serde_json::Value;
use std::sync::Arc;
use time::OffsetDateTime;

/// The `monitoring` service.
pub struct Monitoring {
    books: Books,
    judge: Arc<dyn Judge>,
}

impl Monitoring {
    /// Reads what was kept. Blocks; meant for the start.
    pub fn open(store: Arc<Store>, judge: Arc<dyn Judge>, now: OffsetDateTime) -> Result<Self, StoreError> {
        Ok(Self { books: Books::open(store, now.unix_timestamp())?, judge })
    }

    /// The operations that are served, by model name.
    pub fn implemented() -> Vec<&'static str> {
        VERBS.iter().map(|(operation, _)| *operation).collect()
    }
}

#[async_trait]
impl Service for Monitoring {
    async fn call(&self, call: Call) -> Result<Value, Refusal> {
        let found = VERBS.iter().find(|(operation, _)| *operation == call.operation);
        let (_, run) = found.ok_or_else(|| not_implemented("CloudWatch", &call.operation))?;
        let missing = || Refusal::new("MissingAuthenticationToken", "Missing Authentication Token").status(403);
        let account = call.caller.account().ok_or_else(missing)?;
        let place = (account, call.region.clone());
        gate::authorize(self.judge.as_ref(), &call, account, |name| {
            self.books.read().homes.get(&place)?.alarms.get(name).map(|alarm| alarm.tags.clone())
        })?;
        let request = Request { input: Input(&call.input), place: &place, now: call.now.unix_timestamp() };
        match run {
            Run::Put(read) => {
                let data = read(&request)?;
                self.books.put(&place, data).await?;
                Ok(Value::Object(serde_json::Map::new()))
            }
            Run::Look(look) => match self.books.read().homes.get(&place) {
                Some(home) => look(home, &request),
                None => look(&Default::default(), &request),
            },
            Run::Change(change) => self.books.change(&place, |home| change(home, &request)).await,
        }
    }

    fn operations(&self) -> Vec<&'static str> {
        Self::implemented()
    }
}
