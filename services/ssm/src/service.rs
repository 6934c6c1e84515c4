//! The API over the parameters.

use crate::desk::Desk;
use crate::parameters::Parameters;
use crate::verb::{self, OPERATIONS};
use async_trait::async_trait;
use postern_call::{Call, Refusal};
use postern_policy::Judge;
use postern_serve::{Ciphers, Service};
use serde_json::Value;
use std::sync::Arc;

/// The `ssm` service.
pub struct SsmService {
    parameters: Arc<Parameters>,
    ciphers: Arc<dyn Ciphers>,
    judge: Arc<dyn Judge>,
}

impl SsmService {
    pub fn new(parameters: Arc<Parameters>, ciphers: Arc<dyn Ciphers>, judge: Arc<dyn Judge>) -> Self {
        Self { parameters, ciphers, judge }
    }

    /// The operations that are served, by model name.
    pub fn implemented() -> Vec<&'static str> {
        OPERATIONS.to_vec()
    }
}

#[async_trait]
impl Service for SsmService {
    async fn call(&self, call: Call) -> Result<Value, Refusal> {
        let operation = call.operation.as_str();
        if !OPERATIONS.contains(&operation) {
            return Err(postern_kit::not_implemented("AWS Systems Manager", operation));
        }
        let desk = Desk::new(&self.parameters, self.ciphers.as_ref(), self.judge.as_ref(), &call)?;
        verb::serve(&desk, operation).await
    }

    fn operations(&self) -> Vec<&'static str> {
        Self::implemented()
    }
}
