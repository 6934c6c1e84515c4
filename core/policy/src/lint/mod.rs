//! What is wrong, dangerous or needless in a policy, as Access Analyzer's ValidatePolicy tells it. One file per family of
//! rules; the codes are Access Analyzer's own where it has one. What people get wrong around VPC endpoints has codes of ours
//! (`network.rs`, `lockout.rs`).

mod action;
mod condition;
mod finding;
mod keys;
mod lockout;
mod network;
mod operator;
mod organization;
mod pass_role;
mod principal;
mod redundancy;
mod resource;
mod size;
mod structure;
#[cfg(test)]
mod tests;
mod variable;
mod view;

pub use finding::{Finding, FindingKind, Location, Step};

use crate::spanned::{Node, Position, shown};
use view::Policy;

/// Where the policy is to be attached: each kind has rules of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LintKind {
    Identity,
    /// A policy on a resource: of a bucket, a queue, a key.
    Resource,
    Endpoint,
    ServiceControl,
    ResourceControl,
    /// A role's trust policy.
    Trust,
}

impl LintKind {
    /// Whether its statements name their principals.
    pub(crate) fn has_principals(self) -> bool {
        !matches!(self, Self::Identity | Self::ServiceControl)
    }
}

/// All findings, errors first, each kind in the order of the text. An empty list: nothing to say.
pub fn lint(text: &str, kind: LintKind) -> Vec<Finding> {
    let root = match Node::read(text) {
        Ok(root) => root,
        Err(error) => {
            let place = Position::of(text, error.at);
            let inside = if error.path.is_empty() { String::new() } else { format!(" ({})", shown(&error.path)) };
            let details = format!(
                "Fix the JSON syntax error at line {} column {}{inside}: {}.",
                place.line,
                place.column + 1,
                error.reason
            );
            let location = Location { path: Vec::new(), start: place, end: place };
            return vec![Finding::new(FindingKind::Error, "JSON_SYNTAX_ERROR", details, vec![location])];
        }
    };
    let mut policy = Policy::new(text, kind, &root);
    structure::check(&mut policy);
    size::check(&mut policy);
    principal::check(&mut policy);
    action::check(&mut policy);
    resource::check(&mut policy);
    operator::check(&mut policy);
    condition::check(&mut policy);
    variable::check(&mut policy);
    network::check(&mut policy);
    lockout::check(&mut policy);
    pass_role::check(&mut policy);
    organization::check(&mut policy);
    redundancy::check(&mut policy);
    let mut findings = policy.findings();
    findings.sort_by_key(|f| (f.kind, f.locations.first().map(|l| l.start.offset)));
    findings.dedup();
    findings
}
