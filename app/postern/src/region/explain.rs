//! `postern explain`: what became of a request, and why, from the door's records; and what would become of a packet.

use super::ways::Ways;
use crate::control::{Explain, Explainer};
use crate::say::Trouble;
use postern_door::{Door, Record};
use postern_names::Via;
use postern_policy::{Decision, NearMiss, StatementRef, Test, kind_name, spelled};
use postern_serve::{Judged, deciding};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Tells of the requests that the door has recorded, and of ways through the World.
pub struct Explanations {
    pub door: Arc<Door>,
    pub ways: Ways,
}

impl Explainer for Explanations {
    fn explain(&self, what: Explain) -> Result<Value, Trouble> {
        match what {
            Explain::Request(id) => self.door.records().find(&id).map(|record| whole(&record)).ok_or_else(|| {
                Trouble::new(format!("no request {id} among the latest that are kept"))
                    .hint("postern explain --last lists the latest refused ones")
            }),
            Explain::Last(most) => {
                Ok(json!({ "refused": self.door.records().latest_refused(most).iter().map(brief).collect::<Vec<_>>() }))
            }
            Explain::Way(question) => self.ways.explain(&question),
            Explain::Matrix { of, port } => self.ways.matrix(&of, port),
            Explain::Between { a, b, protocol, port } => self.ways.between(&a, &b, &protocol, port),
        }
    }
}

fn brief(record: &Record) -> Value {
    let refusal = record.refusal.as_ref().map(|(code, message)| json!({ "code": code, "message": message }));
    json!({
        "request_id": record.request_id,
        "at": record.at.replace_nanosecond(0).unwrap_or(record.at).format(&time::format_description::well_known::Rfc3339).ok(),
        "service": record.service,
        "operation": record.operation,
        "caller": record.caller,
        "via": via(&record.via),
        "status": record.status,
        "refusal": refusal,
        "decision": deciding(&record.decisions).map(Judged::verdict),
    })
}

fn whole(record: &Record) -> Value {
    let mut told = brief(record);
    told["asked"] = record.decisions.iter().map(judged).collect();
    told["advice"] = record.decisions.iter().flat_map(Judged::advice).collect();
    told
}

fn via(via: &Via) -> Value {
    match via {
        Via::Host { peer } => json!({ "way": "host", "address": peer }),
        Via::Internet { public } => json!({ "way": "internet", "address": public }),
        Via::Endpoint { id, vpc, source, account } => {
            json!({ "way": "endpoint", "endpoint": id, "vpc": vpc, "address": source, "account": account })
        }
        Via::Service { principal } => json!({ "way": "service", "service": principal }),
    }
}

fn judged(one: &Judged) -> Value {
    let (decision, missing, by, nearly): (_, _, &[StatementRef], &[NearMiss]) = match &one.decision {
        Decision::Allow { by } => ("allow", None, by, &[]),
        Decision::ExplicitDeny { by } => ("explicit-deny", None, std::slice::from_ref(by), &[]),
        Decision::ImplicitDeny { missing, nearly } => ("implicit-deny", Some(kind_name(*missing)), &[], nearly),
    };
    let keys: Map<String, Value> = one.keys.iter().map(|(key, values)| (spelled(key), json!(values))).collect();
    json!({
        "caller": one.caller,
        "action": one.action,
        "resource": one.resource,
        "decision": decision,
        "missing": missing,
        "by": by.iter().map(statement).collect::<Vec<_>>(),
        "near_misses": nearly.iter().map(near_miss).collect::<Vec<_>>(),
        "keys": keys,
    })
}

fn statement(statement: &StatementRef) -> Value {
    json!({
        "kind": kind_name(statement.kind),
        "policy": statement.policy,
        "index": statement.index,
        "sid": statement.sid,
    })
}

fn near_miss(miss: &NearMiss) -> Value {
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
