//! GetMetricData: several metrics at once. Expressions are not served.

use super::Request;
use crate::state::Home;
use crate::{read, refuse};
use postern_call::Refusal;
use postern_kit::Input;
use serde_json::{Value, json};

const QUERIES_MAX: usize = 500;

pub fn data(home: &Home, request: &Request<'_>) -> Result<Value, Refusal> {
    let input = request.input;
    let queries = input.list("MetricDataQueries");
    if queries.is_empty() || queries.len() > QUERIES_MAX {
        return Err(refuse::invalid(format!(
            "The collection MetricDataQueries must have a size between 1 and {QUERIES_MAX}."
        )));
    }
    if input.text("NextToken").is_some() {
        return Err(Refusal::new("InvalidNextToken", "The next token specified is invalid."));
    }
    let (begin, end) = (read::required_time(input, "StartTime")?, read::required_time(input, "EndTime")?);
    if begin >= end {
        return Err(refuse::combination("The parameter StartTime must be less than the parameter EndTime."));
    }
    let is_ascending = input.text("ScanBy") == Some("TimestampAscending");
    let mut results = Vec::new();
    for query in queries.iter().map(Input) {
        let result = one(home, query, begin, end, is_ascending)?;
        if query.truth("ReturnData").unwrap_or(true) {
            results.push(result);
        }
    }
    Ok(json!({ "MetricDataResults": results, "Messages": [] }))
}

fn one(home: &Home, query: Input<'_>, begin: i64, end: i64, is_ascending: bool) -> Result<Value, Refusal> {
    let id = read::required(query, "Id")?;
    if query.get("Expression").is_some() {
        return Err(refuse::not_served("MetricDataQueries with Expression"));
    }
    let asked = query.within("MetricStat").ok_or_else(|| refuse::missing("MetricStat"))?;
    let metric = read::metric(asked.within("Metric").ok_or_else(|| refuse::missing("Metric"))?)?;
    let period = read::period(asked)?;
    let statistic = read::statistic(read::required(asked, "Stat")?)?;
    let spans = home.series.get(&metric).map(|series| series.spans(begin, end, period, asked.text("Unit")));
    let mut points: Vec<(i64, f64)> = spans
        .unwrap_or_default()
        .into_iter()
        .filter_map(|(start, (bucket, _))| Some((start, statistic.of(&bucket)?)))
        .collect();
    if !is_ascending {
        points.reverse();
    }
    let times = points.iter().map(|(start, _)| read::told(*start)).collect::<Result<Vec<_>, _>>()?;
    let values: Vec<f64> = points.into_iter().map(|(_, value)| value).collect();
    let label = query.text("Label").unwrap_or(&metric.name);
    Ok(json!({ "Id": id, "Label": label, "Timestamps": times, "Values": values, "StatusCode": "Complete" }))
}
