//! The operations, each with the function that does it.

pub mod alarms;
mod history;
mod list;
mod put_alarm;
mod put_data;
mod query;
mod statistics;
mod tags;

use crate::bucket::Bucket;
use crate::metric::Metric;
use crate::state::{Home, Place};
use postern_call::Refusal;
use postern_kit::Input;
use serde_json::Value;

/// One call, as a verb sees it.
pub struct Request<'a> {
    pub input: Input<'a>,
    pub place: &'a Place,
    /// Unix seconds.
    pub now: i64,
}

/// Data as they go into the books: metric, beginning of the bucket, unit, what is added.
pub type Data = Vec<(Metric, i64, String, Bucket)>;

/// The reply, and the names of the alarms that have changed.
pub type Changed = Result<(Value, Vec<String>), Refusal>;

/// How an operation is done.
pub enum Run {
    Put(fn(&Request<'_>) -> Result<Data, Refusal>),
    Look(fn(&Home, &Request<'_>) -> Result<Value, Refusal>),
    Change(fn(&mut Home, &Request<'_>) -> Changed),
}

/// Every operation that is served. Alarms are judged when they are looked at, and so looking at them may change them.
pub const VERBS: &[(&str, Run)] = &[
    ("DeleteAlarms", Run::Change(alarms::delete)),
    ("DescribeAlarmHistory", Run::Change(history::describe)),
    ("DescribeAlarms", Run::Change(alarms::describe)),
    ("DescribeAlarmsForMetric", Run::Change(alarms::for_metric)),
    ("DisableAlarmActions", Run::Change(alarms::disable)),
    ("EnableAlarmActions", Run::Change(alarms::enable)),
    ("GetMetricData", Run::Look(query::data)),
    ("GetMetricStatistics", Run::Look(statistics::get)),
    ("ListMetrics", Run::Look(list::metrics)),
    ("ListTagsForResource", Run::Look(tags::list)),
    ("PutMetricAlarm", Run::Change(put_alarm::put)),
    ("PutMetricData", Run::Put(put_data::read)),
    ("SetAlarmState", Run::Change(alarms::set_state)),
    ("TagResource", Run::Change(tags::add)),
    ("UntagResource", Run::Change(tags::remove)),
];
