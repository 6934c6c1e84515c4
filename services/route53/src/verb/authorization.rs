//! Other accounts' VPCs that may be associated with a zone.

use super::{Request, own_zone, vpc};
use crate::{refuse, view};
use postern_call::Refusal;
use postern_control::Draft;
use postern_model::World;
use postern_names::HostedZoneId;
use serde_json::{Value, json};

pub fn create(draft: &mut Draft<'_>, request: &Request<'_>, _id: HostedZoneId) -> Result<Value, Refusal> {
    let mut zone = own_zone(draft, request, request.input.required("HostedZoneId")?)?.clone();
    let (place, _) = vpc(draft, request.input)?;
    let reply = json!({ "HostedZoneId": zone.id, "VPC": view::vpc(&place) });
    if !zone.authorized.contains(&place) {
        zone.authorized.push(place);
        draft.put(zone);
    }
    Ok(reply)
}

pub fn delete(draft: &mut Draft<'_>, request: &Request<'_>, _id: HostedZoneId) -> Result<Value, Refusal> {
    let mut zone = own_zone(draft, request, request.input.required("HostedZoneId")?)?.clone();
    let (place, _) = vpc(draft, request.input)?;
    if !zone.authorized.contains(&place) {
        return Err(refuse::no_authorization(place.vpc));
    }
    zone.authorized.retain(|other| *other != place);
    draft.put(zone);
    Ok(json!({}))
}

pub fn list(world: &World, request: &Request<'_>) -> Result<Value, Refusal> {
    let zone = own_zone(world, request, request.input.required("HostedZoneId")?)?;
    Ok(json!({ "HostedZoneId": zone.id, "VPCs": zone.authorized.iter().map(view::vpc).collect::<Vec<_>>() }))
}
