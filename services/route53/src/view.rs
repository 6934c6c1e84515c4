//! Zones, record sets and changes as replies show them.

use crate::name;
use postern_model::{HostedZone, RecordData, RecordSet, ZoneVpc};
use serde_json::{Value, json};

pub fn zone(zone: &HostedZone) -> Value {
    let mut config = json!({ "PrivateZone": true });
    if !zone.comment.is_empty() {
        config["Comment"] = json!(zone.comment);
    }
    json!({
        "Id": format!("/hostedzone/{}", zone.id),
        "Name": name::write(&zone.name),
        "CallerReference": zone.caller_reference,
        "Config": config,
        "ResourceRecordSetCount": zone.records.len(),
    })
}

pub fn vpc(place: &ZoneVpc) -> Value {
    json!({ "VPCRegion": place.region, "VPCId": place.vpc })
}

pub fn record_set(set: &RecordSet) -> Value {
    let mut shown = json!({ "Name": name::write(&set.name), "Type": set.kind });
    match &set.data {
        RecordData::Values { ttl, values } => {
            shown["TTL"] = json!(ttl);
            shown["ResourceRecords"] = values.iter().map(|value| json!({ "Value": value })).collect();
        }
        RecordData::Alias { zone, target, evaluate_health } => {
            let target = name::write(target);
            shown["AliasTarget"] =
                json!({ "HostedZoneId": zone, "DNSName": target, "EvaluateTargetHealth": evaluate_health });
        }
    }
    shown
}
