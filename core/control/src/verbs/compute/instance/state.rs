//! StartInstances, StopInstances, RebootInstances, TerminateInstances: each marks what is asked, `lifecycle` completes it.

use super::vcpus;
use crate::verbs::compute::lifecycle::user_initiated;
use crate::verbs::compute::public_address::give_public_address;
use crate::view::instance::{REBOOT, shown_state};
use crate::{Context, Draft, Request, find, refuse, view};
use postern_call::Refusal;
use postern_model::{Instance, InstanceState, World, instance_types};
use postern_names::InstanceId;
use serde_json::{Value, json};

use InstanceState::{Pending, Running, ShuttingDown, Stopped, Stopping, Terminated};

/// `IncorrectInstanceState` unless every instance is stopped, pending or running.
pub(super) fn start(draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let ids = ids(draft, context, request)?;
    check_states(draft, &ids, &[Stopped, Pending, Running], "started")?;
    let changes = each(draft, &ids, |draft, mut instance| {
        if instance.state == Stopped {
            if let Some(kind) = instance_types().iter().find(|kind| kind.name == instance.instance_type) {
                vcpus::check(draft, context, kind, 1)?;
            }
            instance.state = Pending;
            instance.state_reason = Some(("pending".into(), "pending".into()));
            instance.transition_reason = String::new();
            instance.launched = context.now;
            let id = instance.id;
            draft.put(instance);
            return renew_public_addresses(draft, context, id);
        }
        Ok(())
    })?;
    Ok(json!({ "StartingInstances": changes }))
}

pub(super) fn stop(draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let ids = ids(draft, context, request)?;
    if request.flag("Hibernate") == Some(true) {
        return Err(refuse::not_served("StopInstances with Hibernate"));
    }
    check_states(draft, &ids, &[Pending, Running, Stopping, Stopped], "stopped")?;
    refuse_protected(draft, &ids, |i| i.disable_api_stop, ("stopped", "disableApiStop"))?;
    let changes = each(draft, &ids, |draft, mut instance| {
        if matches!(instance.state, Pending | Running) {
            instance.state = Stopping;
            mark_user_initiated(&mut instance, context);
            draft.put(instance);
        }
        Ok(())
    })?;
    Ok(json!({ "StoppingInstances": changes }))
}

/// The way up once more, from a new sandbox on the same disk. Replies go on showing the instance as running.
pub(super) fn reboot(draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let ids = ids(draft, context, request)?;
    check_states(draft, &ids, &[Pending, Running], "rebooted")?;
    each(draft, &ids, |draft, mut instance| {
        if instance.state == Running {
            instance.state = Pending;
            instance.state_reason = Some((REBOOT.into(), REBOOT.into()));
            draft.put(instance);
        }
        Ok(())
    })?;
    Ok(json!({}))
}

pub(super) fn terminate(draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let ids = ids(draft, context, request)?;
    let protection = ("terminated", "disableApiTermination");
    refuse_protected(draft, &ids, |i| i.disable_api_termination && i.state != Terminated, protection)?;
    let changes = each(draft, &ids, |draft, mut instance| {
        if !matches!(instance.state, ShuttingDown | Terminated) {
            instance.state = ShuttingDown;
            mark_user_initiated(&mut instance, context);
            draft.put(instance);
        }
        Ok(())
    })?;
    Ok(json!({ "TerminatingInstances": changes }))
}

/// The ids of the request, each once; all must exist. AWS names every missing one in one sentence.
pub(super) fn ids(world: &World, context: &Context<'_>, request: &Request<'_>) -> Result<Vec<InstanceId>, Refusal> {
    let mut ids: Vec<InstanceId> = Vec::new();
    for id in request.ids("InstanceIds")? {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    if ids.is_empty() {
        return Err(refuse::missing_parameter("InstanceId"));
    }
    let missing: Vec<InstanceId> =
        ids.iter().copied().filter(|id| find::<Instance>(world, context, *id).is_err()).collect();
    match missing.as_slice() {
        [] => Ok(ids),
        [one] => Err(refuse::not_found(InstanceId::PREFIX, one)),
        several => {
            let list: Vec<String> = several.iter().map(ToString::to_string).collect();
            let message = format!("The instance IDs '{}' do not exist", list.join(", "));
            Err(Refusal::new("InvalidInstanceID.NotFound", message))
        }
    }
}

fn check_states(world: &World, ids: &[InstanceId], accepted: &[InstanceState], done: &str) -> Result<(), Refusal> {
    for instance in ids.iter().filter_map(|id| world.instances.get(id)) {
        if !accepted.contains(&instance.state) {
            let message = format!("The instance '{}' is not in a state from which it can be {done}.", instance.id);
            let state = instance.state.wire().1;
            return Err(Refusal::new("IncorrectInstanceState", message).hint(format!("it is {state}")));
        }
    }
    Ok(())
}

fn refuse_protected(
    world: &World,
    ids: &[InstanceId],
    is_protected: fn(&Instance) -> bool,
    (done, attribute): (&str, &str),
) -> Result<(), Refusal> {
    match ids.iter().filter_map(|id| world.instances.get(id)).find(|i| is_protected(i)) {
        None => Ok(()),
        Some(instance) => Err(Refusal::new(
            "OperationNotPermitted",
            format!(
                "The instance '{}' may not be {done}. Modify its '{attribute}' instance attribute and try again.",
                instance.id
            ),
        )),
    }
}

/// Changes every instance and lists former and present state.
fn each(
    draft: &mut Draft<'_>,
    ids: &[InstanceId],
    mut change: impl FnMut(&mut Draft<'_>, Instance) -> Result<(), Refusal>,
) -> Result<Vec<Value>, Refusal> {
    let mut changes = Vec::new();
    for id in ids {
        let Some(instance) = draft.instances.get(id).cloned() else { continue };
        let previous = shown_state(&instance);
        change(draft, instance)?;
        let current = draft.instances.get(id).map_or(previous, shown_state);
        changes.push(json!({
            "InstanceId": id.to_string(),
            "CurrentState": view::instance::state(current),
            "PreviousState": view::instance::state(previous),
        }));
    }
    Ok(changes)
}

fn mark_user_initiated(instance: &mut Instance, context: &Context<'_>) {
    let code = "Client.UserInitiatedShutdown";
    instance.state_reason = Some((code.into(), format!("{code}: User initiated shutdown")));
    instance.transition_reason = user_initiated(context.now);
}

/// A started instance gets new addresses of the pool where it had such.
fn renew_public_addresses(draft: &mut Draft<'_>, context: &Context<'_>, id: InstanceId) -> Result<(), Refusal> {
    let interfaces: Vec<_> = draft.interfaces_of_instance(id).into_iter().cloned().collect();
    for mut interface in interfaces {
        give_public_address(draft, context, &mut interface)?;
        draft.put(interface);
    }
    Ok(())
}
