//! The API over the keys.

use crate::desk::Desk;
use crate::kms::Kms;
use crate::verb::{VERBS, Verb};
use async_trait::async_trait;
use postern_call::{Call, Refusal};
use postern_kit::resource_tag_keys;
use postern_policy::{Judge, Keys};
use postern_serve::{Guarded, Service};
use postern_store::Pending;
use serde_json::Value;
use std::sync::Arc;

/// The `kms` service.
pub struct KmsService {
    kms: Arc<Kms>,
    judge: Arc<dyn Judge>,
}

impl KmsService {
    pub fn new(kms: Arc<Kms>, judge: Arc<dyn Judge>) -> Self {
        Self { kms, judge }
    }

    /// The operations that are served, by model name.
    pub fn implemented() -> Vec<&'static str> {
        VERBS.iter().map(|verb| verb.operation).collect()
    }
}

fn run(kms: &Kms, judge: &dyn Judge, call: &Call, verb: &Verb) -> Result<(Value, Vec<Pending>), Refusal> {
    let desk = Desk::new(kms, judge, call);
    let reply = (verb.run)(&desk)?;
    Ok((reply, desk.into_pending()))
}

#[async_trait]
impl Service for KmsService {
    async fn call(&self, call: Call) -> Result<Value, Refusal> {
        let verb = VERBS.iter().find(|verb| verb.operation == call.operation);
        let verb = verb.ok_or_else(|| postern_kit::not_implemented("AWS KMS", &call.operation))?;
        let (reply, pending) = if verb.slow {
            let (kms, judge) = (Arc::clone(&self.kms), Arc::clone(&self.judge));
            let work = tokio::task::spawn_blocking(move || run(&kms, judge.as_ref(), &call, verb));
            work.await.map_err(|error| Refusal::internal(format!("the work on a key broke off: {error}")))??
        } else {
            run(&self.kms, self.judge.as_ref(), &call, verb)?
        };
        for durable in pending {
            durable.durable().await.map_err(Refusal::internal)?;
        }
        Ok(reply)
    }

    fn guarded(&self, arn: &str) -> Option<Guarded> {
        let id = arn.rsplit_once(":key/")?.1.replace('-', "");
        let key = self.kms.read().keys.get(&id).filter(|key| key.record.arn() == arn).map(Arc::clone)?;
        let mut keys = Keys::new();
        resource_tag_keys(&key.record.tags, &mut keys);
        Some(Guarded { account: key.record.account, policy: Some(Arc::new(key.document.clone())), keys, shut: None })
    }

    fn operations(&self) -> Vec<&'static str> {
        Self::implemented()
    }
}
