//! IAM's API over the shared state.

use crate::gate;
use crate::iam::{Desk, Iam};
use crate::verb::{Request, Subject, VERBS, linked_role};
use async_trait::async_trait;
use postern_call::{Call, Refusal};
use postern_names::AccountId;
use postern_policy::{Attached, Judge};
use postern_serve::Service;
use serde_json::Value;
use std::sync::Arc;

/// Who knows the organizations of accounts.
pub trait Controls: Send + Sync {
    /// The service control policies over the account, level by level from the root; none outside organizations.
    fn service_control(&self, account: AccountId) -> Vec<Vec<Attached>>;
}

/// No account is in an organization.
struct NoControls;

impl Controls for NoControls {
    fn service_control(&self, _: AccountId) -> Vec<Vec<Attached>> {
        Vec::new()
    }
}

/// The `iam` service.
pub struct IamService {
    iam: Arc<Iam>,
    judge: Arc<dyn Judge>,
    controls: Arc<dyn Controls>,
}

impl IamService {
    pub fn new(iam: Arc<Iam>, judge: Arc<dyn Judge>) -> Self {
        Self { iam, judge, controls: Arc::new(NoControls) }
    }

    /// With the organizations' policies, for simulations.
    pub fn under(self, controls: Arc<dyn Controls>) -> Self {
        Self { controls, ..self }
    }

    /// The operations that are served, by model name.
    pub fn implemented() -> Vec<&'static str> {
        VERBS.iter().map(|verb| verb.operation).collect()
    }
}

#[async_trait]
impl Service for IamService {
    async fn call(&self, call: Call) -> Result<Value, Refusal> {
        let verb = VERBS.iter().find(|verb| verb.operation == call.operation).ok_or_else(|| unknown("IAM", &call))?;
        let account = gate::account_of(&call.caller)?;
        gate::authorize(&self.iam, self.judge.as_ref(), &call, verb.subject)?;
        // Before IAM's state is locked: organizations ask IAM in their turn.
        let simulated = verb.operation == "SimulatePrincipalPolicy";
        let levels = if simulated { self.controls.service_control(account) } else { Vec::new() };
        let run = |desk: &mut Desk<'_>| {
            let request = Request::new(&call, &levels);
            if verb.subject == Subject::Role {
                linked_role::protect(desk, verb.operation, &request)?;
            }
            (verb.run)(desk, &request)
        };
        self.iam.transact(account, run).await
    }

    fn operations(&self) -> Vec<&'static str> {
        Self::implemented()
    }
}

/// The refusal for an operation that is not served.
pub fn unknown(service: &str, call: &Call) -> Refusal {
    let message = format!("The {service} operation {} is not implemented.", call.operation);
    Refusal::new("NotImplemented", message).status(501).hint("docs/coverage.md lists the operations that are")
}
