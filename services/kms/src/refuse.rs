//! KMS's refusals: one function per thing that can be wrong, in AWS's words.

use postern_call::Refusal;

pub fn no_key(arn: &str) -> Refusal {
    Refusal::new("NotFoundException", format!("Key '{arn}' does not exist"))
}
pub fn no_alias(arn: &str) -> Refusal {
    Refusal::new("NotFoundException", format!("Alias {arn} is not found."))
}
pub fn invalid_key_id(given: &str) -> Refusal {
    Refusal::new("NotFoundException", format!("Invalid keyId '{given}'"))
}
pub fn invalid_arn(given: &str) -> Refusal {
    Refusal::new("InvalidArnException", format!("Invalid arn {given}"))
}
pub fn disabled(arn: &str) -> Refusal {
    Refusal::new("DisabledException", format!("{arn} is disabled."))
}
pub fn state(arn: &str, is: &str) -> Refusal {
    Refusal::new("KMSInvalidStateException", format!("{arn} {is}"))
}
/// A ciphertext that does not open; AWS says no more.
pub fn not_opened() -> Refusal {
    Refusal::new("InvalidCiphertextException", "")
        .hint("the ciphertext is damaged, or the encryption context is not the one it was encrypted with")
}
pub fn wrong_key() -> Refusal {
    let message = "The key ID in the request does not identify a CMK that can perform this operation.";
    Refusal::new("IncorrectKeyException", message)
}
/// What whoever may not know hears of a ciphertext whose key is not there.
pub fn ciphertext_of_no_key() -> Refusal {
    let message = "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.";
    Refusal::new("AccessDeniedException", message)
}
pub fn malformed_policy(reason: impl std::fmt::Display) -> Refusal {
    Refusal::new("MalformedPolicyDocumentException", reason.to_string())
}
pub fn unsupported(what: impl std::fmt::Display) -> Refusal {
    Refusal::new("UnsupportedOperationException", what.to_string()).hint("docs/secrets.md tells what KMS serves")
}
pub fn validation(message: impl Into<String>) -> Refusal {
    Refusal::new("ValidationException", message)
}
pub fn invalid_token() -> Refusal {
    let message = "The request was rejected because the specified grant token is not valid.";
    Refusal::new("InvalidGrantTokenException", message)
}
pub fn invalid_marker() -> Refusal {
    Refusal::new("InvalidMarkerException", "Could not deserialize marker")
}
