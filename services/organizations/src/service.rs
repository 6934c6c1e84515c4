//! The API over the shared state.

use crate::gate;
use crate::open::Opener;
use crate::organizations::Organizations;
use crate::verb::{Request, Run, VERBS, Who, account};
use async_trait::async_trait;
use postern_call::{Call, Refusal};
use postern_names::AccountId;
use postern_policy::Judge;
use postern_serve::Service;
use serde_json::Value;
use std::sync::Arc;

/// The `organizations` service.
pub struct OrganizationsService {
    organizations: Arc<Organizations>,
    judge: Arc<dyn Judge>,
    opener: Arc<dyn Opener>,
}

impl OrganizationsService {
    pub fn new(organizations: Arc<Organizations>, judge: Arc<dyn Judge>, opener: Arc<dyn Opener>) -> Self {
        Self { organizations, judge, opener }
    }

    /// The operations that are served, by model name.
    pub fn implemented() -> Vec<&'static str> {
        VERBS.iter().map(|verb| verb.operation).collect()
    }

    /// The organization's id if the caller's account may call such an operation.
    fn admit(&self, account: AccountId, who: Who) -> Result<Option<String>, Refusal> {
        let state = self.organizations.read();
        let found = state.of_account(account);
        match (who, found) {
            (Who::Anyone, found) => Ok(found.map(|(organization, _)| organization.id.clone())),
            (_, None) => Err(crate::refuse::not_in_use()),
            (Who::Member, Some((organization, _))) => Ok(Some(organization.id.clone())),
            (Who::Management, Some((organization, _))) if organization.management == account => {
                Ok(Some(organization.id.clone()))
            }
            (Who::Management, Some(_)) => Err(crate::refuse::not_management()),
        }
    }
}

#[async_trait]
impl Service for OrganizationsService {
    async fn call(&self, call: Call) -> Result<Value, Refusal> {
        let verb = VERBS.iter().find(|verb| verb.operation == call.operation).ok_or_else(|| {
            let message = format!("The Organizations operation {} is not implemented.", call.operation);
            Refusal::new("NotImplemented", message).status(501).hint("docs/coverage.md lists the operations that are")
        })?;
        let missing = || {
            Refusal::new("MissingAuthenticationTokenException", "Request is missing Authentication Token").status(403)
        };
        let caller = call.caller.account().ok_or_else(missing)?;
        gate::authorize(&self.organizations, self.judge.as_ref(), &call, caller, verb)?;
        let organization = self.admit(caller, verb.who)?.unwrap_or_default();
        let request = Request::new(&call, caller, &organization);
        match verb.run {
            Run::Change(run) => self.organizations.transact(|desk| run(desk, &request)).await,
            Run::Look(run) => run(&self.organizations.read(), &request),
            Run::CreateAccount => account::create(&self.organizations, self.opener.as_ref(), &request).await,
        }
    }

    fn operations(&self) -> Vec<&'static str> {
        Self::implemented()
    }
}
