//! What the policies say, as JSON: every gate, the decision, and each thing that stops the call, in order.

use crate::region::told_of;
use postern_names::Stop;
use postern_policy::{
    Ask, Decision, GateSays, PolicyKind, PolicySet, advice, hint, keys_within, kind_name, spelled, verdict,
};
use serde_json::{Map, Value, json};

pub fn policies(ask: &Ask<'_>, set: &PolicySet, decision: &Decision, gates: &[GateSays], stops: &[Decision]) -> Value {
    let keys: Map<String, Value> =
        keys_within(ask, &set.memberships).iter().map(|(key, values)| (spelled(key), json!(values))).collect();
    let mut told = told_of::decision(decision);
    told["verdict"] = json!(verdict(ask.action, ask.resource, decision));
    told["keys"] = Value::Object(keys);
    told["gates"] = gates.iter().map(|gate| one(gate, stops)).collect();
    told["stops"] = stops.iter().map(|stop| stop_json(ask, stop)).collect();
    told["advice"] = json!(advice(ask.action, ask.resource, decision));
    told
}

fn one(gate: &GateSays, stops: &[Decision]) -> Value {
    let is_stop = stops.iter().any(|stop| match stop {
        Decision::ExplicitDeny { by } => gate.denies.contains(by),
        Decision::ImplicitDeny { missing, .. } => *missing == gate.kind && gate.allows.is_none(),
        Decision::Allow { .. } => false,
    });
    let says = match (gate.denies.is_empty(), &gate.allows) {
        (false, _) => "denies",
        (true, Some(_)) => "allows",
        (true, None) => "says nothing",
    };
    let by: Vec<Value> = match says {
        "denies" => gate.denies.iter().map(told_of::statement).collect(),
        _ => gate.allows.iter().map(told_of::statement).collect(),
    };
    json!({
        "kind": kind_name(gate.kind),
        "policies": gate.policies,
        "says": says,
        "by": by,
        "near_misses": gate.nearly.iter().map(told_of::near_miss).collect::<Vec<_>>(),
        "passes": !is_stop,
    })
}

fn stop_json(ask: &Ask<'_>, decision: &Decision) -> Value {
    let kind = match decision {
        Decision::ExplicitDeny { by } => by.kind,
        Decision::ImplicitDeny { missing, .. } => *missing,
        Decision::Allow { .. } => PolicyKind::Identity,
    };
    let why = hint(decision)
        .unwrap_or_else(|| format!("no {} policy allows {} on {}", kind_name(kind), ask.action, ask.resource));
    let mut told = told_of::decision(decision);
    told["stop"] = json!(stop(kind).word());
    told["kind"] = json!(kind_name(kind));
    told["why"] = json!(why);
    told
}

/// The stop of a kind of policy: whose side it is on.
fn stop(kind: PolicyKind) -> Stop {
    match kind {
        PolicyKind::Endpoint => Stop::EndpointPolicy,
        PolicyKind::Identity | PolicyKind::Boundary | PolicyKind::Session | PolicyKind::ServiceControl => {
            Stop::IdentityPolicy
        }
        PolicyKind::Resource | PolicyKind::ResourceControl | PolicyKind::Trust => Stop::ResourcePolicy,
    }
}
