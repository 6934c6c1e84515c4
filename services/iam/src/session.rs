//! Temporary credentials: what a session is, and how one is opened.

use crate::document::Doc;
use crate::ids;
use postern_call::{Caller, Principal, Refusal};
use postern_names::AccountId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An open session. Kept on disk, so that it outlives a restart.
#[derive(Clone, Serialize, Deserialize)]
pub struct Session {
    pub secret: String,
    pub token: String,
    pub account: AccountId,
    pub who: Who,
    /// Unix seconds.
    pub issued: i64,
    pub expires: i64,
    /// Condition keys that the credentials bring, as AWS spells them.
    pub keys: BTreeMap<String, Vec<String>>,
    /// The policies passed to limit the session.
    pub policies: Vec<PassedPolicy>,
    /// Tag keys that go on to sessions opened from this one.
    #[serde(default)]
    pub transitive_tags: Vec<String>,
}

/// A session policy: inline, or a managed one by ARN as it was when the session began.
#[derive(Clone, Serialize, Deserialize)]
pub struct PassedPolicy {
    pub name: String,
    pub document: Doc,
}

/// Whose session it is. By unique id: a deleted and remade role is another role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Who {
    Role {
        name: String,
        id: String,
        session: String,
    },
    /// GetSessionToken by a user.
    User {
        name: String,
        id: String,
    },
    /// GetSessionToken by the account's root.
    Root,
    /// GetFederationToken; `issuer` is the user whose permissions it has at most, `None` for root.
    Federated {
        name: String,
        issuer: Option<String>,
    },
}

/// What a client needs to sign with a session.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionCredentials {
    pub access_key_id: String,
    pub secret_access_key: String,
    pub session_token: String,
    /// Unix seconds.
    pub issued: i64,
    /// Unix seconds.
    pub expires: i64,
}

impl std::fmt::Debug for SessionCredentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("SessionCredentials");
        shown.field("access_key_id", &self.access_key_id).field("expires", &self.expires).finish_non_exhaustive()
    }
}

impl Session {
    /// A new session with fresh credentials, and its access key id.
    pub fn open(account: AccountId, who: Who, now: i64, seconds: i64) -> Result<(String, Self), Refusal> {
        let session = Self {
            secret: ids::secret()?,
            token: ids::token()?,
            account,
            who,
            issued: now,
            expires: now.saturating_add(seconds),
            keys: BTreeMap::new(),
            policies: Vec::new(),
            transitive_tags: Vec::new(),
        };
        Ok((ids::access_key("ASIA")?, session))
    }

    pub fn credentials(&self, access_key: &str) -> SessionCredentials {
        SessionCredentials {
            access_key_id: access_key.to_owned(),
            secret_access_key: self.secret.clone(),
            session_token: self.token.clone(),
            issued: self.issued,
            expires: self.expires,
        }
    }

    /// The caller that these credentials stand for, given the principal as it is today.
    pub fn caller(&self, access_key: &str, principal: Principal) -> Caller {
        Caller {
            principal,
            access_key: Some(access_key.to_owned()),
            keys: self.keys.clone(),
            session_policies: self.policies.iter().map(|policy| policy.document.text().to_owned()).collect(),
        }
    }
}
