//! `postern explain`: what became of a request, and why, from the door's records; and what would become of a packet.

use super::diff::DryRegion;
use super::gates::Calls;
use super::told_of;
use super::ways::Ways;
use crate::control::{Explain, Explainer};
use crate::say::Trouble;
use postern_door::{Door, Record};
use postern_policy::spelled;
use postern_serve::{Judged, deciding};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Tells of the requests that the door has recorded, and of ways through the World.
pub struct Explanations {
    pub door: Arc<Door>,
    pub ways: Ways,
    pub calls: Calls,
    pub dry: DryRegion,
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
            Explain::LastOf(instance) => self.last_of(&instance),
            Explain::Way(question) => self.ways.explain(&question),
            Explain::Call { way, call } => self.calls.explain(&self.ways, &way, &call),
            Explain::Matrix { of, port } => self.ways.matrix(&of, port),
            Explain::Diff { change } => self.dry.diff(&change),
            Explain::Scope { scope } => self.dry.scope(&scope),
            Explain::Between { a, b, protocol, port } => self.ways.between(&a, &b, &protocol, port),
        }
    }
}

pub fn brief(record: &Record) -> Value {
    let refusal = record.refusal.as_ref().map(|(code, message)| json!({ "code": code, "message": message }));
    json!({
        "request_id": record.request_id,
        "at": record.at.replace_nanosecond(0).unwrap_or(record.at).format(&time::format_description::well_known::Rfc3339).ok(),
        "service": record.service,
        "operation": record.operation,
        "caller": record.caller,
        "via": told_of::via(&record.via),
        "status": record.status,
        "refusal": refusal,
        "decision": deciding(&record.decisions).map(Judged::verdict),
    })
}

pub fn whole(record: &Record) -> Value {
    let mut told = brief(record);
    told["asked"] = record.decisions.iter().map(judged).collect();
    told["advice"] = record.decisions.iter().flat_map(Judged::advice).collect();
    told
}

fn judged(one: &Judged) -> Value {
    let keys: Map<String, Value> = one.keys.iter().map(|(key, values)| (spelled(key), json!(values))).collect();
    let mut told = told_of::decision(&one.decision);
    told["caller"] = json!(one.caller);
    told["action"] = json!(one.action);
    told["resource"] = json!(one.resource);
    told["keys"] = Value::Object(keys);
    told
}
