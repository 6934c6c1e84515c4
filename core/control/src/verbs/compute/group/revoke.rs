//! RevokeSecurityGroupIngress and RevokeSecurityGroupEgress.

use super::named::named;
use super::permission::{self, Permission};
use crate::{Context, Draft, Request, refuse, view};
use postern_call::Refusal;
use postern_model::{RuleDirection, SecurityGroup, SecurityGroupRule};
use postern_names::SecurityGroupRuleId;
use serde_json::{Value, json};

pub(super) fn ingress(draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    revoke(draft, context, request, RuleDirection::Ingress)
}

pub(super) fn egress(draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    revoke(draft, context, request, RuleDirection::Egress)
}

/// By rule ids or by permissions. A permission that is not there is `InvalidPermission.NotFound` and nothing is
/// revoked; in the default VPC it is listed in `UnknownIpPermissions` instead.
fn revoke(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
    direction: RuleDirection,
) -> Result<Value, Refusal> {
    let mut group = named(draft, context, request)?.clone();
    let vpc = group.vpc;
    let ids: Vec<SecurityGroupRuleId> = request.ids("SecurityGroupRuleIds")?;
    let mut unknown = Vec::new();
    let revoked = if ids.is_empty() {
        let wanted = permission::read(draft, context, request, &group, direction)?;
        if wanted.is_empty() {
            return Err(refuse::missing_parameter("ipPermissions"));
        }
        let is_lenient = draft.vpcs.get(&group.vpc).is_some_and(|vpc| vpc.is_default);
        let (revoked, rest) = take_by_permission(&mut group, wanted);
        if !rest.is_empty() && !is_lenient {
            let message = "The specified rule does not exist in this security group.";
            let sentences: Vec<String> = rest.iter().map(|rule| Permission::of(rule).sentence()).collect();
            return Err(Refusal::new("InvalidPermission.NotFound", message).hint(sentences.join("; ")));
        }
        unknown = rest;
        revoked
    } else {
        if request.get("IpPermissions").is_some() {
            return Err(refuse::invalid_combination(
                "The parameter 'securityGroupRuleIds' may not be used in combination with 'ipPermissions'",
            ));
        }
        take_by_id(&mut group, direction, &ids)?
    };
    let shown: Vec<Value> = revoked.iter().map(|rule| view::group_rule::revoked_rule(&group, rule)).collect();
    if !revoked.is_empty() {
        draft.put(group);
    }
    Ok(json!({
        "Return": true,
        "UnknownIpPermissions": view::group::permissions(draft, vpc, unknown.iter()),
        "RevokedSecurityGroupRules": shown,
    }))
}

/// The rules taken out of the group, and the wanted ones that it does not have.
fn take_by_permission(
    group: &mut SecurityGroup,
    wanted: Vec<(Permission, Option<String>)>,
) -> (Vec<SecurityGroupRule>, Vec<SecurityGroupRule>) {
    let (mut taken, mut unknown) = (Vec::new(), Vec::new());
    for (permission, description) in wanted {
        match group.rules.iter().position(|rule| Permission::of(rule) == permission) {
            Some(place) => taken.push(group.rules.remove(place)),
            None => {
                let no_id = SecurityGroupRuleId::from_bits(0);
                unknown.push(permission.into_rule(no_id, description, Default::default()));
            }
        }
    }
    (taken, unknown)
}

fn take_by_id(
    group: &mut SecurityGroup,
    direction: RuleDirection,
    ids: &[SecurityGroupRuleId],
) -> Result<Vec<SecurityGroupRule>, Refusal> {
    let mut taken = Vec::new();
    for id in ids {
        let found = group.rules.iter().position(|rule| rule.id == *id && rule.direction == direction);
        let place = found.ok_or_else(|| refuse::not_found(SecurityGroupRuleId::PREFIX, id))?;
        taken.push(group.rules.remove(place));
    }
    Ok(taken)
}
