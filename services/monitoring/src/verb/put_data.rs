//! PutMetricData: single values, values with counts, statistic sets.

use super::{Data, Request};
use crate::bucket::Bucket;
use crate::metric::Metric;
use crate::{read, refuse};
use postern_call::Refusal;
use postern_kit::Input;

const DATA_MAX: usize = 1_000;
const VALUES_MAX: usize = 150;
/// How far from now a time may be: two weeks before, two hours after. Source: the API reference.
const BEFORE: i64 = 14 * 24 * 3600;
const AFTER: i64 = 2 * 3600;

pub fn read(request: &Request<'_>) -> Result<Data, Refusal> {
    let input = request.input;
    let namespace = read::required(input, "Namespace")?;
    if namespace.starts_with("AWS/") {
        return Err(refuse::invalid(format!(
            "The value {namespace} for parameter Namespace is invalid: namespaces that begin with AWS/ are reserved."
        )));
    }
    if input.get("EntityMetricData").is_some() {
        return Err(refuse::not_served("EntityMetricData"));
    }
    let list = input.list("MetricData");
    if list.is_empty() {
        return Err(refuse::missing("MetricData"));
    }
    if list.len() > DATA_MAX {
        return Err(refuse::invalid(format!(
            "The collection MetricData must not have a size greater than {DATA_MAX}."
        )));
    }
    list.iter().map(|datum| one(namespace, Input(datum), request.now)).collect()
}

fn one(namespace: &str, datum: Input<'_>, now: i64) -> Result<(Metric, i64, String, Bucket), Refusal> {
    let metric = Metric::new(namespace, read::required(datum, "MetricName")?, read::dimensions(datum)?);
    let at = read::time(datum, "Timestamp")?.unwrap_or(now);
    if at < now - BEFORE || at > now + AFTER {
        return Err(refuse::invalid(
            "The parameter MetricData.member.Timestamp must specify a time within the past two weeks and no more than two hours in the future.",
        ));
    }
    let step = match datum.number("StorageResolution") {
        None | Some(60) => 60,
        Some(1) => 1,
        Some(_) => return Err(refuse::invalid("The parameter StorageResolution must be 1 or 60.")),
    };
    let unit = datum.text("Unit").unwrap_or("None").to_owned();
    Ok((metric, at - at.rem_euclid(step), unit, bucket(datum)?))
}

fn bucket(datum: Input<'_>) -> Result<Bucket, Refusal> {
    let single = read::float(datum, "Value");
    let values = datum.list("Values");
    let bucket = match (single, values.is_empty(), datum.within("StatisticValues")) {
        (Some(value), true, None) => Bucket::of(value, 1.0),
        (None, false, None) => {
            let counts = datum.list("Counts");
            if values.len() > VALUES_MAX || (!counts.is_empty() && counts.len() != values.len()) {
                return Err(refuse::invalid(
                    "The parameters MetricData.member.Values and MetricData.member.Counts must be of the same size, of at most 150.",
                ));
            }
            let mut bucket = Bucket::default();
            for (at, value) in values.iter().enumerate() {
                let count = counts.get(at).and_then(serde_json::Value::as_f64).unwrap_or(1.0);
                bucket.add(&Bucket::of(value.as_f64().unwrap_or_default(), count));
            }
            bucket
        }
        (None, true, Some(set)) => {
            let part = |member| read::float(set, member).ok_or_else(|| refuse::missing(member));
            Bucket::of_set(part("SampleCount")?, part("Sum")?, part("Minimum")?, part("Maximum")?)
        }
        (None, true, None) => return Err(refuse::missing("MetricData.member.Value")),
        _ => {
            return Err(refuse::combination(
                "At most one of the parameters MetricData.member.Value, MetricData.member.Values and MetricData.member.StatisticValues may be specified.",
            ));
        }
    };
    let is_number = [bucket.count, bucket.sum, bucket.least, bucket.most].iter().all(|number| number.is_finite());
    if !is_number || bucket.count <= 0.0 || bucket.least > bucket.most {
        return Err(refuse::invalid("The value for parameter MetricData.member.Value is out of range."));
    }
    Ok(bucket)
}
