//! The API over the books.

use crate::gate;
use crate::monitoring::Books;
use crate::notice::Notice;
use crate::state::Home;
use crate::verb::{Request, Run, VERBS, alarms};
use async_trait::async_trait;
use postern_call::{Call, Refusal};
use postern_kit::{Input, not_implemented};
use postern_policy::Judge;
use postern_serve::Service;
use postern_store::{Store, StoreError};
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};
use time::OffsetDateTime;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// The `monitoring` service.
pub struct Monitoring {
    books: Books,
    judge: Arc<dyn Judge>,
    notices: Mutex<Option<UnboundedReceiver<Notice>>>,
}

impl Monitoring {
    /// Reads what was kept. Blocks; meant for the start.
    pub fn open(store: Arc<Store>, judge: Arc<dyn Judge>, now: OffsetDateTime) -> Result<Self, StoreError> {
        let (told, notices) = unbounded_channel();
        let books = Books::open(store, now.unix_timestamp(), told)?;
        Ok(Self { books, judge, notices: Mutex::new(Some(notices)) })
    }

    /// What alarms tell, for whoever carries it out; once.
    pub fn notices(&self) -> Option<UnboundedReceiver<Notice>> {
        self.notices.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Judges the alarms of which a period has ended.
    pub async fn judge_due(&self, now: OffsetDateTime) -> Result<(), Refusal> {
        let now = now.unix_timestamp();
        for place in self.books.due(now) {
            self.books.change(&place, |home| Ok(((), alarms::judge(home, &place, now)))).await?;
        }
        Ok(())
    }

    /// Writes down what became of a notice.
    pub async fn carried_out(
        &self,
        notice: &Notice,
        refused: Option<&Refusal>,
        now: OffsetDateTime,
    ) -> Result<(), Refusal> {
        let summary = match refused {
            None => format!("Successfully executed action {}", notice.topic),
            Some(refusal) => {
                format!("Failed to execute action {}. Received error: \"{}\"", notice.topic, refusal.message)
            }
        };
        let note = |home: &mut Home| {
            let Some(alarm) = home.alarms.get_mut(&notice.alarm) else { return Ok(((), Vec::new())) };
            alarm.note("Action", summary, now.unix_timestamp());
            Ok(((), vec![notice.alarm.clone()]))
        };
        self.books.change(&notice.place, note).await
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
