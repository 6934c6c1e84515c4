//! Things of the World that a call names and its caller may see.

use crate::verbs::is_visible;
use crate::{Context, refuse};
use postern_call::Refusal;
use postern_model::*;
use postern_names::*;

macro_rules! finders {
    ($($(#[$doc:meta])* $name:ident($map:ident, $id:ty) -> $entity:ty;)*) => {$(
        $(#[$doc])*
        pub(crate) fn $name<'w>(world: &'w World, context: &Context<'_>, id: $id) -> Result<&'w $entity, Refusal> {
            world
                .$map
                .get(&id)
                .filter(|e| is_visible(context, e.owner, &e.region))
                .ok_or_else(|| refuse::not_found(<$id>::PREFIX, id))
        }
    )*};
}

finders! {
    /// `InvalidVpcID.NotFound`.
    vpc(vpcs, VpcId) -> Vpc;
    /// `InvalidSubnetID.NotFound`.
    subnet(subnets, SubnetId) -> Subnet;
    /// `InvalidGroup.NotFound`.
    group(security_groups, SecurityGroupId) -> SecurityGroup;
    /// `InvalidNetworkAclID.NotFound`.
    acl(network_acls, NetworkAclId) -> NetworkAcl;
    /// `InvalidNetworkInterfaceID.NotFound`.
    interface(network_interfaces, NetworkInterfaceId) -> NetworkInterface;
    /// `InvalidInstanceID.NotFound`.
    instance(instances, InstanceId) -> Instance;
    /// `InvalidKeyPair.NotFound`.
    key_pair(key_pairs, KeyPairId) -> KeyPair;
}

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
