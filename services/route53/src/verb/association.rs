//! The VPCs in which a zone's names mean something.

use super::{Request, any_zone, own_zone, vpc};
use crate::refuse;
use postern_call::Refusal;
use postern_control::Draft;
use postern_model::{World, ZoneVpc};
use postern_names::HostedZoneId;
use serde_json::{Value, json};

/// One name has one meaning in a VPC: no other zone of the same name, nor an endpoint's private name.
pub fn check_free(world: &World, place: &ZoneVpc, name: &str) -> Result<(), Refusal> {
    let taken = |id: String| refuse::domain_taken(place.vpc, place.region.as_str(), &id);
    if let Some(other) = world.hosted_zones.values().find(|zone| zone.name == name && zone.is_associated(place.vpc)) {
        return Err(taken(other.id.to_string()));
    }
    let is_taken = |private: &String| private.trim_start_matches("*.") == name;
    let mut endpoints = world.endpoints.values().filter(|endpoint| endpoint.vpc == place.vpc);
    match endpoints.find(|endpoint| endpoint.private_names().iter().any(is_taken)) {
        Some(endpoint) => Err(taken(format!("of {}", endpoint.id))),
        None => Ok(()),
    }
}

pub fn associate(draft: &mut Draft<'_>, request: &Request<'_>, _id: HostedZoneId) -> Result<Value, Refusal> {
    let mut zone = any_zone(draft, request.input.required("HostedZoneId")?)?.clone();
    let (place, owner) = vpc(draft, request.input)?;
    // The VPC's account associates it: with a zone of its own, or with one whose account has authorized the VPC.
    if owner != request.account || (zone.owner != owner && !zone.authorized.contains(&place)) {
        return Err(refuse::not_authorized(place.vpc));
    }
    check_free(draft, &place, &zone.name)?;
    zone.vpcs.push(place);
    draft.put(zone);
    Ok(json!({}))
}

pub fn disassociate(draft: &mut Draft<'_>, request: &Request<'_>, _id: HostedZoneId) -> Result<Value, Refusal> {
    let given = request.input.required("HostedZoneId")?;
    let (place, owner) = vpc(draft, request.input)?;
    let zone = if owner == request.account { any_zone(draft, given)? } else { own_zone(draft, request, given)? };
    let mut zone = zone.clone();
    if !zone.is_associated(place.vpc) {
        return Err(refuse::not_associated(place.vpc, zone.id));
    }
    if zone.vpcs.len() == 1 {
        return Err(refuse::last_vpc(place.vpc, zone.id));
    }
    zone.vpcs.retain(|other| other.vpc != place.vpc);
    draft.put(zone);
    Ok(json!({}))
}
