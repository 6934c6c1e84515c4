//! Verbs of Reachability Analyzer: paths to ask about, and analyses of them.

use super::Verb;

mod analysis;
mod path;

/// Operation and verb.
pub const VERBS: &[(&str, Verb)] = &[
    ("CreateNetworkInsightsPath", path::create_network_insights_path),
    ("DeleteNetworkInsightsAnalysis", analysis::delete_network_insights_analysis),
    ("DeleteNetworkInsightsPath", path::delete_network_insights_path),
    ("DescribeNetworkInsightsAnalyses", analysis::describe_network_insights_analyses),
    ("DescribeNetworkInsightsPaths", path::describe_network_insights_paths),
    ("StartNetworkInsightsAnalysis", analysis::start_network_insights_analysis),
];

/// Pages of the Describe calls.
const PAGE_LEAST: i64 = 1;
const PAGE_MOST: i64 = 100;
