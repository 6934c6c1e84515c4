//! GetMetricStatistics.

use super::Request;
use crate::state::Home;
use crate::{read, refuse};
use postern_call::Refusal;
use serde_json::{Map, Value, json};

const DATAPOINTS_MAX: i64 = 1_440;

pub fn get(home: &Home, request: &Request<'_>) -> Result<Value, Refusal> {
    let input = request.input;
    let metric = read::metric(input)?;
    let (begin, end) = (read::required_time(input, "StartTime")?, read::required_time(input, "EndTime")?);
    if begin >= end {
        return Err(refuse::combination("The parameter StartTime must be less than the parameter EndTime."));
    }
    let period = read::period(input)?;
    if (end - begin) / period > DATAPOINTS_MAX {
        return Err(refuse::combination(format!(
            "You have requested up to {} datapoints, which exceeds the limit of 1,440. You may reduce the datapoints requested by increasing Period, or decreasing the time range.",
            (end - begin) / period
        )));
    }
    let (plain, extended) = (input.texts("Statistics"), input.texts("ExtendedStatistics"));
    if plain.is_empty() && extended.is_empty() {
        return Err(refuse::combination(
            "At least one of the parameters Statistics and ExtendedStatistics must be specified.",
        ));
    }
    let statistic = |word: &&str| Ok(((*word).to_owned(), read::statistic(word)?));
    let plain: Vec<_> = plain.iter().map(statistic).collect::<Result<_, Refusal>>()?;
    let extended: Vec<_> = extended.iter().map(statistic).collect::<Result<_, Refusal>>()?;
    let spans = home.series.get(&metric).map(|series| series.spans(begin, end, period, input.text("Unit")));
    let mut points = Vec::new();
    for (start, (bucket, unit)) in spans.unwrap_or_default() {
        let mut point =
            Map::from_iter([("Timestamp".to_owned(), json!(read::told(start)?)), ("Unit".to_owned(), json!(unit))]);
        for (word, statistic) in &plain {
            if let Some(value) = statistic.of(&bucket) {
                point.insert(word.clone(), json!(value));
            }
        }
        let more: Map<String, Value> =
            extended.iter().filter_map(|(word, s)| Some((word.clone(), json!(s.of(&bucket)?)))).collect();
        if !more.is_empty() {
            point.insert("ExtendedStatistics".to_owned(), Value::Object(more));
        }
        points.push(Value::Object(point));
    }
    Ok(json!({ "Label": metric.name, "Datapoints": points }))
}
