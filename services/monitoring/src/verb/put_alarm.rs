//! PutMetricAlarm: makes an alarm, or makes one anew with its state kept.

use super::{Changed, Request, tags};
use crate::alarm::{Alarm, Comparison, Gap, State};
use crate::notice::Actions;
use crate::state::Home;
use crate::{gate, read, refuse};
use postern_call::Refusal;
use postern_kit::Input;
use serde_json::json;

const NAME_MAX: usize = 255;
/// Seconds that an alarm may look back over: a week, or a day where periods are shorter than an hour.
const WEEK: i64 = 7 * 24 * 3600;
const DAY: i64 = 24 * 3600;
const HOUR: i64 = 3600;

pub fn put(home: &mut Home, request: &Request<'_>) -> Changed {
    let input = request.input;
    served(input)?;
    let name = read::required(input, "AlarmName")?;
    if name.chars().count() > NAME_MAX {
        return Err(refuse::invalid(format!(
            "The value for parameter AlarmName must be at most {NAME_MAX} characters."
        )));
    }
    let mut alarm = settings(input, name, request)?;
    alarm.tags = tags::read(input);
    tags::check(&alarm.tags)?;
    let word = match home.alarms.remove(name) {
        // What is put again keeps its state and its tags.
        Some(old) => {
            alarm.tags = old.tags;
            (alarm.state, alarm.reason, alarm.history) = (old.state, old.reason, old.history);
            (alarm.updated, alarm.transitioned) = (old.updated, old.transitioned);
            "updated"
        }
        None => "created",
    };
    alarm.note("ConfigurationUpdate", format!("Alarm \"{name}\" {word}"), request.now);
    home.alarms.insert(name.to_owned(), alarm);
    Ok((json!({}), vec![name.to_owned()]))
}

/// What alarms can do in AWS and not here.
fn served(input: Input<'_>) -> Result<(), Refusal> {
    let others = ["Metrics", "ThresholdMetricId", "EvaluationWindow", "WarmUpConfiguration", "EvaluationCriteria"];
    match others.into_iter().find(|member| input.get(member).is_some_and(|value| value != &json!([]))) {
        Some(member) => Err(refuse::not_served(&format!("Alarms with {member}"))),
        None => Ok(()),
    }
}

fn settings(input: Input<'_>, name: &str, request: &Request<'_>) -> Result<Alarm, Refusal> {
    let statistic = match (input.text("Statistic"), input.text("ExtendedStatistic")) {
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => return Err(refuse::missing("Statistic")),
        (Some(_), Some(_)) => {
            return Err(refuse::combination(
                "Only one of the parameters Statistic and ExtendedStatistic may be specified.",
            ));
        }
    };
    read::statistic(statistic)?;
    let number = |member| input.number(member).filter(|number| *number > 0);
    let evaluation_periods = number("EvaluationPeriods").ok_or_else(|| refuse::missing("EvaluationPeriods"))?;
    let datapoints_to_alarm = number("DatapointsToAlarm").unwrap_or(evaluation_periods);
    let period = read::period(input)?;
    if datapoints_to_alarm > evaluation_periods {
        return Err(refuse::invalid(
            "The parameter DatapointsToAlarm must be less than or equal to EvaluationPeriods.",
        ));
    }
    let most = if period < HOUR { DAY } else { WEEK };
    if evaluation_periods.saturating_mul(period) > most {
        return Err(refuse::invalid(format!(
            "Metrics cannot be checked across more than {} (EvaluationPeriods * Period must be <= {most}).",
            if most == DAY { "a day" } else { "a week" }
        )));
    }
    let comparison = read::required(input, "ComparisonOperator")?;
    let comparison = Comparison::read(comparison)
        .ok_or_else(|| refuse::not_served(&format!("Alarms with the ComparisonOperator {comparison}")))?;
    let missing = input.text("TreatMissingData").unwrap_or("missing");
    let missing = Gap::read(missing)
        .ok_or_else(|| refuse::invalid(format!("The value {missing} is not supported for TreatMissingData parameter. Supported values are [breaching, notBreaching, ignore, missing].")))?;
    let (account, region) = request.place;
    Ok(Alarm {
        name: name.to_owned(),
        arn: gate::alarm_arn(region.as_str(), *account, name),
        description: input.text("AlarmDescription").map(str::to_owned),
        actions_enabled: input.truth("ActionsEnabled").unwrap_or(true),
        actions: Actions::read(input, region.as_str())?,
        metric: read::metric(input)?,
        statistic: statistic.to_owned(),
        period,
        unit: input.text("Unit").map(str::to_owned),
        evaluation_periods,
        datapoints_to_alarm,
        threshold: read::float(input, "Threshold").ok_or_else(|| refuse::missing("Threshold"))?,
        comparison,
        missing,
        state: State::InsufficientData,
        reason: "Unchecked: Initial alarm creation".to_owned(),
        configured: request.now,
        updated: request.now,
        transitioned: request.now,
        judged: 0,
        tags: Vec::new(),
        history: Vec::new(),
    })
}
