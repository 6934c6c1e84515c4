//! Secrets Manager's refusals: one function per thing that can be wrong, in AWS's words.

use postern_call::Refusal;

pub fn no_secret() -> Refusal {
    Refusal::new("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
}
pub fn no_value(of: &str) -> Refusal {
    let message = format!("Secrets Manager can't find the specified secret value for {of}");
    Refusal::new("ResourceNotFoundException", message)
}
pub fn marked_for_deletion() -> Refusal {
    invalid_request("You can't perform this operation on the secret because it was marked for deletion.")
}
pub fn invalid_request(message: impl Into<String>) -> Refusal {
    Refusal::new("InvalidRequestException", message)
}
pub fn invalid_parameter(message: impl Into<String>) -> Refusal {
    Refusal::new("InvalidParameterException", message)
}
pub fn exists(message: impl Into<String>) -> Refusal {
    Refusal::new("ResourceExistsException", message)
}
pub fn limit(message: impl Into<String>) -> Refusal {
    Refusal::new("LimitExceededException", message)
}
pub fn malformed_policy(reason: impl std::fmt::Display) -> Refusal {
    Refusal::new("MalformedPolicyDocumentException", reason.to_string())
}
/// What is not served, by name.
pub fn not_served(what: &str) -> Refusal {
    invalid_request(format!("{what} is not supported.")).hint("docs/coverage.md lists the operations that are served")
}

/// What the caller hears when KMS does not encrypt.
pub fn not_encrypted(kms: Refusal) -> Refusal {
    from_kms(
        kms,
        "EncryptionFailure",
        "Secrets Manager can't encrypt the protected secret text using the provided KMS key. Check that the KMS key is available, enabled, and not in an invalid state.",
    )
}

/// What the caller hears when KMS does not decrypt.
pub fn not_decrypted(kms: Refusal) -> Refusal {
    from_kms(
        kms,
        "DecryptionFailure",
        "Secrets Manager can't decrypt the protected secret text using the provided KMS key.",
    )
}

fn from_kms(kms: Refusal, code: &str, message: &str) -> Refusal {
    if kms.status >= 500 {
        return kms;
    }
    let hint = kms.hint.unwrap_or_else(|| format!("KMS says {}: {}", kms.code, kms.message));
    match kms.code.as_str() {
        "AccessDeniedException" => Refusal::new("AccessDeniedException", "Access to KMS is not allowed").hint(hint),
        _ => Refusal::new(code, message).hint(hint),
    }
}
