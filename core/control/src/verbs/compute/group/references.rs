//! DescribeSecurityGroupReferences and DescribeStaleSecurityGroups: groups of one VPC named by rules in another.

use crate::{Context, Draft, Request, find, page, view};
use postern_call::Refusal;
use postern_model::{GroupPeer, RuleDirection, SecurityGroup, SecurityGroupRule, Vpc, World};
use serde_json::{Value, json};

/// VPCs at the other side of a peering connection whose groups name these groups.
pub(super) fn references(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let mut found: Vec<Value> = Vec::new();
    for id in request.ids("GroupId")? {
        let group = find::<SecurityGroup>(draft, context, id)?;
        let others = draft.security_groups.values().filter(|other| other.vpc != group.vpc);
        let naming = others.filter(|other| other.rules.iter().any(|rule| names(rule, group)));
        for other in naming {
            let mut reference = json!({ "GroupId": id.to_string(), "ReferencingVpcId": other.vpc.to_string() });
            if let Some(peering) = draft.peering_between(group.vpc, other.vpc) {
                reference["VpcPeeringConnectionId"] = json!(peering.id.to_string());
            }
            if !found.contains(&reference) {
                found.push(reference);
            }
        }
    }
    Ok(json!({ "SecurityGroupReferenceSet": found }))
}

fn names(rule: &SecurityGroupRule, group: &SecurityGroup) -> bool {
    matches!(&rule.peer, GroupPeer::Group { id, .. } if *id == group.id)
}

/// The VPC's groups with rules that name a group out of reach: its peering connection is gone, or the group is.
pub(super) fn stale(draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let world: &World = draft;
    let vpc = find::<Vpc>(world, context, request.id("VpcId")?)?;
    let of_vpc = world.security_groups.values().filter(|group| group.vpc == vpc.id);
    let items = of_vpc.filter(|group| group.rules.iter().any(|rule| is_stale(world, group, rule))).map(|group| {
        let of = |direction| {
            let stale = group.rules.iter().filter(move |r| r.direction == direction && is_stale(world, group, r));
            only_groups(view::group::permissions(world, group.vpc, stale))
        };
        json!({
            "Description": group.description,
            "GroupId": group.id.to_string(),
            "GroupName": group.name,
            "StaleIpPermissions": of(RuleDirection::Ingress),
            "StaleIpPermissionsEgress": of(RuleDirection::Egress),
            "VpcId": group.vpc.to_string(),
        })
    });
    page(request, "StaleSecurityGroupSet", items.collect(), 5, 255)
}

/// Ranges are texts here, and no rule of a range is ever stale.
fn only_groups(mut permissions: Value) -> Value {
    for permission in permissions.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
        permission.retain(|member, _| !matches!(member.as_str(), "IpRanges" | "Ipv6Ranges" | "PrefixListIds"));
    }
    permissions
}

fn is_stale(world: &World, group: &SecurityGroup, rule: &SecurityGroupRule) -> bool {
    matches!(&rule.peer, GroupPeer::Group { id, .. } if !world.group_is_in_reach(group.vpc, *id))
}
