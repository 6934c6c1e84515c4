//! Members that several operations have: metrics, dimensions, times, periods.

use crate::metric::Metric;
use crate::refuse;
use crate::statistic::Statistic;
use postern_call::Refusal;
use postern_kit::Input;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

const DIMENSIONS_MAX: usize = 30;

pub fn required<'a>(input: Input<'a>, member: &str) -> Result<&'a str, Refusal> {
    input.text(member).filter(|text| !text.is_empty()).ok_or_else(|| refuse::missing(member))
}

pub fn dimensions(input: Input<'_>) -> Result<Vec<(String, String)>, Refusal> {
    let list = input.list("Dimensions");
    if list.len() > DIMENSIONS_MAX {
        return Err(refuse::invalid(format!(
            "The collection Dimensions must not have a size greater than {DIMENSIONS_MAX}."
        )));
    }
    list.iter()
        .map(|one| Ok((required(Input(one), "Name")?.to_owned(), required(Input(one), "Value")?.to_owned())))
        .collect()
}

/// `Namespace`, `MetricName` and `Dimensions` of a structure.
pub fn metric(input: Input<'_>) -> Result<Metric, Refusal> {
    let dimensions = dimensions(input)?;
    Ok(Metric::new(required(input, "Namespace")?, required(input, "MetricName")?, dimensions))
}

pub fn time(input: Input<'_>, member: &str) -> Result<Option<i64>, Refusal> {
    let Some(text) = input.text(member) else { return Ok(None) };
    let time = OffsetDateTime::parse(text, &Rfc3339);
    time.map(|time| Some(time.unix_timestamp())).map_err(|_| refuse::invalid(format!("{member} is not a valid time.")))
}

pub fn required_time(input: Input<'_>, member: &str) -> Result<i64, Refusal> {
    time(input, member)?.ok_or_else(|| refuse::missing(member))
}

/// A period in seconds: 1, 5, 10, 20, 30, or a multiple of 60.
pub fn period(input: Input<'_>) -> Result<i64, Refusal> {
    let period = input.number("Period").ok_or_else(|| refuse::missing("Period"))?;
    if [1, 5, 10, 20, 30].contains(&period) || (period > 0 && period % 60 == 0) {
        return Ok(period);
    }
    Err(refuse::invalid("The parameter Period must be a multiple of 60, or one of 1, 5, 10, 20 and 30."))
}

pub fn statistic(word: &str) -> Result<Statistic, Refusal> {
    Statistic::read(word)
        .ok_or_else(|| refuse::invalid(format!("The value {word} for parameter Statistic is not supported.")))
}

/// Unix seconds as replies give times.
pub fn told(seconds: i64) -> Result<String, Refusal> {
    let time = OffsetDateTime::from_unix_timestamp(seconds).map_err(Refusal::internal)?;
    time.format(&Rfc3339).map_err(Refusal::internal)
}

/// A number of the request that may be written with or without a point.
pub fn float(input: Input<'_>, member: &str) -> Option<f64> {
    input.get(member)?.as_f64()
}
