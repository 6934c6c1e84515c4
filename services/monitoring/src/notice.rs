//! What an alarm tells when its state changes: to which topic, and AWS's text about it.

use crate::alarm::{Alarm, State};
use crate::refuse;
use crate::state::Place;
use postern_call::Refusal;
use postern_kit::Input;
use postern_names::Arn;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

/// How many actions a state can have.
const MOST: usize = 5;
/// Characters of a subject that SNS takes.
const SUBJECT_MAX: usize = 100;
const TIME: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]+0000");

/// Topics by the state that is entered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actions {
    pub ok: Vec<String>,
    pub alarm: Vec<String>,
    pub insufficient_data: Vec<String>,
}

impl Actions {
    /// Reads and checks them: topics of the alarm's own region.
    pub fn read(input: Input<'_>, region: &str) -> Result<Self, Refusal> {
        let of = |member: &str| {
            let given = input.texts(member);
            if given.len() > MOST {
                return Err(refuse::invalid(format!(
                    "The collection {member} must not have a size greater than {MOST}."
                )));
            }
            given.into_iter().map(|action| topic(action, region)).collect()
        };
        Ok(Self { ok: of("OKActions")?, alarm: of("AlarmActions")?, insufficient_data: of("InsufficientDataActions")? })
    }

    fn on(&self, state: State) -> &[String] {
        match state {
            State::Ok => &self.ok,
            State::Alarm => &self.alarm,
            State::InsufficientData => &self.insufficient_data,
        }
    }
}

fn topic(action: &str, region: &str) -> Result<String, Refusal> {
    let arn: Arn = action.parse().map_err(|_| refuse::invalid(format!("Invalid arn syntax: {action}")))?;
    if arn.service != "sns" {
        return Err(refuse::not_served(&format!("Alarm actions of {}", arn.service)));
    }
    if arn.region != region {
        return Err(refuse::invalid(format!("Invalid region {} specified. Only {region} is supported.", arn.region)));
    }
    Ok(action.to_owned())
}

/// One message for one topic.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    pub place: Place,
    pub alarm: String,
    pub alarm_arn: String,
    pub topic: String,
    pub subject: String,
    /// AWS's JSON.
    pub message: String,
}

/// The notices of an alarm that has come out of a state, milliseconds being what the clock of the call has.
pub fn of(place: &Place, alarm: &Alarm, before: State) -> Vec<Notice> {
    if !alarm.actions_enabled {
        return Vec::new();
    }
    let subject = format!("{}: \"{}\" in {}", alarm.state.word(), alarm.name, long_name(place.1.as_str()));
    let subject: String = subject.chars().take(SUBJECT_MAX).collect();
    let message = message(place, alarm, before).to_string();
    let notice = |topic: &String| Notice {
        place: place.clone(),
        alarm: alarm.name.clone(),
        alarm_arn: alarm.arn.clone(),
        topic: topic.clone(),
        subject: subject.clone(),
        message: message.clone(),
    };
    alarm.actions.on(alarm.state).iter().map(notice).collect()
}

fn message(place: &Place, alarm: &Alarm, before: State) -> Value {
    let dimensions = alarm.metric.dimensions.iter().map(|(name, value)| json!({ "value": value, "name": name }));
    let mut trigger = json!({
        "MetricName": alarm.metric.name,
        "Namespace": alarm.metric.namespace,
        "StatisticType": "Statistic",
        "Unit": alarm.unit,
        "Dimensions": dimensions.collect::<Vec<_>>(),
        "Period": alarm.period,
        "EvaluationPeriods": alarm.evaluation_periods,
        "DatapointsToAlarm": alarm.datapoints_to_alarm,
        "ComparisonOperator": alarm.comparison,
        "Threshold": alarm.threshold,
        "TreatMissingData": alarm.missing,
        "EvaluateLowSampleCountPercentile": "",
    });
    if alarm.statistic.starts_with('p') {
        trigger["StatisticType"] = json!("ExtendedStatistic");
        trigger["ExtendedStatistic"] = json!(alarm.statistic);
    } else {
        trigger["Statistic"] = json!(alarm.statistic.to_uppercase());
    }
    json!({
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description,
        "AWSAccountId": place.0,
        "AlarmConfigurationUpdatedTimestamp": text_of(alarm.configured),
        "NewStateValue": alarm.state.word(),
        "NewStateReason": alarm.reason,
        "StateChangeTime": text_of(alarm.transitioned),
        "Region": long_name(place.1.as_str()),
        "AlarmArn": alarm.arn,
        "OldStateValue": before.word(),
        "OKActions": alarm.actions.ok,
        "AlarmActions": alarm.actions.alarm,
        "InsufficientDataActions": alarm.actions.insufficient_data,
        "Trigger": trigger,
    })
}

fn text_of(seconds: i64) -> String {
    OffsetDateTime::from_unix_timestamp(seconds).ok().and_then(|time| time.format(TIME).ok()).unwrap_or_default()
}

/// A region as people read it.
fn long_name(region: &str) -> &str {
    match region {
        "us-east-1" => "US East (N. Virginia)",
        "us-east-2" => "US East (Ohio)",
        "us-west-1" => "US West (N. California)",
        "us-west-2" => "US West (Oregon)",
        "ca-central-1" => "Canada (Central)",
        "sa-east-1" => "South America (Sao Paulo)",
        "eu-west-1" => "EU (Ireland)",
        "eu-west-2" => "EU (London)",
        "eu-west-3" => "EU (Paris)",
        "eu-central-1" => "EU (Frankfurt)",
        "eu-north-1" => "EU (Stockholm)",
        "ap-south-1" => "Asia Pacific (Mumbai)",
        "ap-southeast-1" => "Asia Pacific (Singapore)",
        "ap-southeast-2" => "Asia Pacific (Sydney)",
        "ap-northeast-1" => "Asia Pacific (Tokyo)",
        "ap-northeast-2" => "Asia Pacific (Seoul)",
        other => other,
    }
}
