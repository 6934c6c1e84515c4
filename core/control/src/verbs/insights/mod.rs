//! Verbs of Reachability Analyzer and Network Access Analyzer: paths and scopes to ask about, and analyses of them.

use super::Whole;

mod analysis;
mod path;
mod scope;
mod scope_analysis;
mod sharing;

/// Operation and verb.
pub const VERBS: &[(&str, Whole)] = &[
    ("CreateNetworkInsightsAccessScope", scope::create_network_insights_access_scope),
    ("CreateNetworkInsightsPath", path::create_network_insights_path),
    ("DeleteNetworkInsightsAccessScope", scope::delete_network_insights_access_scope),
    ("DeleteNetworkInsightsAccessScopeAnalysis", scope_analysis::delete_network_insights_access_scope_analysis),
    ("DeleteNetworkInsightsAnalysis", analysis::delete_network_insights_analysis),
    ("DeleteNetworkInsightsPath", path::delete_network_insights_path),
    ("DescribeNetworkInsightsAccessScopeAnalyses", scope_analysis::describe_network_insights_access_scope_analyses),
    ("DescribeNetworkInsightsAccessScopes", scope::describe_network_insights_access_scopes),
    ("DescribeNetworkInsightsAnalyses", analysis::describe_network_insights_analyses),
    ("DescribeNetworkInsightsPaths", path::describe_network_insights_paths),
    ("EnableReachabilityAnalyzerOrganizationSharing", sharing::enable_reachability_analyzer_organization_sharing),
    (
        "GetNetworkInsightsAccessScopeAnalysisFindings",
        scope_analysis::get_network_insights_access_scope_analysis_findings,
    ),
    ("GetNetworkInsightsAccessScopeContent", scope::get_network_insights_access_scope_content),
    ("StartNetworkInsightsAccessScopeAnalysis", scope_analysis::start_network_insights_access_scope_analysis),
    ("StartNetworkInsightsAnalysis", analysis::start_network_insights_analysis),
];

/// Pages of the Describe calls.
const PAGE_LEAST: i64 = 1;
const PAGE_MOST: i64 = 100;
