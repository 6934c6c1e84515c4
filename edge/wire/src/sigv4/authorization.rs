//! Reads what a request claims: the `Authorization` header or the parameters of a presigned URL.

use super::{ALGORITHM, DATE_TIME, PayloadHash, Scope, SigError, Signed};
use crate::HttpRequest;
use crate::protocol::uri::pairs;
use time::{OffsetDateTime, PrimitiveDateTime};

/// The longest that a presigned request may be good: a week.
const LONGEST: u32 = 7 * 24 * 3600;

/// The claim of a request; `None` when it makes none.
pub fn read(request: &HttpRequest) -> Result<Option<Signed>, SigError> {
    if let Some(value) = request.headers.get("authorization") {
        let value = value.to_str().map_err(|_| incomplete("the Authorization header is not text"))?;
        return from_header(request, value).map(Some);
    }
    let has = |wanted: &str| pairs(request.query).any(|(name, _)| name == wanted);
    if has("X-Amz-Algorithm") || has("X-Amz-Signature") || has("X-Amz-Credential") {
        return from_query(request).map(Some);
    }
    if has("AWSAccessKeyId") && has("Signature") {
        return Err(SigError::Unsupported { algorithm: "AWS".to_owned() });
    }
    Ok(None)
}

fn from_header(request: &HttpRequest, value: &str) -> Result<Signed, SigError> {
    let (algorithm, parts) = value.trim().split_once(' ').unwrap_or((value.trim(), ""));
    if algorithm != ALGORITHM {
        return Err(SigError::Unsupported { algorithm: algorithm.to_owned() });
    }
    let (mut credential, mut headers, mut signature) = (None, None, None);
    for part in parts.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let Some((name, value)) = part.split_once('=') else {
            let text = format!("'{part}' not a valid key=value pair (missing equal-sign) in Authorization header.");
            return Err(incomplete(&text));
        };
        match name.trim() {
            "Credential" => _ = credential.get_or_insert(value.trim()),
            "SignedHeaders" => _ = headers.get_or_insert(value.trim()),
            "Signature" => _ = signature.get_or_insert(value.trim()),
            _ => {}
        }
    }
    let date = date_of(request);
    let mut missing: Vec<String> = [("Credential", credential), ("Signature", signature), ("SignedHeaders", headers)]
        .into_iter()
        .filter(|(_, value)| value.is_none_or(str::is_empty))
        .map(|(name, _)| format!("Authorization header requires '{name}' parameter."))
        .collect();
    if date.is_none() {
        let text = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.";
        missing.push(text.to_owned());
    }
    let (Some(credential), Some(headers), Some(signature), Some(timestamp)) = (credential, headers, signature, date)
    else {
        return Err(incomplete(&missing.join(" ")));
    };
    if !missing.is_empty() {
        return Err(incomplete(&missing.join(" ")));
    }
    let (access_key, scope) = credential_of(credential)?;
    let payload = payload_of(request, &scope.service);
    Ok(Signed {
        access_key,
        scope,
        signed_headers: headers.split(';').map(str::to_ascii_lowercase).collect(),
        signature: signature.to_owned(),
        expires: None,
        presigned: false,
        session_token: request.header("x-amz-security-token").map(str::to_owned),
        payload,
        timestamp: timestamp?,
    })
}

fn from_query(request: &HttpRequest) -> Result<Signed, SigError> {
    let get = |wanted: &str| {
        let found = pairs(request.query).find(|(name, _)| name == wanted);
        found.map(|(_, value)| value.into_owned()).filter(|value| !value.is_empty())
    };
    let need = |wanted: &str| {
        let missing = || SigError::IncompleteQuery(format!("AWS query-string parameters must include '{wanted}'."));
        get(wanted).ok_or_else(missing)
    };
    let algorithm = need("X-Amz-Algorithm")?;
    if algorithm != ALGORITHM {
        return Err(SigError::Unsupported { algorithm });
    }
    let (access_key, scope) = credential_of(&need("X-Amz-Credential")?)?;
    let date = need("X-Amz-Date")?;
    let expires = match get("X-Amz-Expires") {
        Some(text) => {
            Some(text.parse::<u32>().ok().filter(|seconds| (1..=LONGEST).contains(seconds)).ok_or_else(|| {
                SigError::IncompleteQuery("X-Amz-Expires must be between 1 and 604800 seconds".to_owned())
            })?)
        }
        None if scope.service == "s3" => Some(need("X-Amz-Expires")?.parse().unwrap_or(0)),
        None => None,
    };
    let payload = match request.header("x-amz-content-sha256") {
        Some(_) => payload_of(request, &scope.service),
        None if scope.service == "s3" => PayloadHash::Unsigned,
        None => PayloadHash::Absent,
    };
    Ok(Signed {
        access_key,
        signed_headers: need("X-Amz-SignedHeaders")?.split(';').map(str::to_ascii_lowercase).collect(),
        signature: need("X-Amz-Signature")?,
        expires,
        presigned: true,
        session_token: get("X-Amz-Security-Token").or(request.header("x-amz-security-token").map(str::to_owned)),
        payload,
        timestamp: timestamp(&date)?,
        scope,
    })
}

/// `KEY/date/region/service/aws4_request`; the key id itself may hold slashes.
fn credential_of(credential: &str) -> Result<(String, Scope), SigError> {
    let mut parts = credential.rsplitn(5, '/');
    let mut next = || parts.next().filter(|part| !part.is_empty());
    let (terminator, service, region, date, access_key) = (next(), next(), next(), next(), next());
    match (terminator, service, region, date, access_key) {
        (Some("aws4_request"), Some(service), Some(region), Some(date), Some(access_key)) => {
            let scope = Scope { date: date.to_owned(), region: region.to_owned(), service: service.to_owned() };
            Ok((access_key.to_owned(), scope))
        }
        _ => Err(SigError::Credential(format!(
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '{credential}'"
        ))),
    }
}

/// Only S3 lets a body go unsigned.
fn payload_of(request: &HttpRequest, service: &str) -> PayloadHash {
    match request.header("x-amz-content-sha256") {
        Some("UNSIGNED-PAYLOAD") if service == "s3" => PayloadHash::Unsigned,
        Some(kind) if service == "s3" && kind.starts_with("STREAMING-") => PayloadHash::Streaming(kind.to_owned()),
        Some(hash) => PayloadHash::Given(hash.to_owned()),
        None => PayloadHash::Absent,
    }
}

fn date_of(request: &HttpRequest) -> Option<Result<OffsetDateTime, SigError>> {
    match request.header("x-amz-date") {
        Some(date) => Some(timestamp(date)),
        None => request.header("date").map(|date| {
            timestamp(date).or_else(|error| {
                let moment = crate::time::Moment::parse(date).ok_or(error)?;
                OffsetDateTime::from_unix_timestamp(moment.epoch_millis() / 1000).map_err(|_| bad_date(date))
            })
        }),
    }
}

fn timestamp(text: &str) -> Result<OffsetDateTime, SigError> {
    PrimitiveDateTime::parse(text, DATE_TIME).map(PrimitiveDateTime::assume_utc).map_err(|_| bad_date(text))
}

fn bad_date(text: &str) -> SigError {
    incomplete(&format!(
        "Date must be in ISO-8601 'basic format'. Got '{text}'. See http://en.wikipedia.org/wiki/ISO_8601"
    ))
}

fn incomplete(text: &str) -> SigError {
    SigError::Incomplete(text.to_owned())
}
