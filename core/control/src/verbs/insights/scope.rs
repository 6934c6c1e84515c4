//! CreateNetworkInsightsAccessScope, DeleteNetworkInsightsAccessScope, DescribeNetworkInsightsAccessScopes,
//! GetNetworkInsightsAccessScopeContent.

use super::{PAGE_LEAST, PAGE_MOST};
use crate::{Context, Draft, Request, find, page, refuse, select, tags, view};
use postern_call::Refusal;
use postern_insights::{Misstated, check_scope_path};
use postern_model::AccessScope;
use postern_names::NetworkInsightsAccessScopeId;
use serde_json::{Value, json};

pub fn create_network_insights_access_scope(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let (matched, excluded) = (paths(request, "MatchPaths")?, paths(request, "ExcludePaths")?);
    if matched.is_empty() {
        return Err(refuse::missing_parameter("MatchPaths"));
    }
    let scope = AccessScope {
        id: NetworkInsightsAccessScopeId::from_bits(context.outside.bits()),
        owner: context.account,
        region: context.region.clone(),
        match_paths: Value::from(matched).to_string(),
        exclude_paths: Value::from(excluded).to_string(),
        created: context.now,
        tags: tags::specified(request, "network-insights-access-scope", &[])?,
    };
    let reply = json!({
        "NetworkInsightsAccessScope": view::access_scope::scope(&scope),
        "NetworkInsightsAccessScopeContent": view::access_scope::content(&scope),
    });
    draft.put(scope);
    Ok(reply)
}

/// The paths of a member, each checked.
fn paths(request: &Request<'_>, name: &str) -> Result<Vec<Value>, Refusal> {
    let all = request.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    for path in &all {
        check_scope_path(path).map_err(refusal)?;
    }
    Ok(all)
}

fn refusal(wrong: Misstated) -> Refusal {
    match wrong {
        Misstated::Value(name, value, why) => refuse::invalid_value(name, value, why),
        Misstated::Members(what) => refuse::invalid_combination(what),
        Misstated::NotServed(what) if what.starts_with("A resource group") => refuse::not_served(&what)
            .hint("name what is in the group by its ids: `aws ec2 describe-subnets --filters Name=tag:KEY,Values=VALUE` lists some"),
        Misstated::NotServed(what) => refuse::not_served(&what),
    }
}

/// A scope that has analyses stays, as a path does (code and sentence by analogy with a path's).
pub fn delete_network_insights_access_scope(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let id = find::<AccessScope>(draft, context, request.id("NetworkInsightsAccessScopeId")?)?.id;
    let since = view::insights::kept_since(context.now);
    let mut its =
        draft.access_scope_analyses.values().filter(|analysis| analysis.scope == id && analysis.started >= since);
    if let Some(analysis) = its.next() {
        let message = format!(
            "At least one analysis [{}] exists for access scope {id}. Delete all the analyses before deleting this access scope.",
            analysis.id
        );
        return Err(Refusal::new("AnalysisExistsForNetworkInsightsAccessScope", message));
    }
    draft.remove(id);
    Ok(json!({ "NetworkInsightsAccessScopeId": id.to_string() }))
}

pub fn describe_network_insights_access_scopes(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let chosen = select::<AccessScope>(draft, context, request, "NetworkInsightsAccessScopeIds")?;
    let items = chosen.into_iter().map(view::access_scope::scope).collect();
    page(request, "NetworkInsightsAccessScopes", items, PAGE_LEAST, PAGE_MOST)
}

pub fn get_network_insights_access_scope_content(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let scope = find::<AccessScope>(draft, context, request.id("NetworkInsightsAccessScopeId")?)?;
    Ok(json!({ "NetworkInsightsAccessScopeContent": view::access_scope::content(scope) }))
}
