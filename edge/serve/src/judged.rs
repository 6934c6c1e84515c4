//! What the gate decided, kept by the request that it was decided for.

use postern_policy::{Decision, Keys, advice, verdict};

/// One question and its answer.
#[derive(Debug, Clone)]
pub struct Judged {
    /// The caller's ARN, or `anonymous`.
    pub caller: String,
    pub action: String,
    pub resource: String,
    /// The condition keys of a refused request, names in lower case; empty for an allowed one.
    pub keys: Keys,
    pub decision: Decision,
}

impl Judged {
    pub fn is_allowed(&self) -> bool {
        matches!(self.decision, Decision::Allow { .. })
    }
    /// One line of plain ASCII.
    pub fn verdict(&self) -> String {
        verdict(&self.action, &self.resource, &self.decision)
    }
    /// What to change so that it would be allowed.
    pub fn advice(&self) -> Vec<String> {
        advice(&self.action, &self.resource, &self.decision)
    }
}

/// Who writes the decisions down.
pub trait Decisions: Send + Sync {
    /// The decisions of a request that is over, in their order; they are forgotten here.
    fn take(&self, request_id: &str) -> Vec<Judged>;
}

/// The decision that made a request what it became: the last refused one, else the first.
pub fn deciding(judged: &[Judged]) -> Option<&Judged> {
    judged.iter().rev().find(|one| !one.is_allowed()).or_else(|| judged.first())
}
