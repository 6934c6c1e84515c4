//! The security groups of an interface endpoint: all its interfaces have the same.

use crate::verbs::compute::find::default_group;
use crate::{Context, Draft, Request, find};
use postern_call::Refusal;
use postern_model::{InterfaceEndpoint, SecurityGroup, Vpc, VpcEndpoint, World};
use postern_names::SecurityGroupId;

/// The groups of a member, each once; the VPC's default group if it names none.
pub fn wanted(
    world: &World,
    context: &Context<'_>,
    request: &Request<'_>,
    member: &str,
    vpc: &Vpc,
) -> Result<Vec<SecurityGroupId>, Refusal> {
    let mut groups = named(world, context, request, member, vpc)?;
    if groups.is_empty() {
        groups.extend(default_group(world, vpc.id).map(|group| group.id));
    }
    check_count(context, &groups)?;
    Ok(groups)
}

/// AddSecurityGroupIds and RemoveSecurityGroupIds, on every interface of the endpoint.
pub fn change(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
    vpc: &Vpc,
    endpoint: &VpcEndpoint,
    own: &mut InterfaceEndpoint,
) -> Result<(), Refusal> {
    let added = named(draft, context, request, "AddSecurityGroupIds", vpc)?;
    let removed: Vec<SecurityGroupId> = request.ids("RemoveSecurityGroupIds")?;
    if let Some(stranger) = removed.iter().find(|id| !own.groups.contains(id)) {
        find::<SecurityGroup>(draft, context, *stranger)?;
        let message = format!("Security group {stranger} is not associated with the endpoint {}.", endpoint.id);
        return Err(Refusal::new("InvalidParameter", message));
    }
    let fresh: Vec<_> = added.into_iter().filter(|id| !own.groups.contains(id)).collect();
    let mut groups: Vec<_> = own.groups.iter().copied().filter(|id| !removed.contains(id)).collect();
    groups.extend(fresh);
    if groups.is_empty() {
        let message = format!("The endpoint {} must have at least one security group.", endpoint.id);
        return Err(Refusal::new("InvalidParameter", message));
    }
    check_count(context, &groups)?;
    if groups != own.groups {
        for place in &own.subnets {
            if let Some(mut eni) = draft.network_interfaces.get(&place.interface).cloned() {
                eni.groups.clone_from(&groups);
                draft.put(eni);
            }
        }
        own.groups = groups;
    }
    Ok(())
}

fn named(
    world: &World,
    context: &Context<'_>,
    request: &Request<'_>,
    member: &str,
    vpc: &Vpc,
) -> Result<Vec<SecurityGroupId>, Refusal> {
    let mut groups: Vec<SecurityGroupId> = Vec::new();
    for id in request.ids(member)? {
        if find::<SecurityGroup>(world, context, id)?.vpc != vpc.id {
            let message = format!("Security group {id} does not belong to the VPC {}.", vpc.id);
            return Err(Refusal::new("InvalidParameter", message));
        }
        if !groups.contains(&id) {
            groups.push(id);
        }
    }
    Ok(groups)
}

fn check_count(context: &Context<'_>, groups: &[SecurityGroupId]) -> Result<(), Refusal> {
    if groups.len() <= context.quotas.groups_per_interface {
        return Ok(());
    }
    let message = "The maximum number of security groups per interface has been reached.";
    Err(Refusal::new("SecurityGroupsPerInterfaceLimitExceeded", message))
}
