//! Paths and analyses of Reachability Analyzer in replies.

use crate::listed::{FilterValues, Listed, flag, one};
use crate::tags;
use crate::view::timestamp;
use postern_model::{InsightsAnalysis, InsightsPath, PathFilter, Tags, World};
use postern_names::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use time::{Duration, OffsetDateTime};

/// How long an analysis is kept.
const KEPT: Duration = Duration::days(120);

/// Analyses that started before are gone.
pub fn kept_since(now: OffsetDateTime) -> OffsetDateTime {
    now - KEPT
}

fn at(filter: Option<PathFilter>, value: impl Fn(PathFilter) -> Option<String>) -> Vec<String> {
    filter.and_then(value).into_iter().collect()
}
fn text(value: Option<impl ToString>) -> Option<String> {
    value.map(|value| value.to_string())
}

impl Listed for InsightsPath {
    type Id = NetworkInsightsPathId;
    const PREFIX: &'static str = NetworkInsightsPathId::PREFIX;
    const FILTERS: &'static [(&'static str, FilterValues<Self>)] = &[
        ("destination", |_, p| p.destination.clone().into_iter().collect()),
        ("filter-at-destination.destination-address", |_, p| at(p.at_destination, |f| text(f.destination_address))),
        ("filter-at-destination.destination-port-range", |_, p| at(p.at_destination, |f| text(f.destination_ports))),
        ("filter-at-destination.source-address", |_, p| at(p.at_destination, |f| text(f.source_address))),
        ("filter-at-destination.source-port-range", |_, p| at(p.at_destination, |f| text(f.source_ports))),
        ("filter-at-source.destination-address", |_, p| at(p.at_source, |f| text(f.destination_address))),
        ("filter-at-source.destination-port-range", |_, p| at(p.at_source, |f| text(f.destination_ports))),
        ("filter-at-source.source-address", |_, p| at(p.at_source, |f| text(f.source_address))),
        ("filter-at-source.source-port-range", |_, p| at(p.at_source, |f| text(f.source_ports))),
        ("protocol", |_, p| one(protocol(p))),
        ("source", |_, p| one(&p.source)),
    ];
    fn all(world: &World) -> &BTreeMap<Self::Id, Self> {
        &world.insights_paths
    }
    fn owner(&self) -> AccountId {
        self.owner
    }
    fn region(&self) -> &Region {
        &self.region
    }
    fn tags(&self) -> &Tags {
        &self.tags
    }
}

impl Listed for InsightsAnalysis {
    type Id = NetworkInsightsAnalysisId;
    const PREFIX: &'static str = NetworkInsightsAnalysisId::PREFIX;
    const FILTERS: &'static [(&'static str, FilterValues<Self>)] =
        &[("path-found", |_, a| flag(a.is_found)), ("status", |_, _| one("succeeded"))];
    fn all(world: &World) -> &BTreeMap<Self::Id, Self> {
        &world.insights_analyses
    }
    fn owner(&self) -> AccountId {
        self.owner
    }
    fn region(&self) -> &Region {
        &self.region
    }
    fn tags(&self) -> &Tags {
        &self.tags
    }
}

fn protocol(path: &InsightsPath) -> &'static str {
    if path.protocol == Protocol::Udp { "udp" } else { "tcp" }
}

/// A member for each value that is there.
fn with(mut told: Value, members: Vec<(&str, Option<Value>)>) -> Value {
    for (name, value) in members {
        if let Some(value) = value {
            told[name] = value;
        }
    }
    told
}

pub fn path(world: &World, path: &InsightsPath) -> Value {
    let arn = |id: &String| postern_insights::arn(world, id).map(Value::from);
    let address = |address: Option<std::net::Ipv4Addr>| address.map(|address| json!(address.to_string()));
    let told = json!({
        "NetworkInsightsPathId": path.id.to_string(),
        "NetworkInsightsPathArn": own_arn(path.owner, &path.region, "network-insights-path", path.id),
        "CreatedDate": timestamp(path.created),
        "Source": path.source,
        "Protocol": protocol(path),
        "Tags": tags::view(&path.tags),
    });
    with(
        told,
        vec![
            ("SourceArn", arn(&path.source)),
            ("Destination", path.destination.clone().map(Value::from)),
            ("DestinationArn", path.destination.as_ref().and_then(arn)),
            ("SourceIp", address(path.source_ip)),
            ("DestinationIp", address(path.destination_ip)),
            ("DestinationPort", path.destination_port.map(Value::from)),
            ("FilterAtSource", path.at_source.map(filter)),
            ("FilterAtDestination", path.at_destination.map(filter)),
        ],
    )
}

fn filter(filter: PathFilter) -> Value {
    let range = |range: PortRange| json!({ "FromPort": range.first, "ToPort": range.last });
    let address = |address: Option<std::net::Ipv4Addr>| address.map(|address| json!(address.to_string()));
    with(
        json!({}),
        vec![
            ("SourceAddress", address(filter.source_address)),
            ("SourcePortRange", filter.source_ports.map(range)),
            ("DestinationAddress", address(filter.destination_address)),
            ("DestinationPortRange", filter.destination_ports.map(range)),
        ],
    )
}

pub(super) fn own_arn(owner: AccountId, region: &Region, word: &str, id: impl std::fmt::Display) -> String {
    Arn::new("ec2", region.as_str(), owner, format!("{word}/{id}")).to_string()
}

/// As StartNetworkInsightsAnalysis answers.
pub fn running(analysis: &InsightsAnalysis) -> Value {
    let mut told = json!({
        "NetworkInsightsAnalysisId": analysis.id.to_string(),
        "NetworkInsightsAnalysisArn": own_arn(analysis.owner, &analysis.region, "network-insights-analysis", analysis.id),
        "NetworkInsightsPathId": analysis.path.to_string(),
        "StartDate": timestamp(analysis.started),
        "Status": "running",
        "Tags": tags::view(&analysis.tags),
    });
    for (name, arns) in [("FilterInArns", &analysis.filter_in), ("FilterOutArns", &analysis.filter_out)] {
        if !arns.is_empty() {
            told[name] = json!(arns);
        }
    }
    if !analysis.additional_accounts.is_empty() {
        told["AdditionalAccounts"] = analysis.additional_accounts.iter().map(AccountId::to_string).collect();
    }
    told
}

/// With what was found.
pub fn analysis(analysis: &InsightsAnalysis) -> Value {
    let mut told = running(analysis);
    told["Status"] = json!("succeeded");
    told["NetworkPathFound"] = json!(analysis.is_found);
    if let Ok(Value::Object(answer)) = serde_json::from_str(&analysis.answer) {
        for (name, value) in answer {
            told[name] = value;
        }
    }
    told
}
