//! Time as the benchmarks need it: stamps that several processes can compare, percentiles, and CPU used.

use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

/// Nanoseconds since the epoch: the same clock in every namespace of one machine.
pub fn stamp() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// Least, median, 99th and greatest of latencies in nanoseconds, told in microseconds.
pub fn summary(mut nanos: Vec<u64>) -> Value {
    nanos.sort_unstable();
    let at = |share: f64| {
        let index = ((nanos.len().saturating_sub(1)) as f64 * share).round() as usize;
        nanos.get(index).map_or(0.0, |n| *n as f64 / 1000.0)
    };
    json!({ "count": nanos.len(), "min_us": at(0.0), "p50_us": at(0.5), "p99_us": at(0.99), "max_us": at(1.0) })
}

/// Seconds of CPU that this process has used so far, user and system (in steps of the kernel's clock tick, 1/100 s).
pub fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = text.rsplit(')').next().unwrap_or_default();
    let ticks: u64 = after_name.split_whitespace().skip(11).take(2).filter_map(|w| w.parse::<u64>().ok()).sum();
    ticks as f64 / 100.0
}
