//! The second half of an instance's state changes: the verbs mark what was asked, whoever runs the sandboxes calls these
//! when it is so. None fails: what is gone or elsewhere by then is left as it is, and `false` comes back.

use crate::Draft;
use crate::view::instance::REBOOT;
use postern_model::{Instance, InstanceState, NetworkInterface};
use postern_names::InstanceId;
use time::OffsetDateTime;

/// The sandbox stands: its links may be made. Replies go on showing it as pending until [`running`].
pub fn stands(draft: &mut Draft<'_>, id: InstanceId, _now: OffsetDateTime) -> bool {
    advance(draft, id, &[InstanceState::Pending], |instance| instance.stands = true)
}

/// Its links carry packets: pending becomes running. From now on the user data counts as run.
pub fn running(draft: &mut Draft<'_>, id: InstanceId, _now: OffsetDateTime) -> bool {
    advance(draft, id, &[InstanceState::Pending], |instance| {
        instance.state = InstanceState::Running;
        instance.stands = false;
        instance.state_reason = None;
        instance.booted_once = true;
    })
}

/// The sandbox is gone, the instance may start again: its automatic public addresses go back to the pool.
/// Accepts a running instance too, which stopped from within.
pub fn stopped(draft: &mut Draft<'_>, id: InstanceId, now: OffsetDateTime) -> bool {
    let from_within = draft.instances.get(&id).is_some_and(|i| i.state == InstanceState::Running);
    let before = [InstanceState::Stopping, InstanceState::Running, InstanceState::Pending];
    let changed = advance(draft, id, &before, |instance| {
        instance.state = InstanceState::Stopped;
        instance.stands = false;
        if from_within {
            let code = "Client.InstanceInitiatedShutdown";
            instance.state_reason = Some((code.into(), format!("{code}: Instance initiated shutdown")));
            instance.transition_reason = user_initiated(now);
        }
    });
    if changed {
        release_public_addresses(draft, id);
    }
    changed
}

/// The sandbox is gone for good: interfaces that end with the instance are removed, the others and all Elastic IPs are
/// freed. The record stays for describes until [`forget`].
pub fn terminated(draft: &mut Draft<'_>, id: InstanceId, now: OffsetDateTime) -> bool {
    let was_asked = draft.instances.get(&id).is_some_and(|i| i.state == InstanceState::ShuttingDown);
    let before = [
        InstanceState::Pending,
        InstanceState::Running,
        InstanceState::ShuttingDown,
        InstanceState::Stopping,
        InstanceState::Stopped,
    ];
    let changed = advance(draft, id, &before, |instance| {
        instance.state = InstanceState::Terminated;
        instance.profile = None;
        if !was_asked {
            let code = "Client.InstanceInitiatedShutdown";
            instance.state_reason = Some((code.into(), format!("{code}: Instance initiated shutdown")));
            instance.transition_reason = user_initiated(now);
        }
    });
    if changed {
        part_with_interfaces(draft, id);
    }
    changed
}

/// The sandbox could not be made. An instance that never ran is given up, as AWS does with this code; one that has run
/// stops and keeps its disk.
pub fn failed_to_start(draft: &mut Draft<'_>, id: InstanceId, now: OffsetDateTime) -> bool {
    let Some(instance) = draft.instances.get(&id).filter(|i| i.state == InstanceState::Pending) else { return false };
    let changed = if instance.booted_once { stopped(draft, id, now) } else { terminated(draft, id, now) };
    if changed && let Some(mut instance) = draft.instances.get(&id).cloned() {
        let code = "Server.InternalError";
        instance.state_reason = Some((code.into(), format!("{code}: Internal error on launch")));
        instance.transition_reason = code.into();
        draft.put(instance);
    }
    changed
}

/// `reboot` was called in it: it is on its way up once more, and replies keep showing it as running.
pub fn rebooted_by_itself(draft: &mut Draft<'_>, id: InstanceId) -> bool {
    advance(draft, id, &[InstanceState::Running], |instance| {
        instance.state = InstanceState::Pending;
        instance.state_reason = Some((REBOOT.into(), REBOOT.into()));
    })
}

/// The host has started again: what ran is on its way up once more. Gives how many.
pub fn host_restarted(draft: &mut Draft<'_>) -> usize {
    let ran: Vec<_> = draft.instances.values().filter(|i| i.state == InstanceState::Running).map(|i| i.id).collect();
    for id in &ran {
        advance(draft, *id, &[InstanceState::Running], |instance| instance.state = InstanceState::Pending);
    }
    ran.len()
}

/// Removes the record of a terminated instance, about an hour after its end.
pub fn forget(draft: &mut Draft<'_>, id: InstanceId) -> bool {
    let is_over = draft.instances.get(&id).is_some_and(|i| i.state == InstanceState::Terminated);
    if is_over {
        draft.remove(id);
    }
    is_over
}

/// The old free text of a state change that the user asked for.
pub(crate) fn user_initiated(now: OffsetDateTime) -> String {
    let now = now.to_offset(time::UtcOffset::UTC);
    let (year, month, day) = (now.year(), u8::from(now.month()), now.day());
    let (hour, minute, second) = now.to_hms();
    format!("User initiated ({year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} GMT)")
}

fn advance(
    draft: &mut Draft<'_>,
    id: InstanceId,
    before: &[InstanceState],
    change: impl FnOnce(&mut Instance),
) -> bool {
    let Some(instance) = draft.instances.get(&id).filter(|i| before.contains(&i.state)) else { return false };
    let mut instance = instance.clone();
    change(&mut instance);
    draft.put(instance);
    true
}

fn interfaces(draft: &Draft<'_>, id: InstanceId) -> Vec<NetworkInterface> {
    draft.interfaces_of_instance(id).into_iter().cloned().collect()
}

fn release_public_addresses(draft: &mut Draft<'_>, id: InstanceId) {
    for mut interface in interfaces(draft, id) {
        if interface.addresses.iter().any(|a| a.auto_public.is_some()) {
            interface.addresses.iter_mut().for_each(|a| a.auto_public = None);
            draft.put(interface);
        }
    }
}

fn part_with_interfaces(draft: &mut Draft<'_>, id: InstanceId) {
    for mut interface in interfaces(draft, id) {
        if interface.attachment.as_ref().is_some_and(|a| a.delete_on_termination) {
            disassociate_elastic_addresses(draft, &interface);
            draft.remove(interface.id);
        } else {
            interface.attachment = None;
            interface.addresses.iter_mut().for_each(|a| a.auto_public = None);
            draft.put(interface);
        }
    }
}

/// Elastic IPs of an interface that goes stay allocated.
pub(crate) fn disassociate_elastic_addresses(draft: &mut Draft<'_>, interface: &NetworkInterface) {
    let its: Vec<_> = draft
        .addresses
        .values()
        .filter(|a| a.association.is_some_and(|(_, eni, _)| eni == interface.id))
        .cloned()
        .collect();
    for mut address in its {
        address.association = None;
        draft.put(address);
    }
}
