//! Regions and zones in replies.

use postern_model::World;
use postern_names::{AvailabilityZone, Region};
use serde_json::{Value, json};

/// A region as AWS lists it.
pub struct RegionFacts {
    pub name: &'static str,
    /// `US East (N. Virginia)`.
    pub long_name: &'static str,
    pub needs_opt_in: bool,
    pub geography: &'static str,
}

/// The commercial regions. Source: the AWS regions guide, November 2026.
static REGIONS: &[RegionFacts] = &[
    region("ap-south-1", "Asia Pacific (Mumbai)", false, "India"),
    region("eu-north-1", "Europe (Stockholm)", false, "Sweden"),
    region("eu-west-3", "Europe (Paris)", false, "France"),
    region("eu-west-2", "Europe (London)", false, "United Kingdom"),
    region("eu-west-1", "Europe (Ireland)", false, "Ireland"),
    region("ap-northeast-3", "Asia Pacific (Osaka)", false, "Japan"),
    region("ap-northeast-2", "Asia Pacific (Seoul)", false, "South Korea"),
    region("ap-northeast-1", "Asia Pacific (Tokyo)", false, "Japan"),
    region("ca-central-1", "Canada (Central)", false, "Canada"),
    region("sa-east-1", "South America (Sao Paulo)", false, "Brazil"),
    region("ap-southeast-1", "Asia Pacific (Singapore)", false, "Singapore"),
    region("ap-southeast-2", "Asia Pacific (Sydney)", false, "Australia"),
    region("eu-central-1", "Europe (Frankfurt)", false, "Germany"),
    region("us-east-1", "US East (N. Virginia)", false, "United States of America"),
    region("us-east-2", "US East (Ohio)", false, "United States of America"),
    region("us-west-1", "US West (N. California)", false, "United States of America"),
    region("us-west-2", "US West (Oregon)", false, "United States of America"),
    region("af-south-1", "Africa (Cape Town)", true, "South Africa"),
    region("ap-east-1", "Asia Pacific (Hong Kong)", true, "Hong Kong"),
    region("ap-south-2", "Asia Pacific (Hyderabad)", true, "India"),
    region("ap-southeast-3", "Asia Pacific (Jakarta)", true, "Indonesia"),
    region("ap-southeast-4", "Asia Pacific (Melbourne)", true, "Australia"),
    region("ca-west-1", "Canada West (Calgary)", true, "Canada"),
    region("eu-central-2", "Europe (Zurich)", true, "Switzerland"),
    region("eu-south-1", "Europe (Milan)", true, "Italy"),
    region("eu-south-2", "Europe (Spain)", true, "Spain"),
    region("il-central-1", "Israel (Tel Aviv)", true, "Israel"),
    region("me-central-1", "Middle East (UAE)", true, "United Arab Emirates"),
    region("me-south-1", "Middle East (Bahrain)", true, "Bahrain"),
];

const fn region(
    name: &'static str,
    long_name: &'static str,
    needs_opt_in: bool,
    geography: &'static str,
) -> RegionFacts {
    RegionFacts { name, long_name, needs_opt_in, geography }
}

/// Every region, in AWS's order.
pub fn regions() -> &'static [RegionFacts] {
    REGIONS
}

fn facts(region: &Region) -> Option<&'static RegionFacts> {
    REGIONS.iter().find(|facts| facts.name == region.as_str())
}

impl RegionFacts {
    pub fn endpoint(&self) -> String {
        format!("ec2.{}.amazonaws.com", self.name)
    }
    /// Postern serves every region to every account.
    pub fn opt_in(&self) -> &'static str {
        if self.needs_opt_in { "opted-in" } else { "opt-in-not-required" }
    }
    pub fn shown(&self) -> Value {
        json!({
            "OptInStatus": self.opt_in(),
            "Geography": [{ "Name": self.geography }],
            "RegionName": self.name,
            "Endpoint": self.endpoint(),
        })
    }
}

/// The zone group of a region's own zones: `us-east-1-zg-1`.
pub fn group(region: &Region) -> String {
    format!("{region}-zg-1")
}

pub fn group_long_name(region: &Region) -> String {
    format!("{} 1", facts(region).map_or(region.as_str(), |facts| facts.long_name))
}

/// `unavailable` while it is down.
pub fn state(world: &World, zone: &AvailabilityZone) -> &'static str {
    if world.zone_is_down(zone) { "unavailable" } else { "available" }
}

pub fn zone(world: &World, zone: &AvailabilityZone) -> Value {
    let region = zone.region();
    let geography = facts(&region).map(|facts| facts.geography);
    json!({
        "OptInStatus": "opt-in-not-required",
        "Messages": [],
        "RegionName": region.to_string(),
        "ZoneName": zone.to_string(),
        "ZoneId": zone.id(),
        "GroupName": group(&region),
        "NetworkBorderGroup": region.to_string(),
        "ZoneType": "availability-zone",
        "GroupLongName": group_long_name(&region),
        "Geography": geography.map(|name| json!({ "Name": name })).into_iter().collect::<Vec<_>>(),
        "State": state(world, zone),
    })
}
