//! DescribeSecurityGroups and GetSecurityGroupsForVpc.

use super::named::by_name;
use crate::{Context, Draft, Request, find, page, select, tags, view};
use postern_call::Refusal;
use postern_model::{SecurityGroup, Vpc};
use serde_json::{Value, json};

pub(super) fn describe_groups(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let mut groups: Vec<&SecurityGroup> = select(draft, context, request, "GroupIds")?;
    let names = request.texts("GroupNames");
    if !names.is_empty() {
        let named = names.into_iter().map(|name| by_name(draft, context, name).map(|group| group.id));
        let named = named.collect::<Result<Vec<_>, _>>()?;
        let ids_too = !request.texts("GroupIds").is_empty();
        let by_id: Vec<_> = if ids_too { request.ids("GroupIds")? } else { Vec::new() };
        groups.retain(|group| named.contains(&group.id) || by_id.contains(&group.id));
    }
    page(request, "SecurityGroups", groups.into_iter().map(|group| view::group::group(draft, group)).collect(), 5, 1000)
}

pub(super) fn groups_for_vpc(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let vpc = find::<Vpc>(draft, context, request.id("VpcId")?)?;
    let groups: Vec<&SecurityGroup> = select(draft, context, request, "GroupIds")?;
    let items = groups.into_iter().filter(|group| group.vpc == vpc.id).map(|group| {
        json!({
            "Description": group.description,
            "GroupName": group.name,
            "OwnerId": group.owner.to_string(),
            "GroupId": group.id.to_string(),
            "Tags": tags::view(&group.tags),
            "PrimaryVpcId": group.vpc.to_string(),
        })
    });
    page(request, "SecurityGroupForVpcs", items.collect(), 5, 1000)
}
