//! SQS's refusals, with its words.

use postern_call::Refusal;

pub fn no_queue() -> Refusal {
    Refusal::new("QueueDoesNotExist", "The specified queue does not exist.")
}
pub fn no_queue_here() -> Refusal {
    Refusal::new("QueueDoesNotExist", "The specified queue does not exist or you do not have access to it.")
}
/// A parameter's value that cannot be; the message is whole.
pub fn parameter(message: impl Into<String>) -> Refusal {
    Refusal::new("InvalidParameterValue", message)
}
/// The same in the words that most parameters have.
pub fn value(value: &str, name: &str, reason: &str) -> Refusal {
    parameter(format!("Value {value} for parameter {name} is invalid. Reason: {reason}"))
}
pub fn missing(name: &str) -> Refusal {
    Refusal::new("MissingParameter", format!("The request must contain the parameter {name}."))
}
pub fn attribute_name(name: &str) -> Refusal {
    Refusal::new("InvalidAttributeName", format!("Unknown Attribute {name}."))
}
pub fn attribute_value(name: &str) -> Refusal {
    Refusal::new("InvalidAttributeValue", format!("Invalid value for the parameter {name}."))
}
pub fn unsupported(message: impl Into<String>) -> Refusal {
    Refusal::new("UnsupportedOperation", message)
}
pub fn handle(given: &str) -> Refusal {
    Refusal::new(
        "ReceiptHandleIsInvalid",
        format!("The input receipt handle \"{given}\" is not a valid receipt handle."),
    )
}
