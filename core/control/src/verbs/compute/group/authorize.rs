//! AuthorizeSecurityGroupIngress and AuthorizeSecurityGroupEgress.

use super::named::named;
use super::permission::{self, Permission};
use crate::{Context, Draft, Request, refuse, tags, view};
use postern_call::Refusal;
use postern_model::{GroupPeer, RuleDirection, SecurityGroup, World};
use postern_names::SecurityGroupRuleId;
use serde_json::{Value, json};

pub(super) fn ingress(draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    authorize(draft, context, request, RuleDirection::Ingress)
}

pub(super) fn egress(draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    authorize(draft, context, request, RuleDirection::Egress)
}

/// Adds all the rules or none. Errors: `InvalidPermission.Duplicate`, `RulesPerSecurityGroupLimitExceeded`.
fn authorize(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
    direction: RuleDirection,
) -> Result<Value, Refusal> {
    let mut group = named(draft, context, request)?.clone();
    let permissions = permission::read(draft, context, request, &group, direction)?;
    if permissions.is_empty() {
        return Err(refuse::missing_parameter("ipPermissions"));
    }
    let tags = tags::specified(request, "security-group-rule", &[])?;
    let mut added = Vec::new();
    for (permission, description) in permissions {
        refuse_duplicate(&group, &permission)?;
        let rule =
            permission.into_rule(SecurityGroupRuleId::from_bits(context.outside.bits()), description, tags.clone());
        added.push(view::group_rule::group_rule(draft, &group, &rule));
        group.rules.push(rule);
    }
    check_limit(draft, context, &group, direction)?;
    draft.put(group);
    Ok(json!({ "Return": true, "SecurityGroupRules": added }))
}

/// `InvalidPermission.Duplicate` if the group has a rule of this permission.
pub(super) fn refuse_duplicate(group: &SecurityGroup, permission: &Permission) -> Result<(), Refusal> {
    match group.rules.iter().find(|rule| Permission::of(rule) == *permission) {
        None => Ok(()),
        Some(rule) => {
            let message = format!("the specified rule \"{}\" already exists", permission.sentence());
            Err(Refusal::new("InvalidPermission.Duplicate", message).hint(format!("it is {}", rule.id)))
        }
    }
}

/// A prefix list weighs as many rules as it may have entries, AWS's own lists one.
pub(super) fn check_limit(
    world: &World,
    context: &Context<'_>,
    group: &SecurityGroup,
    direction: RuleDirection,
) -> Result<(), Refusal> {
    let (mut ipv4, mut ipv6) = (0, 0);
    for rule in group.rules.iter().filter(|rule| rule.direction == direction) {
        match &rule.peer {
            GroupPeer::Cidr(_) => ipv4 += 1,
            GroupPeer::Ipv6Cidr(_) => ipv6 += 1,
            GroupPeer::Group { .. } => (ipv4, ipv6) = (ipv4 + 1, ipv6 + 1),
            GroupPeer::PrefixList(id) => {
                let most = world.prefix_lists.get(id).and_then(|list| list.max_entries);
                ipv4 += most.map_or(1, |most| most as usize);
            }
        }
    }
    let most = context.quotas.rules_per_group;
    if ipv4.max(ipv6) > most {
        let message = "The maximum number of rules per security group has been reached.";
        return Err(Refusal::new("RulesPerSecurityGroupLimitExceeded", message).hint(format!(
            "{} would have {} rules, at most {most}",
            group.id,
            ipv4.max(ipv6)
        )));
    }
    Ok(())
}
