//! From a [`Refusal`] to the error that `s3s` writes, and the refusals S3 gives for its own things.
//!
//! `s3s` writes `Code` and `Message` only. What AWS adds beside them (`BucketName`, `Key`, `Region`) and the hint travel
//! in private headers to [`crate::front`], which finishes the XML and takes the headers off again.

use crate::sentence;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use postern_call::Refusal;
use s3s::{S3Error, S3ErrorCode};

/// Members of the error, as `Name=percent-encoded value` joined with `&`.
pub(crate) const MEMBERS: HeaderName = HeaderName::from_static("x-postern-error-members");
/// The hint for the person at the keyboard.
pub(crate) const HINT: HeaderName = HeaderName::from_static("x-postern-hint");

/// What a verb gives back.
pub(crate) type Answer<T> = Result<T, Refusal>;

/// A refusal with the status and sentence that AWS has for the code.
pub(crate) fn refuse(code: &str) -> Refusal {
    let (status, text) = sentence::of(code);
    Refusal::new(code, text).status(status)
}

/// The code's usual status with a sentence of its own.
pub(crate) fn refuse_with(code: &str, message: impl Into<String>) -> Refusal {
    Refusal::new(code, message).status(sentence::of(code).0)
}

/// A parameter that S3 does not take: `ArgumentName` and `ArgumentValue` are AWS's members.
pub(crate) fn bad_argument(message: &str, name: &str, value: &str) -> Refusal {
    refuse_with("InvalidArgument", message).member("ArgumentName", name).member("ArgumentValue", value)
}

pub(crate) fn no_such_bucket(bucket: &str) -> Refusal {
    refuse("NoSuchBucket").member("BucketName", bucket)
}

pub(crate) fn no_such_key(key: &str) -> Refusal {
    refuse("NoSuchKey").member("Key", key)
}

pub(crate) fn no_such_version(key: &str, version: &str) -> Refusal {
    refuse("NoSuchVersion").member("Key", key).member("VersionId", version)
}

pub(crate) fn no_such_upload(upload: &str) -> Refusal {
    refuse("NoSuchUpload").member("UploadId", upload)
}

/// A condition header that does not hold; `condition` is the header's name.
pub(crate) fn precondition(condition: &str) -> Refusal {
    refuse("PreconditionFailed").member("Condition", condition)
}

/// A header that asks for something that is not served.
pub(crate) fn not_implemented(header: &str) -> Refusal {
    refuse("NotImplemented")
        .member("Header", header)
        .hint(format!("`{header}` is not implemented with this value in Postern's S3"))
}

/// The error in `s3s`'s form, with `extra` headers (an `ETag` beside a 304).
pub(crate) fn wire_with(refusal: Refusal, extra: HeaderMap) -> S3Error {
    if let Some(inside) = &refusal.inside {
        tracing::error!(code = %refusal.code, %inside, "s3 request failed inside");
    }
    let mut headers = extra;
    if !refusal.members.is_empty() {
        let encoded: Vec<String> = refusal
            .members
            .iter()
            .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)))
            .collect();
        if let Ok(value) = HeaderValue::from_str(&encoded.join("&")) {
            headers.insert(MEMBERS, value);
        }
    }
    if let Some(hint) = &refusal.hint
        && let Ok(value) = HeaderValue::from_str(hint)
    {
        headers.insert(HINT, value);
    }
    let code = S3ErrorCode::from_bytes(refusal.code.as_bytes()).unwrap_or(S3ErrorCode::InternalError);
    let mut error = S3Error::with_message(code, refusal.message);
    error.set_status_code(StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
    headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    error.set_headers(headers);
    error
}

/// The error in `s3s`'s form.
pub(crate) fn wire(refusal: Refusal) -> S3Error {
    wire_with(refusal, HeaderMap::new())
}
