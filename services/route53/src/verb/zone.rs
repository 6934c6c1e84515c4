//! Zones: made with a VPC, shown, commented, deleted.

use super::association::check_free;
use super::{Request, own_zone, vpc};
use crate::{name, refuse, view};
use postern_call::Refusal;
use postern_control::Draft;
use postern_model::{HostedZone, RecordData, RecordSet, Tags, World};
use postern_names::HostedZoneId;
use serde_json::{Value, json};

/// AWS's servers for private zones, which nobody outside asks.
const SERVERS: [&str; 4] =
    ["ns-1536.awsdns-00.co.uk.", "ns-0.awsdns-00.com.", "ns-1024.awsdns-00.org.", "ns-512.awsdns-00.net."];
const SERVERS_TTL: u32 = 172_800;
const AUTHORITY: &str = "ns-1536.awsdns-00.co.uk. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400";
const AUTHORITY_TTL: u32 = 900;
const COMMENT_MAX: usize = 256;

/// The record sets that every zone has and keeps.
const REQUIRED: [&str; 2] = ["NS", "SOA"];

pub fn create(draft: &mut Draft<'_>, request: &Request<'_>, id: HostedZoneId) -> Result<Value, Refusal> {
    let input = request.input;
    if input.within("VPC").is_none() {
        return Err(refuse::not_served("Public hosted zones").hint("give --vpc: the zone is then private to that VPC"));
    }
    if input.get("DelegationSetId").is_some() {
        return Err(refuse::not_served("Reusable delegation sets"));
    }
    let given = input.required("Name")?;
    let name = name::read(given).ok_or_else(|| refuse::bad_name(given))?;
    let caller_reference = input.required("CallerReference")?.to_owned();
    let mut own = draft.hosted_zones.values().filter(|zone| zone.owner == request.account);
    if own.any(|zone| zone.caller_reference == caller_reference) {
        return Err(refuse::reference_used());
    }
    let (place, owner) = vpc(draft, input)?;
    if owner != request.account {
        return Err(refuse::not_authorized(place.vpc));
    }
    check_free(draft, &place, &name)?;
    let comment = input.within("HostedZoneConfig").and_then(|config| config.text("Comment")).unwrap_or_default();
    check_comment(comment)?;
    let apex = |kind: &str, ttl, values: &[&str]| RecordSet {
        name: name.clone(),
        kind: kind.into(),
        data: RecordData::Values { ttl, values: values.iter().map(|value| (*value).to_owned()).collect() },
    };
    let zone = HostedZone {
        id,
        owner: request.account,
        comment: comment.to_owned(),
        caller_reference,
        vpcs: vec![place.clone()],
        authorized: Vec::new(),
        records: vec![apex("NS", SERVERS_TTL, &SERVERS), apex("SOA", AUTHORITY_TTL, &[AUTHORITY])],
        created: request.now,
        tags: Tags::new(),
        name,
    };
    let reply = json!({
        "HostedZone": view::zone(&zone),
        "VPC": view::vpc(&place),
        "Location": format!("https://route53.amazonaws.com/2013-04-01/hostedzone/{id}"),
    });
    draft.put(zone);
    Ok(reply)
}

fn check_comment(comment: &str) -> Result<(), Refusal> {
    if comment.chars().count() > COMMENT_MAX {
        return Err(refuse::invalid(format!("The comment is longer than {COMMENT_MAX} characters.")));
    }
    Ok(())
}

pub fn get(world: &World, request: &Request<'_>) -> Result<Value, Refusal> {
    let zone = own_zone(world, request, request.input.required("Id")?)?;
    Ok(json!({ "HostedZone": view::zone(zone), "VPCs": zone.vpcs.iter().map(view::vpc).collect::<Vec<_>>() }))
}

pub fn count(world: &World, request: &Request<'_>) -> Result<Value, Refusal> {
    let count = world.hosted_zones.values().filter(|zone| zone.owner == request.account).count();
    Ok(json!({ "HostedZoneCount": count }))
}

pub fn comment(draft: &mut Draft<'_>, request: &Request<'_>, _id: HostedZoneId) -> Result<Value, Refusal> {
    let mut zone = own_zone(draft, request, request.input.required("Id")?)?.clone();
    zone.comment = request.input.text("Comment").unwrap_or_default().to_owned();
    check_comment(&zone.comment)?;
    let shown = view::zone(&zone);
    draft.put(zone);
    Ok(json!({ "HostedZone": shown }))
}

pub fn delete(draft: &mut Draft<'_>, request: &Request<'_>, _id: HostedZoneId) -> Result<Value, Refusal> {
    let zone = own_zone(draft, request, request.input.required("Id")?)?;
    if !zone.records.iter().all(|set| is_required(zone, set)) {
        return Err(refuse::not_empty());
    }
    let id = zone.id;
    draft.remove(id);
    Ok(json!({}))
}

/// Whether a record set is one that its zone must keep.
pub fn is_required(zone: &HostedZone, set: &RecordSet) -> bool {
    set.name == zone.name && REQUIRED.contains(&set.kind.as_str())
}
