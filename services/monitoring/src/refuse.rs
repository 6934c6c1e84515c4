//! CloudWatch's refusals, in AWS's words.

use postern_call::Refusal;

pub fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new("InvalidParameterValue", message)
}
pub fn combination(message: impl Into<String>) -> Refusal {
    Refusal::new("InvalidParameterCombination", message)
}
pub fn missing(member: &str) -> Refusal {
    Refusal::new("MissingParameter", format!("The parameter {member} is required."))
}
pub fn no_alarm(name: &str) -> Refusal {
    Refusal::new("ResourceNotFound", format!("Unknown alarm {name}")).status(404)
}
pub fn bad_token() -> Refusal {
    Refusal::new("InvalidNextToken", "The next token specified is invalid.")
}
/// A part of an operation that is not served.
pub fn not_served(what: &str) -> Refusal {
    invalid(format!("{what}: not implemented.")).hint("docs/coverage.md lists what CloudWatch serves here")
}
