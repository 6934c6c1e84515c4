//! DescribeInstanceCreditSpecifications.

use super::not_served::credits;
use crate::verbs::is_visible;
use crate::{Context, Draft, Filters, Request, find, one, page, view};
use postern_call::Refusal;
use postern_model::{Instance, InstanceState};
use postern_names::InstanceId;
use serde_json::{Value, json};

/// Burstable instances only, each with the option that its type launches with; other options are refused at launch.
pub(super) fn describe_credits(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let ids: Vec<InstanceId> = request.ids("InstanceIds")?;
    for id in &ids {
        find::<Instance>(draft, context, *id)?;
    }
    let filters = Filters::of(request);
    filters.check_names(|name| name == "instance-id")?;
    let mut items = Vec::new();
    let own = draft.instances.values().filter(|i| is_visible(context, i.owner, &i.region));
    for instance in own.filter(|i| i.state != InstanceState::Terminated && i.instance_type.starts_with('t')) {
        let passes = filters.pass(&instance.tags, |name| (name == "instance-id").then(|| one(instance.id)))?;
        let kind = view::instance::instance_type(instance);
        if let Some(kind) = kind.filter(|_| passes && (ids.is_empty() || ids.contains(&instance.id))) {
            items.push(json!({ "InstanceId": instance.id.to_string(), "CpuCredits": credits(kind) }));
        }
    }
    page(request, "InstanceCreditSpecifications", items, 5, 1000)
}
