//! DynamoDB: tables, items, indexes, transactions, PartiQL, expiry. The engine is the crate `dynoxide`; here are what
//! surrounds it: an engine for each account and region, durable answers, ARNs, the gate, resource policies.
#![forbid(unsafe_code)]

mod ask;
mod engine;
mod engines;
mod expire;
mod local;
mod partiql;
mod policies;
mod prepare;
mod refuse;
mod serve;
mod table;
mod target;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use engines::Engines;
use policies::Policies;
use postern_call::{Call, Refusal};
use postern_policy::Judge;
use postern_serve::{Guarded, Service};
use postern_store::Store;
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;

/// The `dynamodb` service of every account and region.
pub struct DynamoDb {
    engines: Arc<Engines>,
    policies: Policies,
    judge: Arc<dyn Judge>,
}

impl DynamoDb {
    /// Opens what lies below `dir`, and begins to delete items whose time is over. Blocks; meant for the start, within the
    /// runtime.
    pub fn open(dir: &Path, store: Arc<Store>, judge: Arc<dyn Judge>) -> Result<Self, Refusal> {
        let engines = Arc::new(Engines::open(dir)?);
        expire::start(&engines);
        let policies = Policies::load(store).map_err(Refusal::internal)?;
        Ok(Self { engines, policies, judge })
    }

    /// The operations that are served, by model name.
    pub fn implemented() -> Vec<&'static str> {
        let mut names = [prepare::OPERATIONS, serve::OWN].concat();
        names.sort_unstable();
        names
    }
}

#[async_trait]
impl Service for DynamoDb {
    async fn call(&self, call: Call) -> Result<Value, Refusal> {
        let missing = || {
            Refusal::new("MissingAuthenticationTokenException", "Request is missing Authentication Token").status(403)
        };
        let account = call.caller.account().ok_or_else(missing)?;
        self.serve(&call, account).await
    }

    fn guarded(&self, arn: &str) -> Option<Guarded> {
        let account = arn.split(':').nth(4)?.parse().ok()?;
        // An index has the policy of its table.
        let table = arn.split("/index/").next().unwrap_or(arn);
        let policy = self.policies.get(table).map(|policy| Arc::new(policy.document.clone()));
        Some(Guarded { account, policy, keys: postern_policy::Keys::new(), shut: None })
    }

    fn operations(&self) -> Vec<&'static str> {
        Self::implemented()
    }
}
