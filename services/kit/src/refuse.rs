//! Refusals that are the same in every service.

use postern_call::Refusal;

/// An operation of the service that is not served. `service` is its name for people: `Amazon SQS`.
pub fn not_implemented(service: &str, operation: &str) -> Refusal {
    let message = format!("The {service} operation {operation} is not implemented.");
    Refusal::new("NotImplemented", message).status(501).hint("docs/coverage.md lists the operations that are")
}

/// `ValidationException` in the words of AWS's JSON services, for a value that breaks a rule of the member.
pub fn validation(value: &str, member: &str, rule: &str) -> Refusal {
    let value = if value == "null" { value.to_owned() } else { format!("'{value}'") };
    let mut letters = member.chars();
    let member: String = letters.next().map(|c| c.to_lowercase().chain(letters).collect()).unwrap_or_default();
    let message =
        format!("1 validation error detected: Value {value} at '{member}' failed to satisfy constraint: {rule}");
    Refusal::new("ValidationException", message)
}
