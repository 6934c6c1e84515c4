//! Lists of zones: all of an account, by name, by VPC.

use super::Request;
use crate::{gate, name, refuse, view};
use postern_call::Refusal;
use postern_kit::page;
use postern_model::{HostedZone, World, compare_names};
use postern_names::HostedZoneId;
use serde_json::{Value, json};

const MOST: usize = 100;

/// MaxItems, which the model has as text.
pub fn most(request: &Request<'_>, ceiling: usize) -> Result<usize, Refusal> {
    match request.input.text("MaxItems") {
        None => Ok(ceiling),
        Some(text) => match text.parse::<usize>() {
            Ok(number) if number > 0 => Ok(number.min(ceiling)),
            _ => Err(refuse::invalid(format!("MaxItems {text} is not a number of at least 1."))),
        },
    }
}

fn own<'w>(world: &'w World, request: &Request<'_>) -> impl Iterator<Item = &'w HostedZone> {
    let account = request.account;
    world.hosted_zones.values().filter(move |zone| zone.owner == account)
}

pub fn zones(world: &World, request: &Request<'_>) -> Result<Value, Refusal> {
    let most = most(request, MOST)?;
    let behind: Option<HostedZoneId> = match request.input.text("Marker") {
        None => None,
        Some(marker) => Some(gate::bare(marker).parse().map_err(|_| refuse::no_zone(marker))?),
    };
    // A marker is the first zone of the next page.
    let mut rest = own(world, request).filter(|zone| behind.is_none_or(|marker| zone.id >= marker));
    let shown: Vec<Value> = rest.by_ref().take(most).map(view::zone).collect();
    let next = rest.next().map(|zone| zone.id.to_string());
    let mut reply = json!({ "HostedZones": shown, "IsTruncated": next.is_some(), "MaxItems": most.to_string() });
    reply["Marker"] = json!(request.input.text("Marker").unwrap_or_default());
    if let Some(next) = next {
        reply["NextMarker"] = json!(next);
    }
    Ok(reply)
}

pub fn by_name(world: &World, request: &Request<'_>) -> Result<Value, Refusal> {
    let most = most(request, MOST)?;
    let input = request.input;
    let start = match input.text("DNSName") {
        Some(text) => Some(name::read(text).ok_or_else(|| refuse::bad_name(text))?),
        None => None,
    };
    let first = input.text("HostedZoneId").map(gate::bare).map(str::to_owned);
    let mut zones: Vec<_> = own(world, request).collect();
    zones.sort_by(|one, other| compare_names(&one.name, &other.name).then(one.id.cmp(&other.id)));
    let is_behind = |zone: &&HostedZone| {
        let Some(start) = &start else { return true };
        match compare_names(&zone.name, start) {
            std::cmp::Ordering::Equal => first.as_ref().is_none_or(|id| zone.id.to_string() >= *id),
            order => order.is_gt(),
        }
    };
    let mut rest = zones.into_iter().filter(is_behind);
    let shown: Vec<Value> = rest.by_ref().take(most).map(view::zone).collect();
    let next = rest.next();
    let mut reply = json!({ "HostedZones": shown, "IsTruncated": next.is_some(), "MaxItems": most.to_string() });
    for member in ["DNSName", "HostedZoneId"] {
        if let Some(given) = input.text(member) {
            reply[member] = json!(given);
        }
    }
    if let Some(next) = next {
        reply["NextDNSName"] = json!(name::write(&next.name));
        reply["NextHostedZoneId"] = json!(next.id);
    }
    Ok(reply)
}

pub fn by_vpc(world: &World, request: &Request<'_>) -> Result<Value, Refusal> {
    let most = most(request, MOST)?;
    let id = request.input.required("VPCId")?;
    let vpc = id.parse().ok().and_then(|id| world.vpcs.get(&id)).filter(|vpc| vpc.owner == request.account);
    let vpc = vpc.ok_or_else(|| refuse::no_vpc(id))?.id;
    let zones = world.hosted_zones.values().filter(|zone| zone.is_associated(vpc)).map(|zone| {
        let owner = json!({ "OwningAccount": zone.owner });
        (zone.id.to_string(), json!({ "HostedZoneId": zone.id, "Name": name::write(&zone.name), "Owner": owner }))
    });
    let page = page(zones, request.input.text("NextToken"), most)
        .map_err(|_| Refusal::new("InvalidPaginationToken", "The NextToken is not valid."))?;
    let mut reply = json!({ "HostedZoneSummaries": page.entries, "MaxItems": most.to_string() });
    if let Some(next) = page.next {
        reply["NextToken"] = json!(next);
    }
    Ok(reply)
}
