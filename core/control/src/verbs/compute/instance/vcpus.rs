//! The quota on vCPUs: of all instances of the standard families together that are pending or running.

use crate::verbs::is_visible;
use crate::{Context, quota};
use postern_call::Refusal;
use postern_model::*;

/// How many more instances of this type the quota allows.
pub(super) fn room(world: &World, context: &Context<'_>, kind: &InstanceType) -> u64 {
    let most = context.quotas.vcpus;
    if most == quota::UNLIMITED {
        return u64::MAX;
    }
    let counts = |i: &&Instance| {
        matches!(i.state, InstanceState::Pending | InstanceState::Running) && is_visible(context, i.owner, &i.region)
    };
    let vcpus = |i: &Instance| instance_types().iter().find(|kind| kind.name == i.instance_type).map_or(0, |t| t.vcpus);
    let used: u64 = world.instances.values().filter(counts).map(|i| u64::from(vcpus(i))).sum();
    (most as u64).saturating_sub(used) / u64::from(kind.vcpus.max(1))
}

/// Refuses `wanted` more instances of this type than there is room for.
pub(super) fn check(world: &World, context: &Context<'_>, kind: &InstanceType, wanted: u64) -> Result<(), Refusal> {
    if room(world, context, kind) >= wanted {
        return Ok(());
    }
    let most = context.quotas.vcpus;
    let message = format!(
        "You have requested more vCPU capacity than your current vCPU limit of {most} allows for the instance bucket that \
         the specified instance type belongs to. Please visit http://aws.amazon.com/contact-us/ec2-request to request an \
         adjustment to this limit."
    );
    Err(Refusal::new("VcpuLimitExceeded", message).hint(format!(
        "{wanted} of {} need {} vCPUs each; [quota] in the file of --config sets another",
        kind.name, kind.vcpus
    )))
}
