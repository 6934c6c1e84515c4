//! One finding, in the terms of Access Analyzer's answer.

use crate::spanned::Position;
use serde_json::{Value, json};

/// How grave it is; in this order they are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FindingKind {
    /// A part of the policy does not work.
    Error,
    /// It allows more than anybody should want.
    SecurityWarning,
    /// It hardly means what it says.
    Warning,
    /// It could be said better.
    Suggestion,
}

impl FindingKind {
    /// `SECURITY_WARNING`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "ERROR",
            Self::SecurityWarning => "SECURITY_WARNING",
            Self::Warning => "WARNING",
            Self::Suggestion => "SUGGESTION",
        }
    }
}

/// One step of a finding's path through the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// An item of a list, from 0.
    Index(usize),
    /// A member's name itself.
    Key(String),
    /// The value behind a name.
    Value(String),
}

/// Where in the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    pub path: Vec<Step>,
    pub start: Position,
    pub end: Position,
}

/// What the linter has to say about one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub kind: FindingKind,
    /// `INVALID_ACTION`.
    pub issue_code: &'static str,
    pub details: String,
    pub locations: Vec<Location>,
}

/// Codes that Access Analyzer does not have, and the page of AWS's that tells the rule behind each.
const OWN: &[(&str, &str)] = &[
    ("ALLOW_EVERYONE_WITHOUT_CONDITION", IAM_PRINCIPAL),
    ("ALLOW_WITH_IF_EXISTS_ONLY", IAM_OPERATORS),
    ("DENY_WITH_IF_EXISTS", IAM_OPERATORS),
    ("ENDPOINT_KEY_ALWAYS_THE_SAME", VPC_POLICY),
    ("ENDPOINT_POLICY_TOO_LONG", VPC_POLICY),
    ("ENDPOINT_PRINCIPAL_NOT_EVERYONE", VPC_GATEWAY),
    ("ENDPOINT_SOURCE_IP_ABSENT", IAM_KEYS),
    ("FORALLVALUES_ALLOWS_ABSENT_KEY", IAM_SETS),
    ("LOCKOUT_WITHOUT_EXEMPTION", S3_ENDPOINT),
    ("NEGATED_KEY_DENIES_SERVICES", IAM_KEYS),
    ("NOT_SOURCE_IP_DENIES_ENDPOINTS", IAM_KEYS),
    ("RCP_SYNTAX_ERROR", RCP),
    ("RESOURCE_FITS_NO_ACTION", S3_ENDPOINT),
    ("SOURCE_VPC_IS_NO_VPC", S3_ENDPOINT),
    ("SOURCE_VPCE_IS_NO_ENDPOINT", S3_ENDPOINT),
    ("VPCE_KEY_UNKNOWN_TO_SERVICE", IAM_KEYS),
];
const IAM_KEYS: &str = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-network-properties";
const IAM_OPERATORS: &str =
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html";
const IAM_PRINCIPAL: &str =
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html";
const IAM_SETS: &str = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html";
const RCP: &str = "https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_syntax.html";
const S3_ENDPOINT: &str =
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/example-bucket-policies-vpc-endpoint.html";
const VPC_GATEWAY: &str = "https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html";
const VPC_POLICY: &str = "https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html";
const CHECKS: &str = "https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html";

impl Finding {
    pub(super) fn new(kind: FindingKind, issue_code: &'static str, details: String, locations: Vec<Location>) -> Self {
        Self { kind, issue_code, details, locations }
    }

    /// AWS's page on it.
    pub fn learn_more_link(&self) -> String {
        if let Some((_, link)) = OWN.iter().find(|(code, _)| *code == self.issue_code) {
            return (*link).to_owned();
        }
        let kind = match self.kind {
            FindingKind::Error => "error",
            FindingKind::SecurityWarning => "security-warning",
            FindingKind::Warning => "general-warning",
            FindingKind::Suggestion => "suggestion",
        };
        let code = self.issue_code.to_lowercase().replace('_', "-");
        format!("{CHECKS}#access-analyzer-reference-policy-checks-{kind}-{code}")
    }

    /// As ValidatePolicy answers it.
    pub fn answer(&self) -> Value {
        let place = |at: Position| json!({ "line": at.line, "column": at.column, "offset": at.offset });
        let step = |step: &Step| match step {
            Step::Index(place) => json!({ "index": place }),
            Step::Key(name) => json!({ "key": name }),
            Step::Value(name) => json!({ "value": name }),
        };
        let location = |location: &Location| {
            json!({
                "path": location.path.iter().map(step).collect::<Vec<_>>(),
                "span": { "start": place(location.start), "end": place(location.end) },
            })
        };
        json!({
            "findingDetails": self.details,
            "findingType": self.kind.word(),
            "issueCode": self.issue_code,
            "learnMoreLink": self.learn_more_link(),
            "locations": self.locations.iter().map(location).collect::<Vec<_>>(),
        })
    }

    /// Whether Access Analyzer has it too.
    pub fn is_of_access_analyzer(&self) -> bool {
        OWN.iter().all(|(code, _)| *code != self.issue_code)
    }
}
