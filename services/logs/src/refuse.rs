//! CloudWatch Logs' refusals, in AWS's words.

use postern_call::Refusal;

pub fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new("InvalidParameterException", message)
}
/// A member that breaks the model's pattern.
pub fn pattern(given: &str, member: &str, pattern: &str) -> Refusal {
    invalid(format!(
        "1 validation error detected: Value '{given}' at '{member}' failed to satisfy constraint: Member must satisfy \
         regular expression pattern: {pattern}"
    ))
}
pub fn no_group() -> Refusal {
    Refusal::new("ResourceNotFoundException", "The specified log group does not exist.")
}
pub fn no_stream() -> Refusal {
    Refusal::new("ResourceNotFoundException", "The specified log stream does not exist.")
}
pub fn group_exists() -> Refusal {
    Refusal::new("ResourceAlreadyExistsException", "The specified log group already exists")
}
pub fn stream_exists() -> Refusal {
    Refusal::new("ResourceAlreadyExistsException", "The specified log stream already exists")
}
pub fn bad_token() -> Refusal {
    invalid("The specified nextToken is invalid.")
}
/// A part of an operation that is not served.
pub fn not_served(what: &str) -> Refusal {
    invalid(format!("{what}: not implemented.")).hint("docs/logs.md lists what CloudWatch Logs serves here")
}
