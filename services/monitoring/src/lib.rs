//! CloudWatch's metrics and alarms: what programs put, what is asked of it later, and whether a threshold is crossed.
//!
//! A datum goes into the bucket of its minute (of its second at high resolution); the bucket is what is kept. An alarm is
//! judged when it is looked at, or when the watch comes by, and a period has passed since it last was. What a change of its
//! state tells goes out as [`Notice`]s.
#![forbid(unsafe_code)]

mod alarm;
mod bucket;
mod gate;
mod metric;
mod monitoring;
mod notice;
mod read;
mod refuse;
mod service;
mod state;
mod statistic;
#[cfg(test)]
mod tests;
mod verb;

pub use notice::Notice;
pub use service::Monitoring;
