//! `ValidatePolicy`: the linter of the policy crate behind Access Analyzer's words.

use postern_call::Refusal;
use postern_policy::lint::{LintKind, lint};
use serde_json::Value;

/// The findings on the policy of a request, paged.
pub fn policy(input: &Value) -> Result<Value, Refusal> {
    let text = |name: &str| input.get(name).and_then(Value::as_str);
    let document = text("policyDocument").ok_or_else(|| invalid("policyDocument is required."))?;
    let kind = kind(text("policyType").unwrap_or_default(), text("validatePolicyResourceType"))?;
    let findings = lint(document, kind);
    crate::page::page("findings", findings.iter().map(|finding| finding.answer()).collect(), input)
}

fn kind(policy_type: &str, resource_type: Option<&str>) -> Result<LintKind, Refusal> {
    if resource_type.is_some() && policy_type != "RESOURCE_POLICY" {
        return Err(invalid("validatePolicyResourceType goes with the policy type RESOURCE_POLICY only."));
    }
    match (policy_type, resource_type) {
        ("IDENTITY_POLICY", _) => Ok(LintKind::Identity),
        ("SERVICE_CONTROL_POLICY", _) => Ok(LintKind::ServiceControl),
        ("RESOURCE_CONTROL_POLICY", _) => Ok(LintKind::ResourceControl),
        ("RESOURCE_POLICY", Some("AWS::IAM::AssumeRolePolicyDocument")) => Ok(LintKind::Trust),
        ("RESOURCE_POLICY", _) => Ok(LintKind::Resource),
        (other, _) => Err(invalid(&format!("{other} is no policy type."))),
    }
}

/// A member of the request that cannot be.
pub fn invalid(message: &str) -> Refusal {
    Refusal::new("ValidationException", message).member("reason", "fieldValidationFailed")
}
