//! DescribeSecurityGroupRules.

use crate::verbs::is_visible;
use crate::{Context, Draft, Filters, Request, one, page, refuse, view};
use postern_call::Refusal;
use postern_model::{SecurityGroup, SecurityGroupRule};
use postern_names::SecurityGroupRuleId;
use serde_json::Value;

pub(super) fn describe_rules(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let wanted: Vec<SecurityGroupRuleId> = request.ids("SecurityGroupRuleIds")?;
    let filters = Filters::of(request);
    filters.check_names(|name| matches!(name, "group-id" | "security-group-rule-id"))?;
    let groups = draft.security_groups.values().filter(|g| is_visible(context, g.owner, &g.region));
    let rules: Vec<(&SecurityGroup, &SecurityGroupRule)> =
        groups.flat_map(|group| group.rules.iter().map(move |rule| (group, rule))).collect();
    if let Some(id) = wanted.iter().find(|id| !rules.iter().any(|(_, rule)| rule.id == **id)) {
        return Err(refuse::not_found(SecurityGroupRuleId::PREFIX, id));
    }
    let mut items = Vec::new();
    for (group, rule) in rules {
        let passes = filters.pass(&rule.tags, |name| match name {
            "group-id" => Some(one(group.id)),
            "security-group-rule-id" => Some(one(rule.id)),
            _ => None,
        })?;
        if passes && (wanted.is_empty() || wanted.contains(&rule.id)) {
            items.push(view::group_rule::group_rule(draft, group, rule));
        }
    }
    page(request, "SecurityGroupRules", items, 5, 1000)
}
