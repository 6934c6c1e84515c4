//! STS: who am I, and credentials for a while.

mod assume_role;
mod assume_role_with_saml;
mod assume_role_with_web_identity;
mod decode_message;
mod federation_token;
mod limits;
mod role_session;
mod second_factor;
mod session_token;

use crate::gate;
use crate::iam::Iam;
use crate::input::Input;
use crate::service::unknown;
use crate::session::SessionCredentials;
use crate::token::{Issuers, NoIssuers};
use async_trait::async_trait;
use postern_call::{Call, Refusal};
use postern_policy::Judge;
use postern_serve::Service;
use serde_json::{Value, json};
use std::sync::Arc;

/// The `sts` service.
pub struct StsService {
    iam: Arc<Iam>,
    judge: Arc<dyn Judge>,
    issuers: Arc<dyn Issuers>,
}

const OPERATIONS: [&str; 8] = [
    "AssumeRole",
    "AssumeRoleWithSAML",
    "AssumeRoleWithWebIdentity",
    "DecodeAuthorizationMessage",
    "GetAccessKeyInfo",
    "GetCallerIdentity",
    "GetFederationToken",
    "GetSessionToken",
];

impl StsService {
    pub fn new(iam: Arc<Iam>, judge: Arc<dyn Judge>) -> Self {
        Self { iam, judge, issuers: Arc::new(NoIssuers) }
    }

    /// With the keys of identity providers.
    pub fn trusting(self, issuers: Arc<dyn Issuers>) -> Self {
        Self { issuers, ..self }
    }

    /// The operations that are served, by model name.
    pub fn implemented() -> Vec<&'static str> {
        OPERATIONS.to_vec()
    }

    /// Allowed to everybody, whatever policies say; but an endpoint passes on only what its own policy allows.
    fn caller_identity(&self, call: &Call) -> Result<Value, Refusal> {
        let account = gate::account_of(&call.caller)?;
        let question = gate::Question {
            service: "sts",
            operation: "GetCallerIdentity",
            resource: "*",
            account,
            policy: None,
            keys: Default::default(),
        };
        question.put_to_endpoint(self.judge.as_ref(), call)?;
        let arn = call.caller.arn().map(|arn| arn.to_string());
        Ok(json!({ "UserId": call.caller.user_id(), "Account": account.to_string(), "Arn": arn }))
    }

    /// Whose account a key belongs to.
    fn access_key_info(&self, call: &Call) -> Result<Value, Refusal> {
        let id = Input(&call.input).required("AccessKeyId")?;
        let account = gate::account_of(&call.caller)?;
        let question = gate::Question {
            service: "sts",
            operation: "GetAccessKeyInfo",
            resource: "*",
            account,
            policy: None,
            keys: Default::default(),
        };
        question.put(self.judge.as_ref(), call)?;
        let state = self.iam.read();
        let owner = state.keys.get(id).map(|holder| holder.account);
        let owner = owner.or_else(|| state.sessions.get(id).map(|session| session.account));
        let unknown = || Refusal::new("ValidationError", format!("Unable to determine the account of access key {id}"));
        Ok(json!({ "Account": owner.ok_or_else(unknown)?.to_string() }))
    }
}

#[async_trait]
impl Service for StsService {
    async fn call(&self, call: Call) -> Result<Value, Refusal> {
        match call.operation.as_str() {
            "GetCallerIdentity" => self.caller_identity(&call),
            "GetAccessKeyInfo" => self.access_key_info(&call),
            "AssumeRole" => assume_role::run(&self.iam, self.judge.as_ref(), &call).await,
            "AssumeRoleWithSAML" => assume_role_with_saml::run(&self.iam, self.judge.as_ref(), &call).await,
            "AssumeRoleWithWebIdentity" => {
                assume_role_with_web_identity::run(&self.iam, self.judge.as_ref(), self.issuers.as_ref(), &call).await
            }
            "DecodeAuthorizationMessage" => decode_message::run(self.judge.as_ref(), &call),
            "GetSessionToken" => session_token::run(&self.iam, &call).await,
            "GetFederationToken" => federation_token::run(&self.iam, self.judge.as_ref(), &call).await,
            _ => Err(unknown("STS", &call)),
        }
    }

    fn operations(&self) -> Vec<&'static str> {
        Self::implemented()
    }
}

/// Credentials as replies have them.
fn shape(credentials: &SessionCredentials) -> Value {
    json!({
        "AccessKeyId": credentials.access_key_id,
        "SecretAccessKey": credentials.secret_access_key,
        "SessionToken": credentials.session_token,
        "Expiration": crate::verb::time_text(credentials.expires),
    })
}
