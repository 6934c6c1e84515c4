//! The gate's log: what was decided, by the request that it was decided for, until the door has recorded the request.

use postern_policy::{Ask, Decision, Keys, keys_of};
use postern_serve::{Decisions, Judged};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};

/// Decisions of one request that are kept; a DeleteObjects asks a thousand times. Refused ones have as much room again.
const KEPT: usize = 64;
/// Requests under way; beyond it those that nobody fetched are forgotten.
const REQUESTS: usize = 10_000;

/// Decisions of the requests under way.
#[derive(Default)]
pub struct Log(Mutex<HashMap<String, Vec<Judged>>>);

impl Log {
    pub fn note(&self, ask: &Ask<'_>, decision: &Decision) {
        let Some(request) = ask.request_id else { return };
        let is_allowed = matches!(decision, Decision::Allow { .. });
        let mut requests = self.lock();
        if requests.len() >= REQUESTS {
            requests.clear();
        }
        let kept = requests.entry(request.to_owned()).or_default();
        if kept.len() >= if is_allowed { KEPT } else { 2 * KEPT } {
            return;
        }
        kept.push(Judged {
            caller: ask.caller.display(),
            action: ask.action.to_owned(),
            resource: ask.resource.to_owned(),
            keys: if is_allowed { Keys::new() } else { keys_of(ask) },
            decision: decision.clone(),
        });
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Vec<Judged>>> {
        self.0.lock().unwrap_or_else(|e| e.into_inner())
    }
}

impl Decisions for Log {
    fn take(&self, request_id: &str) -> Vec<Judged> {
        self.lock().remove(request_id).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use postern_call::{Caller, Principal};
    use postern_names::{AccountId, Via};
    use postern_policy::PolicyKind;

    #[test]
    fn decisions_wait_for_their_request_and_are_bounded() {
        let caller = Caller::of(Principal::Root { account: AccountId::DEFAULT });
        let via = Via::Host { peer: "127.0.0.1".parse().unwrap() };
        let mut ask = Ask {
            caller: &caller,
            via: &via,
            action: "s3:DeleteObject",
            resource: "arn:aws:s3:::b/k",
            resource_account: None,
            resource_policy: None,
            keys: Keys::new(),
            region: "us-east-1",
            secure: true,
            user_agent: None,
            now: time::OffsetDateTime::UNIX_EPOCH,
            request_id: Some("r"),
        };
        let log = Log::default();
        let no = Decision::ImplicitDeny { missing: PolicyKind::Identity, nearly: Vec::new() };
        for _ in 0..1000 {
            log.note(&ask, &Decision::Allow { by: Vec::new() });
        }
        log.note(&ask, &no);
        ask.request_id = None;
        log.note(&ask, &no);
        let taken = log.take("r");
        assert_eq!(taken.len(), KEPT + 1);
        assert!(taken[0].keys.is_empty() && taken[0].is_allowed());
        let last = postern_serve::deciding(&taken).unwrap();
        assert_eq!(last.keys["aws:sourceip"], ["127.0.0.1"]);
        assert!(last.verdict().starts_with("implicit-deny for want of identity; s3:DeleteObject"));
        assert!(log.take("r").is_empty());
    }
}
