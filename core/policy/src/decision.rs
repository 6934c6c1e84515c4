//! The answer, with its reasons.

/// The eight kinds of policy that meet in a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PolicyKind {
    Identity,
    Resource,
    Boundary,
    Session,
    ServiceControl,
    ResourceControl,
    Endpoint,
    Trust,
}

/// One statement of one policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementRef {
    pub kind: PolicyKind,
    /// ARN of a managed policy, name of an inline one, id of the endpoint, ARN of the bucket.
    pub policy: String,
    /// Place in the document, from 0.
    pub index: usize,
    pub sid: Option<String>,
}

/// The one test that a statement failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    Principal {
        asked: String,
    },
    Action {
        asked: String,
    },
    Resource {
        asked: String,
    },
    /// `operator` and `key` as the policy spells them.
    Condition {
        operator: String,
        key: String,
        wanted: Vec<String>,
        found: Option<Vec<String>>,
    },
}

/// A statement that would have decided but for one test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NearMiss {
    pub statement: StatementRef,
    pub failed: Test,
}

/// Yes, or which kind of no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    Allow {
        by: Vec<StatementRef>,
    },
    ExplicitDeny {
        by: StatementRef,
    },
    /// No policy of the `missing` kind allows it.
    ImplicitDeny {
        missing: PolicyKind,
        nearly: Vec<NearMiss>,
    },
}
