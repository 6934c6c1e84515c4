//! What can be wrong with a signature, and how each family of services says it.

use super::{SKEW, stamp};
use crate::model::{Protocol, model};
use postern_call::Refusal;
use std::fmt;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A signature that is not the one which the secret gives, with what we signed for comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    pub access_key: String,
    pub signature: String,
    pub canonical_request: String,
    pub string_to_sign: String,
}

/// Why a request is not authenticated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SigError {
    /// No signature where one is needed.
    Missing,
    /// The Authorization header lacks something; the text says what.
    Incomplete(String),
    /// The presigned parameters lack something.
    IncompleteQuery(String),
    /// The credential has not five parts.
    Credential(String),
    /// Another way of signing.
    Unsupported { algorithm: String },
    /// The scope's day is not that of the timestamp.
    ScopeDate { given: String, timestamp: String },
    /// The scope names a service or region other than the one asked: what, given, expected.
    Scope { what: &'static str, given: String, expected: String },
    /// Headers that must be signed and are not.
    NotSigned { headers: Vec<String> },
    /// The client's clock is more than 15 minutes off.
    Skewed { timestamp: OffsetDateTime, now: OffsetDateTime },
    /// A presigned request after its time.
    Expired { timestamp: OffsetDateTime, seconds: u32, now: OffsetDateTime },
    /// The signature is another than the secret gives.
    Mismatch(Box<Mismatch>),
    /// The body is not the one whose hash was signed.
    BodyHash { claimed: String, computed: String },
    /// No such access key, or it is inactive.
    UnknownKey { access_key: String },
    /// The session token is not the one of the key.
    BadToken { token: String },
    /// Temporary credentials after their time.
    ExpiredToken { token: String },
}

impl fmt::Display for SigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence())
    }
}
impl std::error::Error for SigError {}

/// Families of services that refuse in the same words.
#[derive(Clone, Copy, PartialEq)]
enum Family {
    Ec2,
    Query,
    Json,
    S3,
}

impl Family {
    fn of(service: &str) -> Family {
        match model(service).map(|model| model.protocol()) {
            Some(Protocol::Ec2) => Family::Ec2,
            Some(Protocol::Query) => Family::Query,
            _ if service == "s3" => Family::S3,
            _ => Family::Json,
        }
    }
}

impl SigError {
    /// The refusal as the service of this signing name words it.
    pub fn refusal(&self, service: &str) -> Refusal {
        let refusal = match Family::of(service) {
            Family::Ec2 => self.ec2(),
            Family::Query => self.query(),
            Family::Json => self.json(),
            Family::S3 => self.s3(),
        };
        match self.hint() {
            Some(hint) => refusal.hint(hint),
            None => refusal,
        }
    }

    fn sentence(&self) -> String {
        match self {
            Self::Missing => "Request is missing Authentication Token".to_owned(),
            Self::Incomplete(text) | Self::IncompleteQuery(text) | Self::Credential(text) => text.clone(),
            Self::Unsupported { algorithm } => {
                format!("Unsupported AWS 'algorithm': '{algorithm}' (only AWS4-HMAC-SHA256 for now).")
            }
            Self::ScopeDate { given, timestamp } => format!(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{given}' != '{}', from '{timestamp}'.",
                timestamp.get(..8).unwrap_or_default()
            ),
            Self::Scope { what: "region", .. } => "Credential should be scoped to a valid region. ".to_owned(),
            Self::Scope { what, expected, .. } => {
                format!("Credential should be scoped to correct {what}: '{expected}'. ")
            }
            Self::NotSigned { headers } if headers.iter().any(|header| header == "host") => {
                "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.".to_owned()
            }
            Self::NotSigned { .. } => "There were headers present in the request which were not signed".to_owned(),
            Self::Skewed { timestamp, now } if timestamp > now => format!(
                "Signature not yet current: {} is still later than {} ({} + 15 min.)",
                stamp(*timestamp),
                stamp(*now + SKEW),
                stamp(*now)
            ),
            Self::Skewed { timestamp, now } => format!(
                "Signature expired: {} is now earlier than {} ({} - 15 min.)",
                stamp(*timestamp),
                stamp(*now - SKEW),
                stamp(*now)
            ),
            Self::Expired { timestamp, seconds, now } => format!(
                "Signature expired: {} is now earlier than {} ({} - {seconds} s.)",
                stamp(*timestamp),
                stamp(*now - time::Duration::seconds((*seconds).into())),
                stamp(*now)
            ),
            Self::Mismatch(_) | Self::BodyHash { .. } => {
                "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.".to_owned()
            }
            Self::UnknownKey { .. } | Self::BadToken { .. } => {
                "The security token included in the request is invalid.".to_owned()
            }
            Self::ExpiredToken { .. } => "The security token included in the request is expired".to_owned(),
        }
    }

