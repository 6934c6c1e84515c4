//! Things of the World that calls mean without naming their ids.

use crate::Context;
use crate::verbs::is_visible;
use postern_call::Refusal;
use postern_model::{SecurityGroup, Vpc, World};
use postern_names::VpcId;

/// The caller's default VPC in the region, if it still has one.
pub(crate) fn default_vpc<'w>(world: &'w World, context: &Context<'_>) -> Option<&'w Vpc> {
    world.vpcs.values().find(|vpc| vpc.is_default && is_visible(context, vpc.owner, &vpc.region))
}

/// The default group of a VPC.
pub(crate) fn default_group(world: &World, vpc: VpcId) -> Option<&SecurityGroup> {
    world.security_groups.values().find(|group| group.vpc == vpc && group.is_default())
}

/// A group by its name within a VPC.
pub(crate) fn group_by_name<'w>(world: &'w World, vpc: VpcId, name: &str) -> Option<&'w SecurityGroup> {
    world.security_groups.values().find(|group| group.vpc == vpc && group.name == name)
}

/// No default VPC, and the call names none.
pub(crate) fn no_default_vpc() -> Refusal {
    Refusal::new("VPCIdNotSpecified", "No default VPC for this user")
        .hint("name a subnet or VPC, or make a default VPC with CreateDefaultVpc")
}
