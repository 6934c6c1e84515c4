//! The API over the zones of the World.

use crate::changes::Changes;
use crate::verb::{Request, Run, VERBS};
use crate::{gate, verb};
use async_trait::async_trait;
use postern_call::{Call, Refusal};
use postern_ec2::Ec2;
use postern_kit::{Input, not_implemented};
use postern_policy::Judge;
use postern_serve::Service;
use postern_store::{Store, StoreError};
use serde_json::Value;
use std::sync::{Arc, PoisonError};

/// The `route53` service.
pub struct Route53 {
    ec2: Arc<Ec2>,
    judge: Arc<dyn Judge>,
    changes: Changes,
}

impl Route53 {
    /// Reads the changes from the store. Blocks; meant for the start.
    pub fn open(ec2: Arc<Ec2>, judge: Arc<dyn Judge>, store: Arc<Store>) -> Result<Self, StoreError> {
        Ok(Self { ec2, judge, changes: Changes::open(store)? })
    }

    /// The operations that are served, by model name.
    pub fn implemented() -> Vec<&'static str> {
        VERBS.iter().map(|(operation, _)| *operation).chain(["GetChange"]).collect()
    }

    fn change(&self, request: &Request<'_>) -> Result<Value, Refusal> {
        let id = gate::bare(request.input.required("Id")?);
        let found = self.changes.find(request.account, id).ok_or_else(|| crate::refuse::no_change(id))?;
        Ok(serde_json::json!({ "ChangeInfo": found.info()? }))
    }
}

#[async_trait]
impl Service for Route53 {
    async fn call(&self, call: Call) -> Result<Value, Refusal> {
        let found = VERBS.iter().find(|(operation, _)| *operation == call.operation);
        if found.is_none() && call.operation != "GetChange" {
            return Err(not_implemented("Route 53", &call.operation));
        }
        let missing = || Refusal::new("MissingAuthenticationToken", "Missing Authentication Token").status(403);
        let account = call.caller.account().ok_or_else(missing)?;
        gate::authorize(self.judge.as_ref(), &call, account)?;
        let request = Request { input: Input(&call.input), account, now: call.now };
        let world = || self.ec2.world();
        match found {
            None => self.change(&request),
            Some((_, Run::Look(look))) => look(&world().read().unwrap_or_else(PoisonError::into_inner), &request),
            Some((_, Run::Change(run))) => {
                let id = verb::fresh_zone_id()?;
                let mut reply = self.ec2.change(|draft| run(draft, &request, id)).await?;
                if let Some(comment) = verb::change_comment(&call.operation, &request) {
                    reply["ChangeInfo"] = self.changes.note(account, call.now, comment).await?;
                }
                Ok(reply)
            }
        }
    }

    fn operations(&self) -> Vec<&'static str> {
        Self::implemented()
    }
}
