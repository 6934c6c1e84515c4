//! DescribeRegions, DescribeAvailabilityZones, DescribeAccountAttributes.

use super::Whole;
use super::find::default_vpc;
use crate::{Context, Draft, Filters, Request, one, refuse, view};
use postern_call::Refusal;
use postern_model::{Tags, World};
use postern_names::{AvailabilityZone, Region};
use serde_json::{Value, json};

pub(super) const VERBS: &[(&str, Whole)] = &[
    ("DescribeRegions", describe_regions),
    ("DescribeAvailabilityZones", describe_zones),
    ("DescribeAccountAttributes", account_attributes),
];

/// Every region is enabled for every account, so `AllRegions` adds none.
fn describe_regions(_: &mut Draft<'_>, _: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let names = request.texts("RegionNames");
    let known = view::zone::regions();
    if let Some(unknown) = names.iter().find(|name| !known.iter().any(|region| region.name == **name)) {
        let message = format!("Invalid region provided: {unknown}");
        return Err(Refusal::new("InvalidParameterValue", message));
    }
    let filters = Filters::of(request);
    filters.check_names(|name| matches!(name, "endpoint" | "opt-in-status" | "region-name"))?;
    let mut items = Vec::new();
    for region in known {
        let passes = filters.pass(&Tags::new(), |name| match name {
            "endpoint" => Some(one(region.endpoint())),
            "opt-in-status" => Some(one(region.opt_in())),
            "region-name" => Some(one(region.name)),
            _ => None,
        })?;
        if passes && (names.is_empty() || names.contains(&region.name)) {
            items.push(region.shown());
        }
    }
    Ok(json!({ "Regions": items }))
}

fn describe_zones(draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let (names, ids) = (request.texts("ZoneNames"), request.texts("ZoneIds"));
    let zones = context.region.zones();
    if let Some(unknown) = names.iter().find(|name| !zones.iter().any(|zone| zone.as_str() == **name)) {
        let message = format!("Invalid availability zone: [{unknown}]");
        return Err(Refusal::new("InvalidParameterValue", message));
    }
    if let Some(unknown) = ids.iter().find(|id| !zones.iter().any(|zone| zone.id() == **id)) {
        let message = format!("Invalid availability zone-id: [{unknown}]");
        return Err(Refusal::new("InvalidParameterValue", message));
    }
    let filters = Filters::of(request);
    filters.check_names(|name| zone_values(draft, None, context.region, name).is_some())?;
    let mut items = Vec::new();
    for zone in zones {
        let is_named = (names.is_empty() && ids.is_empty())
            || names.contains(&zone.as_str())
            || ids.iter().any(|id| zone.id() == *id);
        if is_named && filters.pass(&Tags::new(), |name| zone_values(draft, Some(&zone), context.region, name))? {
            items.push(view::zone::zone(draft, &zone));
        }
    }
    Ok(json!({ "AvailabilityZones": items }))
}

/// What a zone has under a filter; without a zone, whether there is such a filter.
fn zone_values(world: &World, zone: Option<&AvailabilityZone>, region: &Region, name: &str) -> Option<Vec<String>> {
    Some(match name {
        "group-name" => one(view::zone::group(region)),
        "group-long-name" => one(view::zone::group_long_name(region)),
        "message" | "parent-zone-id" | "parent-zone-name" => Vec::new(),
        "opt-in-status" => one("opt-in-not-required"),
        "region-name" => one(region),
        "state" => zone.map(|zone| one(view::zone::state(world, zone))).unwrap_or_default(),
        "zone-id" => zone.map(|zone| one(zone.id())).unwrap_or_default(),
        "zone-name" => zone.map(one).unwrap_or_default(),
        "zone-type" => one("availability-zone"),
        _ => return None,
    })
}

fn account_attributes(draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let default = default_vpc(draft, context).map_or("none".to_owned(), |vpc| vpc.id.to_string());
    let all: [(&str, &str); 6] = [
        ("supported-platforms", "VPC"),
        ("vpc-max-security-groups-per-interface", "5"),
        ("max-elastic-ips", "5"),
        ("max-instances", "1000"),
        ("vpc-max-elastic-ips", "5"),
        ("default-vpc", &default),
    ];
    let wanted = request.texts("AttributeNames");
    if let Some(unknown) = wanted.iter().find(|name| !all.iter().any(|(known, _)| known == *name)) {
        return Err(refuse::invalid_value("attributeName", unknown, "There is no such attribute."));
    }
    let items: Vec<Value> = all
        .iter()
        .filter(|(name, _)| wanted.is_empty() || wanted.contains(name))
        .map(|(name, value)| json!({ "AttributeName": name, "AttributeValues": [{ "AttributeValue": value }] }))
        .collect();
    Ok(json!({ "AccountAttributes": items }))
}
