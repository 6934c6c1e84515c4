//! UpdateSecurityGroupRuleDescriptionsIngress and ...Egress.

use super::named::named;
use super::permission::{self, Permission};
use crate::{Context, Draft, Request, refuse};
use postern_call::Refusal;
use postern_model::RuleDirection;
use postern_names::SecurityGroupRuleId;
use serde_json::{Value, json};

pub(super) fn ingress(draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    update(draft, context, request, RuleDirection::Ingress)
}

pub(super) fn egress(draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    update(draft, context, request, RuleDirection::Egress)
}

/// Replaces descriptions, or removes them where the request gives none.
fn update(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
    direction: RuleDirection,
) -> Result<Value, Refusal> {
    let mut group = named(draft, context, request)?.clone();
    let by_id = request.parts("SecurityGroupRuleDescriptions");
    let by_permission = permission::read(draft, context, request, &group, direction)?;
    if by_id.is_empty() && by_permission.is_empty() {
        return Err(refuse::missing_parameter("ipPermissions or securityGroupRuleDescriptions"));
    }
    for (wanted, description) in by_permission {
        let rule = group.rules.iter_mut().find(|rule| Permission::of(rule) == wanted).ok_or_else(|| {
            let message = "The specified rule does not exist in this security group.";
            Refusal::new("InvalidPermission.NotFound", message).hint(wanted.sentence())
        })?;
        rule.description = description;
    }
    for wanted in &by_id {
        let id: SecurityGroupRuleId = wanted.id("SecurityGroupRuleId")?;
        let rule = group.rules.iter_mut().find(|rule| rule.id == id && rule.direction == direction);
        rule.ok_or_else(|| refuse::not_found(SecurityGroupRuleId::PREFIX, id))?.description =
            permission::description(wanted)?;
    }
    draft.put(group);
    Ok(json!({ "Return": true }))
}
