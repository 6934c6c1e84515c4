//! ListMetrics: what has been measured.

use super::Request;
use crate::metric::Metric;
use crate::refuse;
use crate::state::{Home, Series};
use postern_call::Refusal;
use postern_kit::{Input, page};
use serde_json::{Value, json};

const MOST: usize = 500;
/// A metric that was put within three hours is recently active.
const RECENTLY: i64 = 3 * 3600;

pub fn metrics(home: &Home, request: &Request<'_>) -> Result<Value, Refusal> {
    let input = request.input;
    let wanted: Vec<(&str, Option<&str>)> =
        input.list("Dimensions").iter().map(Input).filter_map(|d| Some((d.text("Name")?, d.text("Value")))).collect();
    let recently = input.text("RecentlyActive").map(|_| request.now - RECENTLY);
    let fits = |metric: &Metric, series: &Series| {
        let has = |(name, value): &(&str, Option<&str>)| {
            metric.dimensions.iter().any(|(own, its)| own == name && value.is_none_or(|value| value == its))
        };
        input.text("Namespace").is_none_or(|namespace| namespace == metric.namespace)
            && input.text("MetricName").is_none_or(|name| name == metric.name)
            && wanted.iter().all(has)
            && recently.is_none_or(|since| series.newest().is_some_and(|newest| newest >= since))
    };
    let found = home.series.iter().filter(|(metric, series)| fits(metric, series));
    // Keys in the order of the metrics: dimensions as JSON, so that no two are alike.
    let mut keyed: Vec<(String, Value)> =
        found.map(|(metric, _)| (serde_json::to_string(metric).unwrap_or_default(), metric.view())).collect();
    keyed.sort_by(|one, other| one.0.cmp(&other.0));
    let page = page(keyed, input.text("NextToken"), MOST).map_err(|_| refuse::bad_token())?;
    let mut reply = json!({ "Metrics": page.entries });
    if let Some(next) = page.next {
        reply["NextToken"] = json!(next);
    }
    Ok(reply)
}
