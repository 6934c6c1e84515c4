//! Signature Version 4: what a request claims, and whether its signer knew the secret; and requests signed to be handed on.

mod authorization;
mod canonical;
mod error;
mod key;
mod sign;

pub use authorization::read;
pub use error::{Mismatch, SigError};
pub use sign::{Signer, date_header, payload_hash};

use crate::HttpRequest;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use time::{Duration, OffsetDateTime};

/// How far a client's clock may be off.
pub const SKEW: Duration = Duration::minutes(15);

pub(crate) const ALGORITHM: &str = "AWS4-HMAC-SHA256";
pub(crate) const DATE_TIME: &[time::format_description::BorrowedFormatItem<'_>] =
    time::macros::format_description!("[year][month][day]T[hour][minute][second]Z");

/// For what a signature was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// `20261121`.
    pub date: String,
    pub region: String,
    /// The signing name: `ec2`, `s3`.
    pub service: String,
}

impl std::fmt::Display for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}/{}/aws4_request", self.date, self.region, self.service)
    }
}

/// What a request says about the hash of its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PayloadHash {
    /// Nothing: the body's own hash was signed.
    Absent,
    /// `x-amz-content-sha256` with this hash in hexadecimal.
    Given(String),
    /// `UNSIGNED-PAYLOAD`, and S3's presigned requests.
    Unsigned,
    /// `STREAMING-...`: the chunks carry signatures or a trailer of their own.
    Streaming(String),
}

/// A request's claim to be signed, as yet unproven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    pub access_key: String,
    pub scope: Scope,
    /// Lower case, in the order given.
    pub signed_headers: Vec<String>,
    /// Hexadecimal.
    pub signature: String,
    /// Seconds for which a presigned request is good; `None` for one signed in its header.
    pub expires: Option<u32>,
    /// Whether the signature is in the query string.
    pub presigned: bool,
    pub session_token: Option<String>,
    pub payload: PayloadHash,
    pub timestamp: OffsetDateTime,
}

impl Signed {
    /// Proves the signature, its time, and the body against the hash that was signed.
    pub fn verify(&self, secret: &str, request: &HttpRequest, now: OffsetDateTime) -> Result<(), SigError> {
        let computed = match &self.payload {
            PayloadHash::Unsigned | PayloadHash::Streaming(_) => None,
            PayloadHash::Absent | PayloadHash::Given(_) => Some(hex::encode(Sha256::digest(request.body))),
        };
        let hash = match (&self.payload, &computed) {
            // S3 signs what the header says, so that the head can be judged before the body has come.
            (PayloadHash::Given(claimed), _) if self.scope.service == "s3" => claimed,
            (_, Some(computed)) => computed,
            (PayloadHash::Streaming(kind), None) => kind,
            (_, None) => "UNSIGNED-PAYLOAD",
        };
        self.prove(secret, request, hash, now)?;
        match (&self.payload, computed) {
            (PayloadHash::Given(claimed), Some(computed)) if !claimed.eq_ignore_ascii_case(&computed) => {
                Err(SigError::BodyHash { claimed: claimed.clone(), computed })
            }
            _ => Ok(()),
        }
    }

    /// Proves the signature and its time by the head alone, with the body's hash taken from the head: for bodies that
    /// are streamed. Whoever streams must hold the body against [`Signed::payload`].
    pub fn verify_head(&self, secret: &str, request: &HttpRequest, now: OffsetDateTime) -> Result<(), SigError> {
        match &self.payload {
            PayloadHash::Given(hash) | PayloadHash::Streaming(hash) => self.prove(secret, request, hash, now),
            PayloadHash::Unsigned => self.prove(secret, request, "UNSIGNED-PAYLOAD", now),
            PayloadHash::Absent => self.prove(secret, request, &hex::encode(Sha256::digest(b"")), now),
        }
    }

    fn prove(&self, secret: &str, request: &HttpRequest, hash: &str, now: OffsetDateTime) -> Result<(), SigError> {
        self.check_time(now)?;
        self.check_headers(request)?;
        let canonical_request = canonical::request(self, request, hash);
        let string_to_sign = format!(
            "{ALGORITHM}\n{}\n{}\n{}",
            stamp(self.timestamp),
            self.scope,
            hex::encode(Sha256::digest(canonical_request.as_bytes()))
        );
        let given = hex::decode(&self.signature).unwrap_or_default();
        let key = key::signing_key(secret, &self.scope);
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("HMAC takes keys of any length");
        mac.update(string_to_sign.as_bytes());
        // Compares in constant time.
        mac.verify_slice(&given).map_err(|_| {
            SigError::Mismatch(Box::new(Mismatch {
                access_key: self.access_key.clone(),
                signature: self.signature.clone(),
                canonical_request,
                string_to_sign,
            }))
        })
    }

    fn check_time(&self, now: OffsetDateTime) -> Result<(), SigError> {
        let timestamp = self.timestamp;
        if stamp(timestamp).get(..8) != Some(&self.scope.date) {
            return Err(SigError::ScopeDate { given: self.scope.date.clone(), timestamp: stamp(timestamp) });
        }
        if timestamp > now + SKEW {
            return Err(SigError::Skewed { timestamp, now });
        }
        match self.expires {
            Some(seconds) if now > timestamp + Duration::seconds(seconds.into()) => {
                Err(SigError::Expired { timestamp, seconds, now })
            }
            None if now > timestamp + SKEW => Err(SigError::Skewed { timestamp, now }),
            _ => Ok(()),
        }
    }

    fn check_headers(&self, request: &HttpRequest) -> Result<(), SigError> {
        let signed = |name: &str| self.signed_headers.iter().any(|header| header == name);
        if !signed("host") {
            return Err(SigError::NotSigned { headers: vec!["host".to_owned()] });
        }
        if self.scope.service != "s3" {
            return Ok(());
        }
        let names = request.headers.keys().map(|name| name.as_str());
        let unsigned: Vec<String> =
            names.filter(|name| name.starts_with("x-amz-") && !signed(name)).map(str::to_owned).collect();
        if unsigned.is_empty() { Ok(()) } else { Err(SigError::NotSigned { headers: unsigned }) }
    }
}

/// `20261121T101530Z`.
pub(crate) fn stamp(moment: OffsetDateTime) -> String {
    moment.to_offset(time::UtcOffset::UTC).format(DATE_TIME).unwrap_or_default()
}