    /// What the person can compare, on one line.
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Missing => "sign the request: every call of the AWS API is verified".to_owned(),
            Self::Mismatch(mismatch) => format!(
                "the canonical request was {:?}; the string to sign was {:?}",
                mismatch.canonical_request, mismatch.string_to_sign
            ),
            Self::BodyHash { computed, .. } => format!("the body's SHA-256 is {computed}"),
            Self::UnknownKey { access_key } => format!("there is no active access key {access_key}"),
            Self::Skewed { now, .. } => format!("the time here is {}", stamp(*now)),
            Self::Scope { what, given, expected } => format!("the {what} signed for is {given}, expected {expected}"),
            _ => return None,
        })
    }

    fn query(&self) -> Refusal {
        let (code, status) = match self {
            Self::Missing => ("MissingAuthenticationToken", 403),
            Self::Incomplete(_) | Self::IncompleteQuery(_) | Self::Credential(_) => ("IncompleteSignature", 400),
            Self::Unsupported { .. } => ("IncompleteSignature", 400),
            Self::UnknownKey { .. } | Self::BadToken { .. } => ("InvalidClientTokenId", 403),
            Self::ExpiredToken { .. } => ("ExpiredToken", 403),
            _ => ("SignatureDoesNotMatch", 403),
        };
        Refusal::new(code, self.sentence()).status(status)
    }

    fn json(&self) -> Refusal {
        let (code, sentence) = match self {
            Self::Missing => ("MissingAuthenticationTokenException", "Missing Authentication Token".to_owned()),
            Self::Incomplete(_) | Self::IncompleteQuery(_) | Self::Credential(_) | Self::Unsupported { .. } => {
                ("IncompleteSignatureException", self.sentence())
            }
            Self::UnknownKey { .. } | Self::BadToken { .. } => ("UnrecognizedClientException", self.sentence()),
            Self::ExpiredToken { .. } => ("ExpiredTokenException", self.sentence()),
            _ => ("InvalidSignatureException", self.sentence()),
        };
        Refusal::new(code, sentence)
    }

    /// EC2 tells the caller less than the others do.
    fn ec2(&self) -> Refusal {
        match self {
            Self::Missing => Refusal::new("MissingAuthenticationToken", self.sentence()).status(403),
            Self::Incomplete(_) | Self::IncompleteQuery(_) | Self::Credential(_) | Self::Unsupported { .. } => {
                Refusal::new("IncompleteSignature", self.sentence())
            }
            Self::Skewed { .. } | Self::Expired { .. } | Self::ExpiredToken { .. } => {
                Refusal::new("RequestExpired", "Request has expired.")
            }
            _ => {
                Refusal::new("AuthFailure", "AWS was not able to validate the provided access credentials").status(401)
            }
        }
    }

    fn s3(&self) -> Refusal {
        match self {
            Self::Missing => Refusal::new("AccessDenied", "Access Denied").status(403),
            Self::Incomplete(_) | Self::Credential(_) => {
                let text = "The authorization header is malformed; the authorization header requires three components: Credential, SignedHeaders, and Signature.";
                Refusal::new("AuthorizationHeaderMalformed", text)
            }
            Self::IncompleteQuery(_) => {
                let text = "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.";
                Refusal::new("AuthorizationQueryParametersError", text)
            }
            Self::Unsupported { .. } => {
                let text =
                    "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.";
                Refusal::new("InvalidRequest", text)
            }
            Self::Scope { what, given, expected } => {
                let text = format!(
                    "The authorization header is malformed; the {what} '{given}' is wrong; expecting '{expected}'"
                );
                let refusal = Refusal::new("AuthorizationHeaderMalformed", text);
                if *what == "region" { refusal.member("Region", expected) } else { refusal }
            }
            Self::ScopeDate { given, .. } => {
                let text = format!(
                    "The authorization header is malformed; Invalid credential date \"{given}\". This date is not the same as X-Amz-Date"
                );
                Refusal::new("AuthorizationHeaderMalformed", text)
            }
            _ => self.s3_unproven(),
        }
    }

    /// A claim that S3 could read, and did not believe.
    fn s3_unproven(&self) -> Refusal {
        let time = |moment: &OffsetDateTime| moment.format(&Rfc3339).unwrap_or_default();
        match self {
            Self::NotSigned { headers } => {
                Refusal::new("AccessDenied", self.sentence()).status(403).member("HeadersNotSigned", headers.join(", "))
            }
            Self::Skewed { timestamp, now } => {
                let text = "The difference between the request time and the current time is too large.";
                Refusal::new("RequestTimeTooSkewed", text)
                    .status(403)
                    .member("RequestTime", stamp(*timestamp))
                    .member("ServerTime", time(now))
                    .member("MaxAllowedSkewMilliseconds", "900000")
            }
            Self::Expired { timestamp, seconds, now } => Refusal::new("AccessDenied", "Request has expired")
                .status(403)
                .member("X-Amz-Expires", seconds.to_string())
                .member("Expires", time(&(*timestamp + time::Duration::seconds((*seconds).into()))))
                .member("ServerTime", time(now)),
            Self::Mismatch(mismatch) => {
                let text = "The request signature we calculated does not match the signature you provided. Check your key and signing method.";
                Refusal::new("SignatureDoesNotMatch", text)
                    .status(403)
                    .member("AWSAccessKeyId", &mismatch.access_key)
                    .member("StringToSign", &mismatch.string_to_sign)
                    .member("SignatureProvided", &mismatch.signature)
                    .member("StringToSignBytes", spaced_hex(&mismatch.string_to_sign))
                    .member("CanonicalRequest", &mismatch.canonical_request)
                    .member("CanonicalRequestBytes", spaced_hex(&mismatch.canonical_request))
            }
            Self::BodyHash { claimed, computed } => {
                let text = "The provided 'x-amz-content-sha256' header does not match what was computed.";
                Refusal::new("XAmzContentSHA256Mismatch", text)
                    .member("ClientComputedContentSHA256", claimed)
                    .member("S3ComputedContentSHA256", computed)
            }
            Self::UnknownKey { access_key } => {
                let text = "The AWS Access Key Id you provided does not exist in our records.";
                Refusal::new("InvalidAccessKeyId", text).status(403).member("AWSAccessKeyId", access_key)
            }
            Self::BadToken { token } => {
                let text = "The provided token is malformed or otherwise invalid.";
                Refusal::new("InvalidToken", text).member("Token-0", token)
            }
            Self::ExpiredToken { token } => {
                Refusal::new("ExpiredToken", "The provided token has expired.").member("Token-0", token)
            }
            _ => Refusal::new("AccessDenied", "Access Denied").status(403),
        }
    }
}

fn spaced_hex(text: &str) -> String {
    let bytes: Vec<String> = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    bytes.join(" ")
}
