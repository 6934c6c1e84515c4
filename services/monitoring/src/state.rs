//! Everything in memory: by account and region the series of metrics and the alarms.

use crate::alarm::Alarm;
use crate::bucket::Bucket;
use crate::metric::Metric;
use crate::notice::Notice;
use postern_names::{AccountId, Region};
use std::collections::BTreeMap;

/// Seconds that data are kept: AWS keeps minutes for fifteen days.
pub const KEPT: i64 = 15 * 24 * 3600;

pub type Place = (AccountId, Region);

#[derive(Default)]
pub struct State {
    pub homes: BTreeMap<Place, Home>,
}

/// What one account has in one region.
#[derive(Default)]
pub struct Home {
    pub series: BTreeMap<Metric, Series>,
    pub alarms: BTreeMap<String, Alarm>,
    /// What is to be told once the change at hand is durable.
    pub notices: Vec<Notice>,
}

/// The buckets of a metric by unit and the second that they begin at.
#[derive(Default)]
pub struct Series {
    pub buckets: BTreeMap<(i64, String), Bucket>,
}

impl Series {
    /// The data from `begin` up to, but not at, `end`, put together in spans of `period` seconds; spans without data are left
    /// out. With a unit only what was put with it.
    pub fn spans(&self, begin: i64, end: i64, period: i64, unit: Option<&str>) -> BTreeMap<i64, (Bucket, String)> {
        let mut spans: BTreeMap<i64, (Bucket, String)> = BTreeMap::new();
        let (first, last) = ((begin, String::new()), (end, String::new()));
        if first >= last {
            return spans;
        }
        for ((at, own), bucket) in self.buckets.range(first..last) {
            if unit.is_none_or(|unit| unit == own) {
                let start = at - at.rem_euclid(period);
                spans.entry(start).or_insert_with(|| (Bucket::default(), own.clone())).0.add(bucket);
            }
        }
        spans
    }

    /// When something was last measured.
    pub fn newest(&self) -> Option<i64> {
        self.buckets.last_key_value().map(|((at, _), _)| *at)
    }
}
