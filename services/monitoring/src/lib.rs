//! CloudWatch's metrics and alarms: what programs put, what is asked of it later, and whether a threshold is crossed.
//!
//! A datum goes into the bucket of its minute (of its second at high resolution); the bucket is what is kept. An alarm is
//! judged when it is looked at and a period has passed since it last was.
#![forbid(unsafe_code)]

mod alarm;
mod bucket;
mod gate;
mod metric;
mod monitoring;
mod read;
mod refuse;
mod service;
mod state;
mod statistic;
#[cfg(test)]
mod tests;
mod verb;

pub use service::Monitoring;
