//! Associate-, Disassociate-, Replace- and DescribeIamInstanceProfileAssociations.

use super::profile;
use crate::listed::one;
use crate::verbs::is_visible;
use crate::{Context, Draft, Filters, Request, find, page, refuse, view};
use postern_call::Refusal;
use postern_model::{Instance, InstanceState, ProfileAssociation, World};
use postern_names::IamInstanceProfileAssociationId;
use serde_json::{Value, json};

/// Errors: `IncorrectState` when there is one already, or the instance is at its end.
pub(super) fn associate(draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let mut instance = find::<Instance>(draft, context, request.id("InstanceId")?)?.clone();
    let association = named(context, request)?;
    if let Some(former) = &instance.profile {
        let message = format!("There is an existing association for instance {}", instance.id);
        return Err(Refusal::new("IncorrectState", message).hint(format!("it is {} with {}", former.id, former.arn)));
    }
    if matches!(instance.state, InstanceState::ShuttingDown | InstanceState::Terminated) {
        let message = format!("The instance '{}' is not in a valid state for this operation.", instance.id);
        return Err(Refusal::new("IncorrectState", message));
    }
    let shown = shown(&instance, &association, "associating");
    instance.profile = Some(association);
    draft.put(instance);
    Ok(json!({ "IamInstanceProfileAssociation": shown }))
}

pub(super) fn disassociate(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let mut instance = with_association(draft, context, request)?;
    let former = instance.profile.take();
    let shown = former.map(|former| shown(&instance, &former, "disassociating"));
    draft.put(instance);
    Ok(json!({ "IamInstanceProfileAssociation": shown }))
}

/// The association gets a new id.
pub(super) fn replace(draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let mut instance = with_association(draft, context, request)?;
    let association = named(context, request)?;
    let shown = shown(&instance, &association, "associating");
    instance.profile = Some(association);
    draft.put(instance);
    Ok(json!({ "IamInstanceProfileAssociation": shown }))
}

pub(super) fn describe_associations(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let wanted: Vec<IamInstanceProfileAssociationId> = request.ids("AssociationIds")?;
    let all: Vec<(&Instance, &ProfileAssociation)> = associations(draft, context).collect();
    if let Some(id) = wanted.iter().find(|id| !all.iter().any(|(_, association)| association.id == **id)) {
        return Err(not_found(*id));
    }
    let filters = Filters::of(request);
    filters.check_names(|name| matches!(name, "instance-id" | "state"))?;
    let mut items = Vec::new();
    for (instance, association) in all {
        let passes = filters.pass(&Default::default(), |name| match name {
            "instance-id" => Some(one(instance.id)),
            "state" => Some(one("associated")),
            _ => None,
        })?;
        if passes && (wanted.is_empty() || wanted.contains(&association.id)) {
            items.push(shown(instance, association, "associated"));
        }
    }
    page(request, "IamInstanceProfileAssociations", items, 5, 1000)
}

fn associations<'w>(
    world: &'w World,
    context: &Context<'_>,
) -> impl Iterator<Item = (&'w Instance, &'w ProfileAssociation)> {
    let own = world.instances.values().filter(|i| is_visible(context, i.owner, &i.region));
    own.filter_map(|instance| instance.profile.as_ref().map(|association| (instance, association)))
}

fn with_association(world: &World, context: &Context<'_>, request: &Request<'_>) -> Result<Instance, Refusal> {
    let id: IamInstanceProfileAssociationId = request.id("AssociationId")?;
    let found = associations(world, context).find(|(_, association)| association.id == id);
    found.map(|(instance, _)| instance.clone()).ok_or_else(|| not_found(id))
}

fn not_found(id: IamInstanceProfileAssociationId) -> Refusal {
    let message = format!("An invalid association-id of '{id}' was given");
    Refusal::new("NoSuchAssociation", message)
}

fn named(context: &Context<'_>, request: &Request<'_>) -> Result<ProfileAssociation, Refusal> {
    let part = request.part("IamInstanceProfile").ok_or_else(|| refuse::missing_parameter("IamInstanceProfile"))?;
    profile::association(context, &part)?.ok_or_else(|| refuse::missing_parameter("IamInstanceProfile"))
}

fn shown(instance: &Instance, association: &ProfileAssociation, state: &str) -> Value {
    json!({
        "AssociationId": association.id.to_string(),
        "InstanceId": instance.id.to_string(),
        "IamInstanceProfile": { "Arn": association.arn, "Id": association.profile_id },
        "State": state,
        "Timestamp": view::timestamp(association.associated),
    })
}
