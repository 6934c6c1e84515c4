//! ModifySecurityGroupRules.

use super::authorize::{check_limit, refuse_duplicate};
use super::permission::{self, Permission};
use crate::{Context, Draft, Request, find, refuse};
use postern_call::Refusal;
use postern_model::{GroupPeer, RuleDirection, SecurityGroup, SecurityGroupRule, World};
use postern_names::SecurityGroupRuleId;
use serde_json::{Value, json};

/// Replaces what rules let through; ids, directions and tags stay, and so does the kind of peer.
pub(super) fn modify(draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let mut group = find::<SecurityGroup>(draft, context, request.id("GroupId")?)?.clone();
    let updates = request.parts("SecurityGroupRules");
    if updates.is_empty() {
        return Err(refuse::missing_parameter("SecurityGroupRules"));
    }
    for update in &updates {
        let id: SecurityGroupRuleId = update.id("SecurityGroupRuleId")?;
        let place = group.rules.iter().position(|rule| rule.id == id);
        let place = place.ok_or_else(|| refuse::not_found(SecurityGroupRuleId::PREFIX, id))?;
        let former = group.rules.remove(place);
        let wanted = update.part("SecurityGroupRule").ok_or_else(|| refuse::missing_parameter("SecurityGroupRule"))?;
        let replacement = replacement(draft, context, &group, &former, &wanted)?;
        refuse_duplicate(&group, &Permission::of(&replacement))?;
        group.rules.insert(place, replacement);
    }
    check_limit(draft, context, &group, RuleDirection::Ingress)?;
    check_limit(draft, context, &group, RuleDirection::Egress)?;
    draft.put(group);
    Ok(json!({ "Return": true }))
}

fn replacement(
    world: &World,
    context: &Context<'_>,
    group: &SecurityGroup,
    former: &SecurityGroupRule,
    wanted: &Request<'_>,
) -> Result<SecurityGroupRule, Refusal> {
    let traffic = permission::traffic(wanted)?;
    let peer = peer(world, context, group, wanted)?;
    if std::mem::discriminant(&peer) != std::mem::discriminant(&former.peer) {
        let message = "You may not change the type of the source or destination of a security group rule.";
        return Err(Refusal::new("InvalidParameterValue", message)
            .hint("revoke the rule and authorize another one to change a CIDR into a group or prefix list"));
    }
    let permission = Permission {
        direction: former.direction,
        protocol: traffic.protocol,
        ports: traffic.ports,
        icmp: traffic.icmp,
        peer,
    };
    Ok(permission.into_rule(former.id, permission::description(wanted)?, former.tags.clone()))
}

/// Exactly one of the four members that name a peer.
fn peer(
    world: &World,
    context: &Context<'_>,
    group: &SecurityGroup,
    wanted: &Request<'_>,
) -> Result<GroupPeer, Refusal> {
    let given: Vec<&str> = ["CidrIpv4", "CidrIpv6", "PrefixListId", "ReferencedGroupId"]
        .into_iter()
        .filter(|member| wanted.text(member).is_some())
        .collect();
    match given.as_slice() {
        [] => Err(refuse::missing_parameter("CidrIpv4, CidrIpv6, PrefixListId or ReferencedGroupId")),
        ["CidrIpv4"] => permission::cidr(wanted.required_text("CidrIpv4")?),
        ["CidrIpv6"] => permission::ipv6_cidr(wanted.required_text("CidrIpv6")?),
        ["PrefixListId"] => permission::prefix_list(world, context, wanted.required_text("PrefixListId")?),
        ["ReferencedGroupId"] => permission::peer_group(world, context, group, wanted.id("ReferencedGroupId")?),
        several => Err(refuse::invalid_combination(format!("Only one of {} may be specified.", several.join(", ")))),
    }
}
