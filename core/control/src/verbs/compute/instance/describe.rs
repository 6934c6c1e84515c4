//! DescribeInstances and DescribeInstanceStatus.

use crate::listed::one;
use crate::verbs::is_visible;
use crate::{Context, Draft, Filters, Request, find, page, refuse, select, view};
use postern_call::Refusal;
use postern_model::{Instance, InstanceState, World};
use postern_names::{InstanceId, ReservationId};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Pages count instances; those of one reservation on a page are listed together, newest launch first as AWS tends to.
pub(super) fn describe_instances(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    refuse_ids_with_pages(request)?;
    let mut chosen: Vec<&Instance> = select(draft, context, request, "InstanceIds")?;
    chosen.sort_by_key(|i| (i.launched, i.reservation, i.launch_index));
    let places = chosen.iter().enumerate().map(|(place, _)| json!(place)).collect();
    let mut reply = page(request, "Reservations", places, 5, 1000)?;
    let on_page: Vec<&Instance> = reply
        .get("Reservations")
        .and_then(Value::as_array)
        .map(|places| places.iter().filter_map(Value::as_u64).filter_map(|n| chosen.get(n as usize).copied()).collect())
        .unwrap_or_default();
    let mut reservations: Vec<(ReservationId, Vec<&Instance>)> = Vec::new();
    for instance in on_page {
        match reservations.last_mut().filter(|(id, _)| *id == instance.reservation) {
            Some((_, same)) => same.push(instance),
            None => reservations.push((instance.reservation, vec![instance])),
        }
    }
    let interfaces = view::instance::interfaces(draft);
    let shown = reservations.iter().map(|(_, same)| view::reservation::reservation(draft, &interfaces, same));
    reply["Reservations"] = shown.collect();
    Ok(reply)
}

fn refuse_ids_with_pages(request: &Request<'_>) -> Result<(), Refusal> {
    if !request.texts("InstanceIds").is_empty() && request.number("MaxResults").is_some() {
        return Err(refuse::invalid_combination(
            "The parameter instancesSet cannot be used with the parameter maxResults",
        ));
    }
    Ok(())
}

/// Running instances only, unless `IncludeAllInstances`.
pub(super) fn describe_status(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    refuse_ids_with_pages(request)?;
    let ids: Vec<InstanceId> = request.ids("InstanceIds")?;
    let candidates: BTreeMap<InstanceId, &Instance> = if ids.is_empty() {
        let own = draft.instances.iter().filter(|(_, i)| is_visible(context, i.owner, &i.region));
        own.map(|(id, instance)| (*id, instance)).collect()
    } else {
        ids.into_iter().map(|id| Ok((id, find(draft, context, id)?))).collect::<Result<_, Refusal>>()?
    };
    let all = request.flag("IncludeAllInstances").unwrap_or(false);
    let filters = Filters::of(request);
    filters.check_names(|name| values(None, name).is_some())?;
    let mut items = Vec::new();
    for instance in candidates.into_values().filter(|i| all || view::instance::shown_state(i) == InstanceState::Running)
    {
        let health = health(draft, instance);
        if filters.pass(&instance.tags, |name| values(Some((instance, health)), name))? {
            items.push(status(instance, health));
        }
    }
    page(request, "InstanceStatuses", items, 5, 1000)
}

/// What an instance has under a filter; without an instance, whether there is such a filter.
fn values(instance: Option<(&Instance, Health)>, name: &str) -> Option<Vec<String>> {
    let of = |value: fn(&Instance) -> String| Some(instance.map(|(i, _)| one(value(i))).unwrap_or_default());
    let healthy = |word: fn(Health) -> &'static str| {
        Some(instance.map(|(_, health)| word(health).to_owned()).into_iter().filter(|word| !word.is_empty()).collect())
    };
    match name {
        "availability-zone" => of(|i| i.zone.to_string()),
        "availability-zone-id" => of(|i| i.zone.id()),
        "instance-state-code" => of(|i| view::instance::shown_state(i).wire().0.to_string()),
        "instance-state-name" => of(|i| view::instance::shown_state(i).wire().1.to_owned()),
        "instance-status.status" | "system-status.status" | "attached-ebs-status.status" => healthy(|health| health.0),
        "instance-status.reachability" | "system-status.reachability" => healthy(|health| health.1),
        "operator.managed" => of(|_| "false".to_owned()),
        "operator.principal" | "application-status.status" => Some(Vec::new()),
        event if event.starts_with("event.") => Some(Vec::new()),
        _ => None,
    }
}

/// Status and its reachability detail.
type Health = (&'static str, &'static str);

/// An instance here is as healthy as it is running and its zone is up.
fn health(world: &World, instance: &Instance) -> Health {
    match view::instance::shown_state(instance) {
        InstanceState::Running if world.zone_is_down(&instance.zone) => ("impaired", "failed"),
        InstanceState::Running => ("ok", "passed"),
        InstanceState::Pending => ("initializing", "initializing"),
        _ => ("not-applicable", ""),
    }
}

fn status(instance: &Instance, (word, detail): Health) -> Value {
    let details = if detail.is_empty() { json!([]) } else { json!([{ "Name": "reachability", "Status": detail }]) };
    let summary = json!({ "Details": details, "Status": word });
    json!({
        "AvailabilityZone": instance.zone.to_string(),
        "AvailabilityZoneId": instance.zone.id(),
        "Operator": { "Managed": false },
        "Events": [],
        "InstanceId": instance.id.to_string(),
        "InstanceState": view::instance::state(view::instance::shown_state(instance)),
        "InstanceStatus": summary,
        "SystemStatus": summary,
        "AttachedEbsStatus": summary,
    })
}
