//! Client tokens: the same token with the same parameters gets the first call's reply, without a second thing made.

use crate::keep::unreadable;
use postern_call::{Answer, Call, Refusal};
use postern_names::AccountId;
use postern_store::{Store, StoreError, Write};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use time::{Duration, OffsetDateTime};

const KIND: &str = "ec2-token";
/// How long a token is remembered.
const REMEMBERED: Duration = Duration::hours(24);
/// Longest token, in characters.
const LENGTH_MAX: usize = 64;

/// The tokens of the last day, by account, region, operation and token.
#[derive(Default)]
pub struct Tokens {
    kept: BTreeMap<String, Kept>,
    swept: Option<OffsetDateTime>,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    /// The call's other parameters.
    parameters: Value,
    reply: Value,
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
}

impl Tokens {
    pub fn load(store: &Store, now: OffsetDateTime) -> Result<Self, StoreError> {
        let mut kept = BTreeMap::new();
        for (key, value) in store.load(KIND)? {
            let entry: Kept = serde_json::from_slice(&value).map_err(|e| unreadable(&key, e))?;
            if now - entry.at < REMEMBERED {
                kept.insert(key, entry);
            }
        }
        Ok(Self { kept, swept: None })
    }

    /// The reply that the call's token had before. Same token, other parameters: `IdempotentParameterMismatch`.
    pub fn reply(&self, account: AccountId, call: &Call) -> Result<Option<Value>, Refusal> {
        let Some(key) = key(account, call)? else { return Ok(None) };
        match self.kept.get(&key).filter(|kept| call.now - kept.at < REMEMBERED) {
            None => Ok(None),
            Some(kept) if kept.parameters == parameters(&call.input) => Ok(Some(kept.reply.clone())),
            Some(_) => Err(Refusal::new(
                "IdempotentParameterMismatch",
                "The request uses the same client token as a previous, but non-identical request. \
                 Do not reuse a client token with different requests, unless the requests are identical",
            )),
        }
    }

    /// Remembers a reply; gives what must be kept on the disk with the call's changes.
    pub fn remember(&mut self, account: AccountId, call: &Call, reply: &Answer) -> Result<Vec<Write>, Refusal> {
        let Some(key) = key(account, call)? else { return Ok(Vec::new()) };
        let mut writes = self.sweep(call.now);
        let kept = Kept { parameters: parameters(&call.input), reply: reply.to_value(), at: call.now };
        let value = serde_json::to_vec(&kept).map_err(Refusal::internal)?;
        writes.push(Write::Put { kind: KIND.to_owned(), key: key.clone(), value });
        self.kept.insert(key, kept);
        Ok(writes)
    }

    /// Forgets old tokens, once an hour.
    fn sweep(&mut self, now: OffsetDateTime) -> Vec<Write> {
        if self.swept.is_some_and(|at| now - at < Duration::hours(1)) {
            return Vec::new();
        }
        self.swept = Some(now);
        let old: Vec<String> =
            self.kept.iter().filter(|(_, kept)| now - kept.at >= REMEMBERED).map(|(key, _)| key.clone()).collect();
        for key in &old {
            self.kept.remove(key);
        }
        old.into_iter().map(|key| Write::Delete { kind: KIND.to_owned(), key }).collect()
    }
}

fn key(account: AccountId, call: &Call) -> Result<Option<String>, Refusal> {
    let Some(token) = call.input.get("ClientToken").and_then(Value::as_str).filter(|t| !t.is_empty()) else {
        return Ok(None);
    };
    if token.chars().count() > LENGTH_MAX || !token.is_ascii() {
        return Err(Refusal::new(
            "InvalidParameterValue",
            format!(
                "Value ({token}) for parameter clientToken is invalid. A client token has up to 64 ASCII characters."
            ),
        ));
    }
    Ok(Some(format!("{account}/{}/{}/{token}", call.region, call.operation)))
}

fn parameters(input: &Value) -> Value {
    let mut parameters = input.clone();
    if let Some(members) = parameters.as_object_mut() {
        members.retain(|name, value| name != "ClientToken" && name != "DryRun" && !value.is_null());
    }
    parameters
}
