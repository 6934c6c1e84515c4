//! What was asked and what became of it: the latest requests, in memory.

use postern_names::Via;
use postern_serve::Judged;
use std::collections::VecDeque;
use std::sync::Mutex;
use time::OffsetDateTime;

/// One request.
#[derive(Debug, Clone)]
pub struct Record {
    pub request_id: String,
    pub at: OffsetDateTime,
    pub service: String,
    pub operation: String,
    /// The caller's ARN, or `anonymous`.
    pub caller: String,
    pub via: Via,
    pub status: u16,
    /// Code and message of a refusal.
    pub refusal: Option<(String, String)>,
    /// What happened inside, for the operator.
    pub inside: Option<String>,
    /// What the gate decided for it, in order.
    pub decisions: Vec<Judged>,
}

/// As many as are kept.
const KEPT: usize = 1000;

/// The latest requests, oldest first.
#[derive(Default)]
pub struct Records(Mutex<VecDeque<Record>>);

impl Records {
    pub fn add(&self, record: Record) {
        if let Some(inside) = &record.inside {
            tracing::error!(request = record.request_id, operation = record.operation, inside, "a call failed inside");
        }
        let mut kept = self.0.lock().unwrap_or_else(|e| e.into_inner());
        let oldest = if kept.len() == KEPT { kept.pop_front() } else { None };
        kept.push_back(record);
        // Others need not wait while it is taken apart.
        drop(kept);
        drop(oldest);
    }
    /// The request of this id, if it is still kept.
    pub fn find(&self, request_id: &str) -> Option<Record> {
        self.0.lock().unwrap_or_else(|e| e.into_inner()).iter().find(|r| r.request_id == request_id).cloned()
    }
    /// The latest requests that were refused, oldest first.
    pub fn latest_refused(&self, most: usize) -> Vec<Record> {
        let kept = self.0.lock().unwrap_or_else(|e| e.into_inner());
        let mut found: Vec<Record> = kept.iter().rev().filter(|r| r.status >= 400).take(most).cloned().collect();
        found.reverse();
        found
    }
    pub fn latest(&self, most: usize) -> Vec<Record> {
        let kept = self.0.lock().unwrap_or_else(|e| e.into_inner());
        kept.iter().skip(kept.len().saturating_sub(most)).cloned().collect()
    }
}
