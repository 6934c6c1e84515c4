//! Near misses: the Allow statements that failed on exactly one test. They are what a person wants to hear after a no.

use crate::decide::Policy;
use crate::request::Request;
use crate::statement::{Effect, Statement};
use crate::{Condition, NearMiss, PolicyKind, Test};

/// Most near misses told for one decision.
const NEAR_MISSES_MAX: usize = 16;

pub(crate) fn near_misses<'a>(request: &Request<'_>, policies: impl Iterator<Item = Policy<'a>>) -> Vec<NearMiss> {
    let mut found = Vec::new();
    for policy in policies {
        for (index, statement) in policy.document.statements().iter().enumerate() {
            if statement.effect == Effect::Allow
                && let Some(failed) = only_failure(request, statement, policy.kind)
            {
                found.push(NearMiss { statement: policy.statement_ref(index), failed: failed.told(request) });
            }
            if found.len() == NEAR_MISSES_MAX {
                return found;
            }
        }
    }
    found
}

/// A test that failed, not yet told.
enum Failed<'a> {
    Action,
    Principal,
    Resource,
    Condition(&'a Condition),
}

/// The one test that the statement failed; `None` if it failed none or more than one. Most statements are about something
/// else: they are left at the second failure, with nothing written.
fn only_failure<'a>(request: &Request<'_>, statement: &'a Statement, kind: PolicyKind) -> Option<Failed<'a>> {
    let mut failed = (!request.action_fits(statement)).then_some(Failed::Action);
    if request.reach(statement, kind).is_none() && failed.replace(Failed::Principal).is_some() {
        return None;
    }
    if !request.resource_fits(statement) && failed.replace(Failed::Resource).is_some() {
        return None;
    }
    for condition in &statement.conditions {
        if !condition.holds(request) && failed.replace(Failed::Condition(condition)).is_some() {
            return None;
        }
    }
    failed
}

impl Failed<'_> {
    fn told(&self, request: &Request<'_>) -> Test {
        match self {
            Self::Action => Test::Action { asked: request.ask.action.to_owned() },
            Self::Principal => Test::Principal { asked: request.ask.caller.display() },
            Self::Resource => Test::Resource { asked: request.ask.resource.to_owned() },
            Self::Condition(condition) => Test::Condition {
                operator: condition.operator.clone(),
                key: condition.key.clone(),
                wanted: condition.values.clone(),
                found: condition.found(request).map(<[String]>::to_vec),
            },
        }
    }
}
