//! Near misses: the Allow statements that failed on exactly one test. They are what a person wants to hear after a no.

use crate::decide::Policy;
use crate::request::Request;
use crate::statement::{Effect, Statement};
use crate::{NearMiss, PolicyKind, Test};

/// Most near misses told for one decision.
const NEAR_MISSES_MAX: usize = 16;

pub(crate) fn near_misses<'a>(request: &Request<'_>, policies: impl Iterator<Item = Policy<'a>>) -> Vec<NearMiss> {
    let mut found = Vec::new();
    for policy in policies {
        for (index, statement) in policy.document.statements().iter().enumerate() {
            if statement.effect == Effect::Allow
                && let Some(failed) = only_failure(request, statement, policy.kind)
            {
                found.push(NearMiss { statement: policy.statement_ref(index), failed });
            }
            if found.len() == NEAR_MISSES_MAX {
                return found;
            }
        }
    }
    found
}

/// The one test that the statement failed; `None` if it failed none or more than one.
fn only_failure(request: &Request<'_>, statement: &Statement, kind: PolicyKind) -> Option<Test> {
    let mut failures = Vec::new();
    if !request.action_fits(statement) {
        failures.push(Test::Action { asked: request.ask.action.to_owned() });
    }
    if request.reach(statement, kind).is_none() {
        failures.push(Test::Principal { asked: request.ask.caller.display() });
    }
    if !request.resource_fits(statement) {
        failures.push(Test::Resource { asked: request.ask.resource.to_owned() });
    }
    for condition in statement.conditions.iter().filter(|condition| !condition.holds(request)) {
        failures.push(Test::Condition {
            operator: condition.operator.clone(),
            key: condition.key.clone(),
            wanted: condition.values.clone(),
            found: condition.found(request).map(<[String]>::to_vec),
        });
    }
    if failures.len() == 1 { failures.pop() } else { None }
}
