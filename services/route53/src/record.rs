//! Record sets as requests give them: read, and checked by the rules of their zone.

use crate::{name, refuse};
use hickory_proto::rr::{RData, RecordType};
use postern_call::Refusal;
use postern_kit::Input;
use postern_model::{HostedZone, RecordData, RecordSet};
use serde_json::Value;
use std::str::FromStr;

/// The types that a private zone can hold.
const TYPES: &[&str] = &["A", "AAAA", "CAA", "CNAME", "MX", "NAPTR", "NS", "PTR", "SOA", "SRV", "TXT"];
/// Members that ask for a routing policy, of which only the simple one is served.
const ROUTING: &[&str] = &[
    "SetIdentifier",
    "Weight",
    "Region",
    "GeoLocation",
    "Failover",
    "MultiValueAnswer",
    "HealthCheckId",
    "TrafficPolicyInstanceId",
    "CidrRoutingConfig",
    "GeoProximityLocation",
];
const TTL_MAX: i64 = 2_147_483_647;

/// A record set of a request. A refusal is for what no zone could hold; what is wrong with a value is told by [`flaws`].
pub fn read(value: &Value) -> Result<RecordSet, Refusal> {
    let input = Input(value);
    if let Some(member) = ROUTING.iter().find(|member| input.get(member).is_some()) {
        return Err(refuse::not_served(&format!("Record sets with {member}")));
    }
    let given = input.required("Name")?;
    let name = name::read(given).ok_or_else(|| refuse::bad_name(given))?;
    let kind = input.required("Type")?.to_owned();
    if !TYPES.contains(&kind.as_str()) {
        return Err(refuse::not_served(&format!("Record sets of type {kind}")));
    }
    let values: Vec<String> =
        input.list("ResourceRecords").iter().filter_map(|r| Input(r).text("Value")).map(str::to_owned).collect();
    let data = match (input.within("AliasTarget"), input.number("TTL")) {
        (Some(target), None) if values.is_empty() => alias(target)?,
        (Some(_), _) => {
            return Err(refuse::invalid(
                "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId], but found more than one",
            ));
        }
        (None, Some(ttl)) if !values.is_empty() => {
            let ttl = u32::try_from(ttl.clamp(0, TTL_MAX)).unwrap_or_default();
            RecordData::Values { ttl, values }
        }
        (None, _) => {
            return Err(refuse::invalid("Invalid request: Missing field 'TTL' or 'ResourceRecords' in Change"));
        }
    };
    Ok(RecordSet { name, kind, data })
}

fn alias(target: Input<'_>) -> Result<RecordData, Refusal> {
    let given = target.required("DNSName")?;
    let target_name = name::read(given).ok_or_else(|| refuse::bad_name(given))?;
    Ok(RecordData::Alias {
        zone: target.required("HostedZoneId")?.to_owned(),
        target: target_name,
        evaluate_health: target.truth("EvaluateTargetHealth").unwrap_or_default(),
    })
}

/// What is wrong with a record set in its zone, in AWS's words.
pub fn flaws(zone: &HostedZone, set: &RecordSet) -> Vec<String> {
    let (shown, whole) = (name::write(&set.name), name::write(&zone.name));
    let mut flaws = Vec::new();
    if !name::is_in(&set.name, &zone.name) {
        flaws.push(format!("RRSet with DNS name {shown} is not permitted in zone {whole}"));
    }
    if set.kind == "CNAME" && set.name == zone.name {
        flaws.push(format!("RRSet of type CNAME with DNS name {shown} is not permitted at apex in zone {whole}"));
    }
    if set.kind == "SOA" && set.name != zone.name {
        flaws.push(format!("RRSet of type SOA with DNS name {shown} is only permitted at apex in zone {whole}"));
    }
    if name::is_wildcard(&set.name) && set.kind == "NS" {
        flaws.push(format!("RRSet of type NS with DNS name {shown} is not permitted: a wildcard cannot delegate"));
    }
    match &set.data {
        RecordData::Values { values, .. } => {
            flaws.extend(values.iter().filter_map(|value| value_flaw(&set.kind, value)));
            if values.iter().enumerate().any(|(at, value)| values.iter().skip(at + 1).any(|other| other == value)) {
                flaws.push(format!("Duplicate Resource Record: '{}'", values.join(", ")));
            }
            if set.kind == "CNAME" && values.len() > 1 {
                flaws.push(format!("RRSet of type CNAME with DNS name {shown} may hold one record only"));
            }
        }
        RecordData::Alias { zone: of, .. } => {
            // The target's own zone is one of the accounts' or one of AWS's constants: only the first can be looked up here.
            if *of == zone.id.to_string()
                && let Some(flaw) = alias_flaw(zone, set)
            {
                flaws.push(flaw);
            }
        }
    }
    flaws
}

fn alias_flaw(zone: &HostedZone, set: &RecordSet) -> Option<String> {
    let RecordData::Alias { target, .. } = &set.data else { return None };
    let is_there = zone.lookup(target).is_some_and(|sets| sets.iter().any(|one| one.kind == set.kind));
    let (shown, target) = (name::write(&set.name), name::write(target));
    (!is_there).then(|| {
        format!(
            "Tried to create an alias that targets {target}, type {kind} in zone {id}, but the alias target name does not lie within the target zone or the record was not found ({shown})",
            kind = set.kind,
            id = zone.id
        )
    })
}

fn value_flaw(kind: &str, value: &str) -> Option<String> {
    let told = |word: &str, why: &str| {
        format!("Invalid Resource Record: 'FATAL problem: {word} ({why}) encountered with '{value}''")
    };
    match kind {
        "A" => {
            let is_good = value.parse::<std::net::Ipv4Addr>().is_ok();
            (!is_good).then(|| told("ARRDATAIllegalIPv4Address", "Value is not a valid IPv4 address"))
        }
        "AAAA" => {
            let is_good = value.parse::<std::net::Ipv6Addr>().is_ok();
            (!is_good).then(|| told("AAAARRDATAIllegalIPv6Address", "Value is not a valid IPv6 address"))
        }
        "TXT" => {
            let is_good = value.len() >= 2 && value.starts_with('"') && value.ends_with('"') && parses(kind, value);
            (!is_good).then(|| told("InvalidCharacterString", "Value should be enclosed in quotation marks"))
        }
        _ => (!parses(kind, value)).then(|| told(&format!("{kind}RRDATAInvalid"), "Value is not valid for the type")),
    }
}

fn parses(kind: &str, value: &str) -> bool {
    RecordType::from_str(kind).is_ok_and(|kind| RData::try_from_str(kind, value).is_ok())
}
