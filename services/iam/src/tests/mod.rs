//! IAM and STS as clients see them: calls in, replies and refusals out, and the same after a restart.

mod account_wide;
mod credentials;
mod groups;
mod identities;
mod instances;
mod last_used;
mod linked_roles;
mod permissions;
mod policies;
mod restart;
mod saml;
mod sessions;
mod simulation;
mod web_identity;

use crate::{Iam, IamService, Preload, StsService};
use postern_call::{Call, Caller, Refusal};
use postern_names::{AccountId, Region, Via};
use postern_policy::{Ask, Decision, Judge, decide};
use postern_serve::{Credential, Keys, Service, Used};
use postern_store::Store;
use serde_json::{Value, json};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use tempfile::TempDir;
use time::OffsetDateTime;

pub const ACCOUNT: AccountId = AccountId::DEFAULT;
pub const NOW: i64 = 1_795_255_200;
/// 2026-11-21T10:00:00Z.
pub const NOW_TEXT: &str = "2026-11-21T10:00:00Z";
pub const TRUST_EC2: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
pub const ALLOW_S3: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#;

/// One region's IAM on a store of its own.
pub struct Lab {
    pub iam: Arc<Iam>,
    api: IamService,
    sts: StsService,
    dir: TempDir,
    /// Seconds since [`NOW`].
    pub later: i64,
}

/// Judges by IAM's own policies alone.
struct Gate(Arc<Iam>);

impl Judge for Gate {
    fn judge(&self, ask: &Ask<'_>) -> Decision {
        assert_eq!(postern_policy::table::flaw(ask), None, "{ask:?}");
        decide(ask, &self.0.policy_set(ask.caller))
    }
    fn opened(&self, text: &str, account: AccountId) -> Option<String> {
        (text == format!("sealed {account}")).then(|| "opened".to_owned())
    }
}

impl Lab {
    pub fn new() -> Self {
        Self::on(TempDir::new().expect("a directory"))
    }

    fn on(dir: TempDir) -> Self {
        let store = Arc::new(Store::open(&dir.path().join("state.db")).expect("a store"));
        let iam = Arc::new(Iam::open(store).expect("a state"));
        let judge = Arc::new(Gate(iam.clone()));
        let (api, sts) = (IamService::new(iam.clone(), judge.clone()), StsService::new(iam.clone(), judge));
        Self { iam, api, sts, dir, later: 0 }
    }

    /// Ends the process and starts it on the same directory.
    pub fn restart(self) -> Self {
        let Self { iam, api, sts, dir, later } = self;
        drop((iam, api, sts));
        Self { later, ..Self::on(dir) }
    }

    pub fn now(&self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(NOW + self.later).expect("a time")
    }

    /// The administrator, made at the first call.
    pub async fn admin(&self) -> Caller {
        let (key, _) = self.iam.ensure_admin(ACCOUNT, self.now()).await.expect("an administrator");
        self.credential(&key).expect("its key").caller
    }

    pub async fn root(&self) -> Caller {
        let entry = Preload {
            account: ACCOUNT,
            user: None,
            access_keys: vec![("AKIAROOTROOTROOTROOT".into(), "root secret".into())],
            policy_arns: Vec::new(),
        };
        self.iam.preload(vec![entry], self.now()).await.expect("a root key");
        self.credential("AKIAROOTROOTROOTROOT").expect("its key").caller
    }

    pub fn credential(&self, access_key: &str) -> Option<Credential> {
        self.iam.credential(access_key)
    }

    /// What the door tells of a request.
    pub fn used(&self, caller: &Caller, service: &str, operation: &str, region: &str) {
        let access_key = caller.access_key.as_deref().expect("a key");
        let is_session = access_key.starts_with("ASIA");
        self.iam.used(&Used { access_key, is_session, caller, service, operation, region, now: self.now() });
    }

    fn request(&self, caller: &Caller, service: &'static str, operation: &str, input: Value) -> Call {
        Call {
            service,
            operation: operation.into(),
            input,
            region: Region::new("eu-central-1"),
            caller: caller.clone(),
            via: Via::Host { peer: IpAddr::V4(Ipv4Addr::LOCALHOST) },
            request_id: "1".into(),
            now: self.now(),
            secure: true,
            user_agent: None,
        }
    }

    pub async fn call_as(&self, caller: &Caller, operation: &str, input: Value) -> Result<Value, Refusal> {
        self.api.call(self.request(caller, "iam", operation, input)).await
    }

    pub async fn sts_as(&self, caller: &Caller, operation: &str, input: Value) -> Result<Value, Refusal> {
        self.sts.call(self.request(caller, "sts", operation, input)).await
    }

    /// A call by the administrator that must succeed.
    pub async fn ok(&self, operation: &str, input: Value) -> Value {
        let admin = self.admin().await;
        self.call_as(&admin, operation, input).await.unwrap_or_else(|refusal| panic!("{operation}: {refusal}"))
    }

    /// A call by the administrator that must be refused: `Code: message`.
    pub async fn refused(&self, operation: &str, input: Value) -> String {
        let admin = self.admin().await;
        match self.call_as(&admin, operation, input).await {
            Err(refusal) => refusal.to_string(),
            Ok(reply) => panic!("{operation} succeeded: {reply}"),
        }
    }

    /// A user with an access key, without permissions.
    pub async fn user(&self, name: &str) -> Caller {
        self.ok("CreateUser", json!({ "UserName": name })).await;
        let made = self.ok("CreateAccessKey", json!({ "UserName": name })).await;
        self.credential(made["AccessKey"]["AccessKeyId"].as_str().expect("an id")).expect("a key").caller
    }

    pub async fn role(&self, name: &str, trust: &str) -> Value {
        self.ok("CreateRole", json!({ "RoleName": name, "AssumeRolePolicyDocument": trust })).await["Role"].clone()
    }
}

/// The texts of one member of a list of objects.
pub fn names(list: &Value, member: &str) -> Vec<String> {
    let items = list.as_array().expect("a list");
    items.iter().map(|item| item[member].as_str().expect("a text").to_owned()).collect()
}

/// A document as replies carry it, decoded.
pub fn decoded(encoded: &Value) -> String {
    percent_encoding::percent_decode_str(encoded.as_str().expect("a text")).decode_utf8().expect("UTF-8").into_owned()
}
