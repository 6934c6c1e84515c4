//! Refusals: the engine's errors as AWS's, and those that the service makes itself.

use dynoxide::DynoxideError;
use postern_call::Refusal;
use serde::Serialize;

/// The engine's error. What went wrong inside it is for the operator alone.
pub fn engine(error: DynoxideError) -> Refusal {
    let code = error.error_type().rsplit('#').next().unwrap_or_default();
    let message = error.to_string();
    if error.status_code() >= 500 {
        let refusal = Refusal::new("InternalServerError", "Internal server error").status(500);
        return Refusal { inside: Some(message), ..refusal };
    }
    let refusal = Refusal::new(code, message);
    match &error {
        DynoxideError::ConditionalCheckFailedException(_, Some(item)) => with(refusal, "Item", item),
        DynoxideError::TransactionCanceledException(_, reasons) => with(refusal, "CancellationReasons", reasons),
        _ => refusal,
    }
}

/// A member of the error's shape, as JSON.
fn with<T: Serialize>(refusal: Refusal, member: &str, value: &T) -> Refusal {
    match serde_json::to_string(value) {
        Ok(text) => refusal.member(member, text),
        Err(error) => Refusal::internal(error),
    }
}

/// The words of `serde` for a request that the engine does not take. It marks those that are DynamoDB's own.
pub fn unread(operation: &str, error: &serde_json::Error) -> Refusal {
    let word = error.to_string();
    let kinds = [
        ("SERIALIZATION_AS_READ:", "SerializationException"),
        ("SERIALIZATION:", "SerializationException"),
        ("VALIDATION_AS_READ:", "ValidationException"),
        ("VALIDATION_REQUEST:", "ValidationException"),
        ("VALIDATION:", "ValidationException"),
    ];
    for (mark, code) in kinds {
        if let Some(message) = word.strip_prefix(mark) {
            // What PutItem, UpdateItem and DeleteItem find in the request's values stands in the usual envelope.
            let is_enveloped =
                mark == "VALIDATION_REQUEST:" && matches!(operation, "PutItem" | "UpdateItem" | "DeleteItem");
            let envelope = if is_enveloped { "1 validation error detected: " } else { "" };
            return Refusal::new(code, format!("{envelope}{message}"));
        }
    }
    if word.contains("empty AttributeValue") {
        let empty = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes";
        return validation(empty);
    }
    validation(word)
}

pub fn validation(message: impl Into<String>) -> Refusal {
    Refusal::new("ValidationException", message)
}

pub fn no_table() -> Refusal {
    Refusal::new("ResourceNotFoundException", "Requested resource not found")
}

/// What the operations on ARNs say of one that leads nowhere; the spelling is AWS's.
pub fn no_resource(arn: &str) -> Refusal {
    Refusal::new("ResourceNotFoundException", format!("Requested resource not found: ResourcArn: {arn} not found"))
}

/// A member that asks for something Postern does not do.
pub fn not_served(operation: &str, what: &str) -> Refusal {
    let message = format!("{what} of {operation} is not implemented by Postern.");
    Refusal::new("NotImplemented", message).status(501).hint("docs/dynamodb.md says what is")
}
