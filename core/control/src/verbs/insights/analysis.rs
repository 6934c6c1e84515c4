//! StartNetworkInsightsAnalysis, DeleteNetworkInsightsAnalysis, DescribeNetworkInsightsAnalyses.
//!
//! The answer is worked out when the analysis starts, of the World as the call finds it and before the World is held for the
//! change (`Outside::analysed`), and stored with it; the reply says `running` as AWS's does.

use super::{PAGE_LEAST, PAGE_MOST};
use crate::{Context, Draft, Request, find, page, refuse, select, tags, view};
use postern_call::Refusal;
use postern_insights::{Bounds, arn, id_of, owner};
use postern_model::{InsightsAnalysis, InsightsPath, World};
use postern_names::{AccountId, NetworkInsightsAnalysisId, NetworkInsightsPathId};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

pub fn start_network_insights_analysis(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let path = find::<InsightsPath>(draft, context, request.id("NetworkInsightsPathId")?)?.clone();
    let readable = context.outside.readable_accounts(context.account);
    let additional_accounts = accounts(context, request, &readable)?;
    let is_known = |owner: AccountId| owner == context.account || readable.contains(&owner);
    let arns = |name| arns(draft, request, name, is_known);
    let filters = (arns("FilterInArns")?, arns("FilterOutArns")?);
    let tags = tags::specified(request, "network-insights-analysis", &[])?;
    forget_old(draft, context);
    let bounds = Bounds::of(draft, &path, filters, &additional_accounts, &readable);
    let found = context.outside.analysed(draft, &path, &bounds);
    let analysis = InsightsAnalysis {
        id: NetworkInsightsAnalysisId::from_bits(context.outside.bits()),
        path: path.id,
        owner: context.account,
        region: context.region.clone(),
        filter_in: bounds.filter_in,
        filter_out: bounds.filter_out,
        additional_accounts,
        started: context.now,
        is_found: found.is_found,
        answer: found.answer.to_string(),
        tags,
    };
    let reply = view::insights::running(&analysis);
    draft.put(analysis);
    Ok(json!({ "NetworkInsightsAnalysis": reply }))
}

/// The accounts that the call names, all of them readable.
fn accounts(
    context: &Context<'_>,
    request: &Request<'_>,
    readable: &BTreeSet<AccountId>,
) -> Result<Vec<AccountId>, Refusal> {
    const NAME: &str = "AdditionalAccounts";
    let known = |text: &str| {
        let account: AccountId =
            text.parse().map_err(|_| refuse::invalid_value(NAME, text, "It is not an account id of 12 digits."))?;
        if account == context.account || readable.contains(&account) {
            return Ok(account);
        }
        let why = "It is not an account of an organization that the caller's account manages and that shares with Reachability Analyzer.";
        Err(refuse::invalid_value(NAME, text, why)
            .hint("aws ec2 enable-reachability-analyzer-organization-sharing, called from the management account"))
    };
    request.texts(NAME).into_iter().map(known).collect()
}

/// ARNs of things that are there, and of an account that is known.
fn arns(
    world: &World,
    request: &Request<'_>,
    name: &str,
    is_known: impl Fn(AccountId) -> bool,
) -> Result<Vec<String>, Refusal> {
    let known = |text: &str| match (arn(world, id_of(text)), owner(world, id_of(text))) {
        (Some(arn), Some((owner, _))) if arn == text && is_known(owner) => Ok(arn),
        _ => Err(refuse::invalid_value(name, text, "It is not the ARN of a resource that can be on a path.")),
    };
    request.texts(name).into_iter().map(known).collect()
}

/// Analyses are removed after 120 days.
fn forget_old(draft: &mut Draft<'_>, context: &Context<'_>) {
    let since = view::insights::kept_since(context.now);
    let old: Vec<_> = draft.insights_analyses.values().filter(|a| a.started < since).map(|a| a.id).collect();
    old.into_iter().for_each(|id| draft.remove(id));
}

pub fn delete_network_insights_analysis(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let id = find::<InsightsAnalysis>(draft, context, request.id("NetworkInsightsAnalysisId")?)?.id;
    draft.remove(id);
    Ok(json!({ "NetworkInsightsAnalysisId": id.to_string() }))
}

pub fn describe_network_insights_analyses(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let path: Option<NetworkInsightsPathId> = request.optional_id("NetworkInsightsPathId")?;
    if let Some(id) = path {
        find::<InsightsPath>(draft, context, id)?;
    }
    let (begin, end) = (moment(request, "AnalysisStartTime")?, moment(request, "AnalysisEndTime")?);
    let since = view::insights::kept_since(context.now);
    let is_asked = |analysis: &&InsightsAnalysis| {
        path.is_none_or(|path| analysis.path == path)
            && analysis.started >= begin.unwrap_or(since)
            && analysis.started >= since
            && end.is_none_or(|end| analysis.started <= end)
    };
    let chosen = select::<InsightsAnalysis>(draft, context, request, "NetworkInsightsAnalysisIds")?;
    let items = chosen.into_iter().filter(is_asked).map(view::insights::analysis).collect();
    page(request, "NetworkInsightsAnalyses", items, PAGE_LEAST, PAGE_MOST)
}

pub(super) fn moment(request: &Request<'_>, name: &str) -> Result<Option<OffsetDateTime>, Refusal> {
    let parse = |text: &str| {
        OffsetDateTime::parse(text, &Rfc3339).map_err(|_| refuse::invalid_value(name, text, "It is no time."))
    };
    request.text(name).map(parse).transpose()
}
