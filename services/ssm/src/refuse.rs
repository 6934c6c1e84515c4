//! Parameter Store's refusals: one function per thing that can be wrong, in AWS's words.

use postern_call::{Call, Refusal};

pub fn validation(message: impl Into<String>) -> Refusal {
    Refusal::new("ValidationException", message)
}
/// AWS gives no sentence with it.
pub fn not_found(name: &str) -> Refusal {
    Refusal::new("ParameterNotFound", "").hint(format!("there is no parameter {name}"))
}
pub fn no_version(name: &str, version: i64) -> Refusal {
    let message =
        format!("Systems Manager could not find version {version} of {name}. Verify the version and try again.");
    Refusal::new("ParameterVersionNotFound", message)
}
pub fn no_label(name: &str, label: &str) -> Refusal {
    let message =
        format!("Systems Manager could not find label {label} for parameter {name}. Verify the label and try again.");
    Refusal::new("ParameterVersionNotFound", message)
}
pub fn invalid_token() -> Refusal {
    Refusal::new("InvalidNextToken", "The specified token isn't valid.")
}

/// What KMS said, as Systems Manager passes it on.
pub fn from_kms(kms: Refusal, call: &Call) -> Refusal {
    if kms.status >= 500 {
        return kms;
    }
    let behind = format!(
        "(Service: AWSKMS; Status Code: {}; Error Code: {}; Request ID: {}; Proxy: null)",
        kms.status, kms.code, call.request_id
    );
    let code = match kms.code.as_str() {
        "AccessDeniedException" => "AccessDeniedException",
        _ => "InvalidKeyId",
    };
    let refusal = Refusal::new(code, format!("{} {behind}", kms.message).trim_start().to_owned());
    Refusal { hint: kms.hint, ..refusal }
}
