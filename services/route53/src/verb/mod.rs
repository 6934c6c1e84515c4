//! The operations, each with the function that does it.

mod association;
mod authorization;
mod batch;
mod list;
mod record_sets;
mod tags;
#[cfg(test)]
mod tests;
mod zone;

use crate::{gate, refuse};
use postern_call::Refusal;
use postern_control::Draft;
use postern_kit::Input;
use postern_model::{HostedZone, World, ZoneVpc};
use postern_names::{AccountId, HostedZoneId, Region};
use serde_json::Value;
use time::OffsetDateTime;

/// One call, as a verb sees it.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    pub input: Input<'a>,
    /// The caller's account.
    pub account: AccountId,
    pub now: OffsetDateTime,
}

/// How an operation is done.
pub enum Run {
    /// The id is fresh, for a zone that is to be made.
    Change(fn(&mut Draft<'_>, &Request<'_>, HostedZoneId) -> Result<Value, Refusal>),
    Look(fn(&World, &Request<'_>) -> Result<Value, Refusal>),
}

/// Every operation that works on the World.
pub const VERBS: &[(&str, Run)] = &[
    ("AssociateVPCWithHostedZone", Run::Change(association::associate)),
    ("ChangeResourceRecordSets", Run::Change(batch::change)),
    ("ChangeTagsForResource", Run::Change(tags::change)),
    ("CreateHostedZone", Run::Change(zone::create)),
    ("CreateVPCAssociationAuthorization", Run::Change(authorization::create)),
    ("DeleteHostedZone", Run::Change(zone::delete)),
    ("DeleteVPCAssociationAuthorization", Run::Change(authorization::delete)),
    ("DisassociateVPCFromHostedZone", Run::Change(association::disassociate)),
    ("GetHostedZone", Run::Look(zone::get)),
    ("GetHostedZoneCount", Run::Look(zone::count)),
    ("ListHostedZones", Run::Look(list::zones)),
    ("ListHostedZonesByName", Run::Look(list::by_name)),
    ("ListHostedZonesByVPC", Run::Look(list::by_vpc)),
    ("ListResourceRecordSets", Run::Look(record_sets::list)),
    ("ListTagsForResource", Run::Look(tags::list)),
    ("ListVPCAssociationAuthorizations", Run::Look(authorization::list)),
    ("UpdateHostedZoneComment", Run::Change(zone::comment)),
];

/// The comment of a change that GetChange is to know; `None` for operations that give no change.
pub fn change_comment<'a>(operation: &str, request: &Request<'a>) -> Option<Option<&'a str>> {
    match operation {
        "ChangeResourceRecordSets" => Some(request.input.within("ChangeBatch").and_then(|batch| batch.text("Comment"))),
        "AssociateVPCWithHostedZone" | "DisassociateVPCFromHostedZone" => Some(request.input.text("Comment")),
        "CreateHostedZone" | "DeleteHostedZone" => Some(None),
        _ => None,
    }
}

/// An id from fresh chance.
pub fn fresh_zone_id() -> Result<HostedZoneId, Refusal> {
    let high = getrandom::u32().map_err(Refusal::internal)?;
    Ok(HostedZoneId::from_bits(high, getrandom::u64().map_err(Refusal::internal)?))
}

/// The zone of this id, whoever owns it.
fn any_zone<'w>(world: &'w World, id: &str) -> Result<&'w HostedZone, Refusal> {
    let id = gate::bare(id);
    let found = id.parse().ok().and_then(|id: HostedZoneId| world.hosted_zones.get(&id));
    found.ok_or_else(|| refuse::no_zone(id))
}

/// The caller's zone of this id: other accounts' zones are not there.
fn own_zone<'w>(world: &'w World, request: &Request<'_>, id: &str) -> Result<&'w HostedZone, Refusal> {
    any_zone(world, id).ok().filter(|zone| zone.owner == request.account).ok_or_else(|| refuse::no_zone(gate::bare(id)))
}

/// The VPC that a request names, and who owns it.
fn vpc(world: &World, input: Input<'_>) -> Result<(ZoneVpc, AccountId), Refusal> {
    let given = input.within("VPC").ok_or_else(|| refuse::invalid("A VPC is required."))?;
    let (id, region) = (given.required("VPCId")?, given.required("VPCRegion")?);
    let found = id.parse().ok().and_then(|id| world.vpcs.get(&id)).filter(|vpc| vpc.region.as_str() == region);
    let found = found.ok_or_else(|| refuse::no_vpc(id))?;
    Ok((ZoneVpc { vpc: found.id, region: Region::new(region) }, found.owner))
}
