//! MonitorInstances and UnmonitorInstances: a flag that describes show.

use super::state::ids;
use crate::{Context, Draft, Request};
use postern_call::Refusal;
use serde_json::{Value, json};

pub(super) fn monitor(draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    set(draft, context, request, true)
}

pub(super) fn unmonitor(draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    set(draft, context, request, false)
}

fn set(draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>, on: bool) -> Result<Value, Refusal> {
    let mut changes = Vec::new();
    for id in ids(draft, context, request)? {
        let Some(mut instance) = draft.instances.get(&id).cloned() else { continue };
        let state = match (instance.monitoring, on) {
            (true, true) => "enabled",
            (false, true) => "pending",
            (true, false) => "disabling",
            (false, false) => "disabled",
        };
        instance.monitoring = on;
        draft.put(instance);
        changes.push(json!({ "InstanceId": id.to_string(), "Monitoring": { "State": state } }));
    }
    Ok(json!({ "InstanceMonitorings": changes }))
}
