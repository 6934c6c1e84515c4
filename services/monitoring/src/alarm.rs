//! An alarm on one metric: what it watches, how it is judged, what became of it.

use crate::metric::{Metric, dimensions};
use crate::notice::Actions;
use crate::read;
use crate::state::Series;
use crate::statistic::Statistic;
use postern_call::Refusal;
use postern_kit::Tags;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Items of the history that are kept of an alarm.
const HISTORY_MAX: usize = 100;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alarm {
    pub name: String,
    pub arn: String,
    pub description: Option<String>,
    pub actions_enabled: bool,
    #[serde(default)]
    pub actions: Actions,
    pub metric: Metric,
    /// `Average`, or `p99` where it is an extended one.
    pub statistic: String,
    /// Seconds.
    pub period: i64,
    pub unit: Option<String>,
    pub evaluation_periods: i64,
    pub datapoints_to_alarm: i64,
    pub threshold: f64,
    pub comparison: Comparison,
    pub missing: Gap,
    pub state: State,
    pub reason: String,
    /// Unix seconds of the last change: of the settings, of the state, of the state's value.
    pub configured: i64,
    pub updated: i64,
    pub transitioned: i64,
    /// The end of the last period that it was judged for.
    pub judged: i64,
    pub tags: Tags,
    /// The newest last.
    pub history: Vec<Item>,
}

/// Something that happened to an alarm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Item {
    pub at: i64,
    /// `StateUpdate`, `ConfigurationUpdate` or `Action`.
    pub kind: String,
    pub summary: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    Ok,
    Alarm,
    InsufficientData,
}

impl State {
    pub fn read(word: &str) -> Option<Self> {
        [Self::Ok, Self::Alarm, Self::InsufficientData].into_iter().find(|state| state.word() == word)
    }
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Alarm => "ALARM",
            Self::InsufficientData => "INSUFFICIENT_DATA",
        }
    }
}

/// How a value stands to the threshold when it is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[allow(clippy::enum_variant_names)]
pub enum Comparison {
    GreaterThanOrEqualToThreshold,
    GreaterThanThreshold,
    LessThanThreshold,
    LessThanOrEqualToThreshold,
}

impl Comparison {
    pub fn read(word: &str) -> Option<Self> {
        serde_json::from_value(json!(word)).ok()
    }
    fn is_breach(self, value: f64, threshold: f64) -> bool {
        match self {
            Self::GreaterThanOrEqualToThreshold => value >= threshold,
            Self::GreaterThanThreshold => value > threshold,
            Self::LessThanThreshold => value < threshold,
            Self::LessThanOrEqualToThreshold => value <= threshold,
        }
    }
}

/// What a period without data counts for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Gap {
    #[serde(rename = "missing")]
    Missing,
    #[serde(rename = "ignore")]
    Ignore,
    #[serde(rename = "breaching")]
    Breaching,
    #[serde(rename = "notBreaching")]
    NotBreaching,
}

impl Gap {
    pub fn read(word: &str) -> Option<Self> {
        serde_json::from_value(json!(word)).ok()
    }
}

impl Alarm {
    /// Whether a period has ended since it was last judged.
    pub fn is_due(&self, now: i64) -> bool {
        now - now.rem_euclid(self.period) > self.judged
    }

    /// Judges the alarm by the periods that are over, if one has ended since the last time. `true`: it has changed.
    pub fn judge(&mut self, series: Option<&Series>, now: i64) -> bool {
        if !self.is_due(now) {
            return false;
        }
        let end = now - now.rem_euclid(self.period);
        self.judged = end;
        let begin = end - self.period * self.evaluation_periods;
        let spans =
            series.map(|series| series.spans(begin, end, self.period, self.unit.as_deref())).unwrap_or_default();
        let Some(statistic) = Statistic::read(&self.statistic) else { return false };
        let values: Vec<f64> = spans.values().filter_map(|(bucket, _)| statistic.of(bucket)).collect();
        let absent = self.evaluation_periods - i64::try_from(values.len()).unwrap_or_default();
        let wrong = values.iter().filter(|value| self.comparison.is_breach(**value, self.threshold)).count();
        let wrong = i64::try_from(wrong).unwrap_or_default();
        let counted = match self.missing {
            Gap::Breaching => wrong + absent,
            _ => wrong,
        };
        let state = match (values.is_empty(), self.missing) {
            (true, Gap::Missing) => State::InsufficientData,
            (true, Gap::Ignore) => return false,
            _ if counted >= self.datapoints_to_alarm => State::Alarm,
            _ => State::Ok,
        };
        let reason = self.told(&values, wrong, absent);
        self.enter(state, reason, now)
    }

    fn told(&self, values: &[f64], wrong: i64, absent: i64) -> String {
        if values.is_empty() {
            return format!("Insufficient Data: {absent} datapoints were unknown.");
        }
        let listed = values.iter().map(f64::to_string).collect::<Vec<_>>().join(", ");
        format!(
            "Threshold Crossed: {wrong} out of the last {} datapoints [{listed}] crossed the threshold ({}); {absent} were missing.",
            self.evaluation_periods, self.threshold
        )
    }

    /// Puts it into a state. `true`: the state is another one than before.
    pub fn enter(&mut self, state: State, reason: String, now: i64) -> bool {
        if state == self.state {
            return false;
        }
        let summary = format!("Alarm updated from {} to {}", self.state.word(), state.word());
        (self.state, self.reason, self.updated, self.transitioned) = (state, reason, now, now);
        self.note("StateUpdate", summary, now);
        true
    }

    pub fn note(&mut self, kind: &str, summary: String, at: i64) {
        self.history.push(Item { at, kind: kind.to_owned(), summary });
        let over = self.history.len().saturating_sub(HISTORY_MAX);
        self.history.drain(..over);
    }

    pub fn view(&self) -> Result<Value, Refusal> {
        let mut shown = json!({
            "AlarmName": self.name,
            "AlarmArn": self.arn,
            "AlarmConfigurationUpdatedTimestamp": read::told(self.configured)?,
            "ActionsEnabled": self.actions_enabled,
            "OKActions": self.actions.ok,
            "AlarmActions": self.actions.alarm,
            "InsufficientDataActions": self.actions.insufficient_data,
            "StateValue": self.state.word(),
            "StateReason": self.reason,
            "StateUpdatedTimestamp": read::told(self.updated)?,
            "StateTransitionedTimestamp": read::told(self.transitioned)?,
            "MetricName": self.metric.name,
            "Namespace": self.metric.namespace,
            "Dimensions": dimensions(&self.metric.dimensions),
            "Period": self.period,
            "EvaluationPeriods": self.evaluation_periods,
            "DatapointsToAlarm": self.datapoints_to_alarm,
            "Threshold": self.threshold,
            "ComparisonOperator": self.comparison,
            "TreatMissingData": self.missing,
        });
        let word = if self.statistic.starts_with('p') { "ExtendedStatistic" } else { "Statistic" };
        shown[word] = json!(self.statistic);
        for (member, text) in [("AlarmDescription", &self.description), ("Unit", &self.unit)] {
            if let Some(text) = text {
                shown[member] = json!(text);
            }
        }
        Ok(shown)
    }
}
