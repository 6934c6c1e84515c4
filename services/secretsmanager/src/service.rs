//! The API over the secrets.

use crate::desk::Desk;
use crate::refuse;
use crate::secrets::{Address, Secrets};
use crate::verb::{self, OPERATIONS, REFUSED};
use async_trait::async_trait;
use postern_call::{Call, Refusal};
use postern_kit::resource_tag_keys;
use postern_policy::{Judge, Keys};
use postern_serve::{Ciphers, Guarded, Service};
use serde_json::Value;
use std::sync::Arc;

/// The `secretsmanager` service.
pub struct SecretsManagerService {
    secrets: Arc<Secrets>,
    ciphers: Arc<dyn Ciphers>,
    judge: Arc<dyn Judge>,
}

impl SecretsManagerService {
    pub fn new(secrets: Arc<Secrets>, ciphers: Arc<dyn Ciphers>, judge: Arc<dyn Judge>) -> Self {
        Self { secrets, ciphers, judge }
    }

    /// The operations that are served, by model name.
    pub fn implemented() -> Vec<&'static str> {
        OPERATIONS.to_vec()
    }
}

#[async_trait]
impl Service for SecretsManagerService {
    async fn call(&self, call: Call) -> Result<Value, Refusal> {
        let operation = call.operation.as_str();
        if let Some((_, what)) = REFUSED.iter().find(|(refused, _)| *refused == operation) {
            return Err(refuse::not_served(what));
        }
        if !OPERATIONS.contains(&operation) {
            return Err(postern_kit::not_implemented("AWS Secrets Manager", operation));
        }
        let desk = Desk::new(&self.secrets, self.ciphers.as_ref(), self.judge.as_ref(), &call);
        verb::serve(&desk, operation).await
    }

    fn guarded(&self, arn: &str) -> Option<Guarded> {
        let region = arn.split(':').nth(3)?;
        let address = Address::read(arn, None, region).ok()?;
        let secret = address.find(&self.secrets.read())?;
        let mut keys = Keys::new();
        resource_tag_keys(&secret.record.tags, &mut keys);
        Some(Guarded {
            account: secret.record.account,
            policy: secret.document.clone().map(Arc::new),
            keys,
            shut: None,
        })
    }

    fn operations(&self) -> Vec<&'static str> {
        Self::implemented()
    }
}
