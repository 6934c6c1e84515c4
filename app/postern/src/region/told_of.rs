//! Ways, decisions and statements as JSON, alike wherever they are told.

use postern_names::Via;
use postern_policy::{Decision, NearMiss, StatementRef, Test, kind_name};
use serde_json::{Value, json};

pub fn via(via: &Via) -> Value {
    match via {
        Via::Host { peer } => json!({ "way": "host", "address": peer }),
        Via::Internet { public } => json!({ "way": "internet", "address": public }),
        Via::Endpoint { id, vpc, source, account } => {
            json!({ "way": "endpoint", "endpoint": id, "vpc": vpc, "address": source, "account": account })
        }
        Via::Service { principal } => json!({ "way": "service", "service": principal }),
    }
}

/// `decision`, `missing`, `by`, `near_misses`.
pub fn decision(decision: &Decision) -> Value {
    let (word, missing, by, nearly): (_, _, &[StatementRef], &[NearMiss]) = match decision {
        Decision::Allow { by } => ("allow", None, by, &[]),
        Decision::ExplicitDeny { by } => ("explicit-deny", None, std::slice::from_ref(by), &[]),
        Decision::ImplicitDeny { missing, nearly } => ("implicit-deny", Some(kind_name(*missing)), &[], nearly),
    };
    json!({
        "decision": word,
        "missing": missing,
        "by": by.iter().map(statement).collect::<Vec<_>>(),
        "near_misses": nearly.iter().map(near_miss).collect::<Vec<_>>(),
    })
}

pub fn statement(statement: &StatementRef) -> Value {
    json!({
        "kind": kind_name(statement.kind),
        "policy": statement.policy,
        "index": statement.index,
        "sid": statement.sid,
    })
}

pub fn near_miss(miss: &NearMiss) -> Value {
    let failed = match &miss.failed {
        Test::Principal { asked } => json!({ "test": "principal", "found": asked }),
        Test::Action { asked } => json!({ "test": "action", "found": asked }),
        Test::Resource { asked } => json!({ "test": "resource", "found": asked }),
        Test::Condition { operator, key, wanted, found } => {
            json!({ "test": "condition", "operator": operator, "key": key, "wanted": wanted, "found": found })
        }
    };
    json!({ "statement": statement(&miss.statement), "failed": failed })
}
