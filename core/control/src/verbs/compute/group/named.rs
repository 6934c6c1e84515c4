//! The group that a call means by `GroupId`, or by `GroupName` within the default VPC.

use crate::verbs::compute::find::{default_vpc, group_by_name};
use crate::{Context, Request, find, refuse};
use postern_call::Refusal;
use postern_model::{SecurityGroup, World};

/// Errors: `MissingParameter` when neither is given, `InvalidGroup.NotFound`.
pub(super) fn named<'w>(
    world: &'w World,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<&'w SecurityGroup, Refusal> {
    if let Some(id) = request.optional_id("GroupId")? {
        return find(world, context, id);
    }
    let Some(name) = request.text("GroupName") else {
        return Err(refuse::missing_parameter("groupName or groupId"));
    };
    by_name(world, context, name)
}

/// A group of the default VPC by name.
pub(super) fn by_name<'w>(world: &'w World, context: &Context<'_>, name: &str) -> Result<&'w SecurityGroup, Refusal> {
    let vpc = default_vpc(world, context);
    vpc.and_then(|vpc| group_by_name(world, vpc.id, name)).ok_or_else(|| {
        let place = vpc.map(|vpc| format!(" in default VPC '{}'", vpc.id)).unwrap_or_default();
        Refusal::new("InvalidGroup.NotFound", format!("The security group '{name}' does not exist{place}"))
            .hint("groups outside the default VPC are named by id")
    })
}
