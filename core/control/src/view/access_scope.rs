//! Network Access Scopes, their analyses and findings in replies.

use super::insights::own_arn;
use crate::listed::{FilterValues, Listed};
use crate::tags;
use crate::view::timestamp;
use postern_model::{AccessScope, AccessScopeAnalysis, Tags, World};
use postern_names::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;

macro_rules! listed {
    ($entity:ident, $id:ident, $map:ident) => {
        impl Listed for $entity {
            type Id = $id;
            const PREFIX: &'static str = $id::PREFIX;
            // AWS has filters by tags alone.
            const FILTERS: &'static [(&'static str, FilterValues<Self>)] = &[];
            fn all(world: &World) -> &BTreeMap<Self::Id, Self> {
                &world.$map
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
    };
}

listed!(AccessScope, NetworkInsightsAccessScopeId, access_scopes);
listed!(AccessScopeAnalysis, NetworkInsightsAccessScopeAnalysisId, access_scope_analyses);

pub fn scope(scope: &AccessScope) -> Value {
    json!({
        "NetworkInsightsAccessScopeId": scope.id.to_string(),
        "NetworkInsightsAccessScopeArn": own_arn(scope.owner, &scope.region, "network-insights-access-scope", scope.id),
        "CreatedDate": timestamp(scope.created),
        "UpdatedDate": timestamp(scope.created),
        "Tags": tags::view(&scope.tags),
    })
}

pub fn content(scope: &AccessScope) -> Value {
    let paths = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
    json!({
        "NetworkInsightsAccessScopeId": scope.id.to_string(),
        "MatchPaths": paths(&scope.match_paths),
        "ExcludePaths": paths(&scope.exclude_paths),
    })
}

/// As StartNetworkInsightsAccessScopeAnalysis answers.
pub fn running(analysis: &AccessScopeAnalysis) -> Value {
    let arn = own_arn(analysis.owner, &analysis.region, "network-insights-access-scope-analysis", analysis.id);
    json!({
        "NetworkInsightsAccessScopeAnalysisId": analysis.id.to_string(),
        "NetworkInsightsAccessScopeAnalysisArn": arn,
        "NetworkInsightsAccessScopeId": analysis.scope.to_string(),
        "Status": "running",
        "StartDate": timestamp(analysis.started),
        "AnalyzedEniCount": 0,
        "Tags": tags::view(&analysis.tags),
    })
}

pub fn status(analysis: &AccessScopeAnalysis) -> &'static str {
    if analysis.failure.is_some() { "failed" } else { "succeeded" }
}

/// With what was found. An analysis is done when it is there.
pub fn analysis(analysis: &AccessScopeAnalysis) -> Value {
    let mut told = running(analysis);
    told["Status"] = json!(status(analysis));
    told["EndDate"] = json!(timestamp(analysis.started));
    told["AnalyzedEniCount"] = json!(analysis.interfaces);
    let is_known = analysis.failure.is_none() && (analysis.warning.is_none() || !analysis.findings.is_empty());
    told["FindingsFound"] = json!(match (is_known, analysis.findings.is_empty()) {
        (false, _) => "unknown",
        (true, true) => "false",
        (true, false) => "true",
    });
    if let Some(failure) = &analysis.failure {
        told["StatusMessage"] = json!(failure);
    }
    if let Some(warning) = &analysis.warning {
        told["WarningMessage"] = json!(warning);
    }
    told
}

/// The finding at a place of the list.
pub fn finding(analysis: &AccessScopeAnalysis, place: usize) -> Value {
    let way = analysis.findings.get(place).map(String::as_str).unwrap_or_default();
    json!({
        "NetworkInsightsAccessScopeAnalysisId": analysis.id.to_string(),
        "NetworkInsightsAccessScopeId": analysis.scope.to_string(),
        "FindingId": format!("AnalysisFinding-{}", place + 1),
        "FindingComponents": serde_json::from_str::<Value>(way).unwrap_or_default(),
    })
}
