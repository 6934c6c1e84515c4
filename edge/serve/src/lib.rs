//! What the door demands of whatever stands behind it: a service, the keeper of keys, the gate.
#![forbid(unsafe_code)]

mod ciphers;
mod guarded;
mod judged;

pub use ciphers::{Ciphers, Closed, Envelope, OnBehalf};
pub use guarded::Guarded;
pub use judged::{Decisions, Judged, deciding};

use async_trait::async_trait;
use postern_call::{Answer, Call, Caller, Refusal};
use serde_json::Value;
use time::OffsetDateTime;

/// A service whose requests and replies the shared codec reads and writes.
#[async_trait]
pub trait Service: Send + Sync {
    /// Serves one authenticated call. The service itself asks the [`Gate`](Judge) before it acts, since only it knows
    /// the resources that the call touches. Output members are by model name, as in [`Call::input`].
    async fn call(&self, call: Call) -> Result<Value, Refusal>;
    /// The same, as the door asks for it: a service that tells of thousands of things makes a leaner answer here.
    async fn answer(&self, call: Call) -> Result<Answer, Refusal> {
        self.call(call).await.map(Answer::from)
    }
    /// The operations it implements, by model name: for the coverage page.
    fn operations(&self) -> Vec<&'static str>;
    /// The resource of this ARN as the service puts it before the gate. `None`: there is none, or the service's resources
    /// have no policies and nothing that the ARN does not tell.
    fn guarded(&self, _arn: &str) -> Option<Guarded> {
        None
    }
}

/// What an access key id stands for.
#[derive(Clone)]
pub struct Credential {
    pub secret: String,
    pub caller: Caller,
    /// The token that must come with the key, for temporary credentials.
    pub session_token: Option<String>,
    /// Unix seconds after which the key is no longer good.
    pub expires: Option<i64>,
}

/// One request that a key signed, whatever becomes of it.
#[derive(Debug, Clone, Copy)]
pub struct Used<'a> {
    pub access_key: &'a str,
    /// Whether the key is one of temporary credentials.
    pub is_session: bool,
    pub caller: &'a Caller,
    /// The service's signing name.
    pub service: &'a str,
    /// The operation's model name.
    pub operation: &'a str,
    /// The region that was signed for.
    pub region: &'a str,
    pub now: OffsetDateTime,
}

/// Who knows the keys: IAM and STS.
pub trait Keys: Send + Sync {
    /// `None`: no such key, or it is inactive.
    fn credential(&self, access_key: &str) -> Option<Credential>;

    /// A request was signed with one of the keys, and the signature holds. Called for each, so it must be quick.
    fn used(&self, _used: &Used<'_>) {}
}

pub use postern_policy::{Ask, Decision, Judge};
