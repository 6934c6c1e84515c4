//! Access Analyzer, as far as it judges a policy by its text: ValidatePolicy.
#![forbid(unsafe_code)]

mod page;
#[cfg(test)]
mod tests;
mod validate;

use async_trait::async_trait;
use postern_call::{Call, Refusal};
use postern_policy::{Ask, Decision, Judge, Keys, code_for, hint, sentence};
use postern_serve::Service;
use serde_json::Value;
use std::sync::Arc;

/// The `access-analyzer` service. It keeps nothing.
pub struct AccessAnalyzer {
    judge: Arc<dyn Judge>,
}

impl AccessAnalyzer {
    pub fn new(judge: Arc<dyn Judge>) -> Self {
        Self { judge }
    }

    /// The operations that are served, by model name.
    pub fn implemented() -> Vec<&'static str> {
        vec!["ValidatePolicy"]
    }

    fn authorize(&self, call: &Call) -> Result<(), Refusal> {
        let action = format!("access-analyzer:{}", call.operation);
        let ask = Ask {
            caller: &call.caller,
            via: &call.via,
            action: &action,
            resource: "*",
            resource_account: None,
            resource_policy: None,
            keys: Keys::new(),
            region: call.region.as_str(),
            secure: call.secure,
            user_agent: call.user_agent.as_deref(),
            now: call.now,
            request_id: Some(&call.request_id),
        };
        let decision = self.judge.judge(&ask);
        if matches!(decision, Decision::Allow { .. }) {
            return Ok(());
        }
        let (code, status) = code_for("access-analyzer");
        let refusal = Refusal::new(code, sentence(&ask, &decision)).status(status);
        Err(Refusal { hint: hint(&decision), ..refusal })
    }
}

#[async_trait]
impl Service for AccessAnalyzer {
    async fn call(&self, call: Call) -> Result<Value, Refusal> {
        if !Self::implemented().contains(&call.operation.as_str()) {
            let message = format!("The Access Analyzer operation {} is not implemented.", call.operation);
            let refusal = Refusal::new("NotImplemented", message).status(501);
            return Err(refusal.hint("docs/coverage.md lists the operations that are"));
        }
        self.authorize(&call)?;
        validate::policy(&call.input)
    }

    fn operations(&self) -> Vec<&'static str> {
        Self::implemented()
    }
}
