//! For the services' own tests: a judge that keeps what it was asked, and calls as the codec gives them.

use postern_call::{Call, Caller, Principal};
use postern_names::{AccountId, Region, Via};
use postern_policy::{Ask, Decision, Judge, PolicyKind, table};
use serde_json::Value;
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Mutex, PoisonError};
use time::OffsetDateTime;

/// Allows everything but what it is told to refuse, keeps what it was asked, and panics on a question that the service's
/// table does not know.
#[derive(Default)]
pub struct Heard {
    asked: Mutex<Vec<String>>,
    refused: Mutex<BTreeSet<String>>,
}

impl Heard {
    /// What was asked since the last time, as `sqs:SendMessage arn:...`.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap_or_else(PoisonError::into_inner))
    }
    /// From now on this action (`sqs:SendMessage`) is refused.
    pub fn refuse(&self, action: &str) {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).insert(action.to_owned());
    }
}

impl Judge for Heard {
    fn judge(&self, ask: &Ask<'_>) -> Decision {
        if let Some(flaw) = table::flaw(ask) {
            panic!("a question that the table does not know: {flaw}");
        }
        let line = format!("{} {}", ask.action, ask.resource);
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        if self.refused.lock().unwrap_or_else(PoisonError::into_inner).contains(ask.action) {
            return Decision::ImplicitDeny { missing: PolicyKind::Identity, nearly: Vec::new() };
        }
        Decision::Allow { by: Vec::new() }
    }
}

/// A call by the root user of an account, from the host, over TLS.
pub fn call(service: &'static str, account: AccountId, operation: &str, input: Value) -> Call {
    Call {
        service,
        operation: operation.to_owned(),
        input,
        region: Region::new("us-east-1"),
        caller: Caller::of(Principal::Root { account }),
        via: Via::Host { peer: IpAddr::V4(Ipv4Addr::LOCALHOST) },
        request_id: "r".into(),
        now: OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000),
        secure: true,
        user_agent: None,
    }
}
