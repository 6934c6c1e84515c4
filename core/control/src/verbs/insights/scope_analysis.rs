//! StartNetworkInsightsAccessScopeAnalysis, DescribeNetworkInsightsAccessScopeAnalyses,
//! GetNetworkInsightsAccessScopeAnalysisFindings, DeleteNetworkInsightsAccessScopeAnalysis.
//!
//! A scope is analysed in the World as the call finds it, before the World is held for the change (`Outside::ways_of`). What is
//! found is stored with the analysis; the reply says `running` as AWS's does.

use super::analysis::moment;
use super::{PAGE_LEAST, PAGE_MOST};
use crate::{Context, Draft, Request, find, page, select, tags, view};
use postern_call::Refusal;
use postern_model::{AccessScope, AccessScopeAnalysis};
use postern_names::{NetworkInsightsAccessScopeAnalysisId, NetworkInsightsAccessScopeId};
use serde_json::{Value, json};
use std::sync::Arc;

/// Findings of a page.
const FINDINGS_MOST: i64 = 1000;

pub fn start_network_insights_access_scope_analysis(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let scope = find::<AccessScope>(draft, context, request.id("NetworkInsightsAccessScopeId")?)?.clone();
    let tags = tags::specified(request, "network-insights-access-scope-analysis", &[])?;
    forget_old(draft, context);
    let (found, failure) = match context.outside.ways_of(draft, &scope) {
        Ok(found) => (found, None),
        Err(why) => (Default::default(), Some(why)),
    };
    let analysis = AccessScopeAnalysis {
        id: NetworkInsightsAccessScopeAnalysisId::from_bits(context.outside.bits()),
        scope: scope.id,
        owner: context.account,
        region: context.region.clone(),
        started: context.now,
        interfaces: found.interfaces,
        findings: Arc::new(found.ways.into_iter().map(|way| Value::from(way).to_string()).collect()),
        warning: found.warning,
        failure,
        tags,
    };
    let reply = view::access_scope::running(&analysis);
    draft.put(analysis);
    Ok(json!({ "NetworkInsightsAccessScopeAnalysis": reply }))
}

fn forget_old(draft: &mut Draft<'_>, context: &Context<'_>) {
    let since = view::insights::kept_since(context.now);
    let old: Vec<_> = draft.access_scope_analyses.values().filter(|a| a.started < since).map(|a| a.id).collect();
    old.into_iter().for_each(|id| draft.remove(id));
}

pub fn describe_network_insights_access_scope_analyses(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let scope: Option<NetworkInsightsAccessScopeId> = request.optional_id("NetworkInsightsAccessScopeId")?;
    if let Some(id) = scope {
        find::<AccessScope>(draft, context, id)?;
    }
    let (begin, end) = (moment(request, "AnalysisStartTimeBegin")?, moment(request, "AnalysisStartTimeEnd")?);
    let since = view::insights::kept_since(context.now);
    let is_asked = |analysis: &&AccessScopeAnalysis| {
        scope.is_none_or(|scope| analysis.scope == scope)
            && analysis.started >= begin.unwrap_or(since)
            && analysis.started >= since
            && end.is_none_or(|end| analysis.started <= end)
    };
    let chosen = select::<AccessScopeAnalysis>(draft, context, request, "NetworkInsightsAccessScopeAnalysisIds")?;
    let items = chosen.into_iter().filter(is_asked).map(view::access_scope::analysis).collect();
    page(request, "NetworkInsightsAccessScopeAnalyses", items, PAGE_LEAST, PAGE_MOST)
}

pub fn get_network_insights_access_scope_analysis_findings(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let id = request.id("NetworkInsightsAccessScopeAnalysisId")?;
    let analysis = find::<AccessScopeAnalysis>(draft, context, id)?;
    let places = (0..analysis.findings.len()).map(Value::from).collect();
    let mut reply = page(request, "AnalysisFindings", places, PAGE_LEAST, FINDINGS_MOST)?;
    // Only those of the page are read.
    for place in reply.get_mut("AnalysisFindings").and_then(Value::as_array_mut).into_iter().flatten() {
        let number = place.as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or_default();
        *place = view::access_scope::finding(analysis, number);
    }
    reply["NetworkInsightsAccessScopeAnalysisId"] = json!(analysis.id.to_string());
    reply["AnalysisStatus"] = json!(view::access_scope::status(analysis));
    Ok(reply)
}

pub fn delete_network_insights_access_scope_analysis(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let id = request.id("NetworkInsightsAccessScopeAnalysisId")?;
    let id = find::<AccessScopeAnalysis>(draft, context, id)?.id;
    draft.remove(id);
    Ok(json!({ "NetworkInsightsAccessScopeAnalysisId": id.to_string() }))
}
