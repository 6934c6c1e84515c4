//! How a request came, and what its signature says before anyone has verified it.

use crate::error::{Answer, refuse, refuse_with};
use http::{HeaderMap, Uri};
use percent_encoding::percent_decode_str;
use postern_names::Via;

/// What the door knows of a request, in the request's extensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// The way the connection took.
    pub via: Via,
    /// The version of the TLS that carried it, `1.3`; `None`: plain HTTP.
    pub tls: Option<&'static str>,
    /// The region of the endpoint that was addressed, where the door knows it better than the `Host` header.
    pub region_host: Option<String>,
    /// Sent back as `x-amz-request-id`.
    pub request_id: String,
}

/// What became of a request, in the extensions of its reply.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// By model name; empty if the request was refused before that was known.
    pub operation: String,
    /// The caller's ARN, or `anonymous`; empty if nobody was made out.
    pub caller: String,
    /// Code and message of a refusal.
    pub refusal: Option<(String, String)>,
}

/// Operation and caller, written down by the gate for the end of the request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Noted(pub std::sync::Arc<std::sync::OnceLock<(String, String)>>);

/// Where the signature stands: `s3:authType` and `s3:signatureversion` speak of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signed {
    /// Nowhere: anonymous, or in the form of a POST.
    No,
    Header,
    Query,
    /// The query of version 2, which boto3 still makes for URLs in the oldest regions.
    OldQuery,
}

/// What the query of a presigned URL must have.
const ALL_PARAMETERS: &str = "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, \
                              X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.";

/// The claims of a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Signing {
    pub signed: Signed,
    pub region: Option<String>,
    pub token: Option<String>,
}

impl Signing {
    /// Reads them, and refuses what `s3s` would let pass: version 2 in a header, which knows no age; other services'
    /// scopes; headers left unsigned.
    pub fn read(uri: &Uri, headers: &HeaderMap) -> Answer<Self> {
        let token = header(headers, "x-amz-security-token").map(str::to_owned);
        let query = uri.query().unwrap_or_default();
        if let Some(authorization) = header(headers, "authorization") {
            return of_header(authorization, headers, token);
        }
        if !query.contains("Signature=") {
            return Ok(Self { signed: Signed::No, region: None, token });
        }
        if parameter(query, "Signature").is_some() {
            let token = parameter(query, "x-amz-security-token").or(token);
            return Ok(Self { signed: Signed::OldQuery, region: None, token });
        }
        if parameter(query, "X-Amz-Signature").is_none() {
            return Ok(Self { signed: Signed::No, region: None, token });
        }
        let scope = parameter(query, "X-Amz-Credential").ok_or_else(|| query_parameters(ALL_PARAMETERS))?;
        let region =
            scope_region(&scope, "AuthorizationQueryParametersError", "Error parsing the X-Amz-Credential parameter")?;
        if let Some(seconds) = parameter(query, "X-Amz-Expires") {
            check_expiry(&seconds)?;
        }
        let signed = parameter(query, "X-Amz-SignedHeaders").unwrap_or_default();
        all_signed(headers, &signed, &["x-amz-content-sha256"])?;
        let token = parameter(query, "X-Amz-Security-Token").or(token);
        Ok(Self { signed: Signed::Query, region: Some(region), token })
    }
}

fn of_header(authorization: &str, headers: &HeaderMap, token: Option<String>) -> Answer<Signing> {
    if authorization.starts_with("AWS ") {
        return Err(only_version_4());
    }
    let Some(rest) = authorization.strip_prefix("AWS4-HMAC-SHA256") else {
        let mut words = authorization.split_whitespace();
        let kind = words.next().unwrap_or_default().to_owned();
        return Err(refuse_with("InvalidArgument", "Unsupported Authorization Type")
            .member("ArgumentName", "Authorization")
            .member("ArgumentValue", kind));
    };
    let field = |name: &str| {
        rest.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('=')).ok_or_else(|| {
            refuse_with(
                "AuthorizationHeaderMalformed",
                format!(
                    "The authorization header is malformed; the authorization header requires three components: \
                     Credential, SignedHeaders, and Signature; {name} is missing."
                ),
            )
        })
    };
    let region =
        scope_region(field("Credential")?, "AuthorizationHeaderMalformed", "The authorization header is malformed")?;
    field("Signature")?;
    all_signed(headers, field("SignedHeaders")?, &[])?;
    Ok(Signing { signed: Signed::Header, region: Some(region), token })
}

/// The region of `key/date/region/s3/aws4_request`.
fn scope_region(scope: &str, code: &str, lead: &str) -> Answer<String> {
    let fields: Vec<&str> = scope.rsplitn(5, '/').collect();
    let [terminator, service, region, _date, key] = fields.as_slice() else {
        return Err(refuse_with(
            code,
            format!(
                "{lead}; the Credential is mal-formed; expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\"."
            ),
        ));
    };
    if *service != "s3" {
        return Err(refuse_with(
            code,
            format!("{lead}; incorrect service \"{service}\". This endpoint belongs to \"s3\"."),
        ));
    }
    if *terminator != "aws4_request" {
        return Err(refuse_with(
            code,
            format!("{lead}; incorrect terminal \"{terminator}\". This endpoint uses \"aws4_request\"."),
        ));
    }
    if key.is_empty() || region.is_empty() {
        return Err(refuse_with(
            code,
            format!("{lead}; a non-empty Access Key (AKID) and region must be provided in the credential."),
        ));
    }
    Ok((*region).to_owned())
}

fn check_expiry(seconds: &str) -> Answer<()> {
    match seconds.parse::<i64>() {
        Ok(0..=604_800) => Ok(()),
        Ok(n) if n < 0 => Err(query_parameters("X-Amz-Expires must be non-negative")),
        Ok(_) => Err(query_parameters(
            "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than \
             604800 seconds",
        )),
        Err(_) => Err(query_parameters("X-Amz-Expires should be a number")),
    }
}

/// Whoever could add an unsigned `x-amz-` header to a signed request could change what it does.
fn all_signed(headers: &HeaderMap, signed: &str, exempt: &[&str]) -> Answer<()> {
    let signed: Vec<&str> = signed.split(';').collect();
    let missing: Vec<&str> = headers
        .keys()
        .map(http::HeaderName::as_str)
        .filter(|name| name.starts_with("x-amz-") && !exempt.contains(name) && !signed.contains(name))
        .collect();
    if !signed.contains(&"host") || !missing.is_empty() {
        let named = if missing.is_empty() { "host".to_owned() } else { missing.join(", ") };
        return Err(refuse_with("AccessDenied", "There were headers present in the request which were not signed")
            .member("HeadersNotSigned", named));
    }
    Ok(())
}

pub(crate) fn only_version_4() -> postern_call::Refusal {
    refuse_with(
        "InvalidRequest",
        "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.",
    )
}

fn query_parameters(message: &str) -> postern_call::Refusal {
    let mut refusal = refuse("AuthorizationQueryParametersError");
    refusal.message = message.to_owned();
    refusal
}

/// A header's text, if it is there and is text.
pub(crate) fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|v| v.to_str().ok())
}

/// A query parameter, decoded.
pub(crate) fn parameter(query: &str, name: &str) -> Option<String> {
    query.split('&').find_map(|pair| {
        let (found, value) = pair.split_once('=').unwrap_or((pair, ""));
        (found == name).then(|| percent_decode_str(&value.replace('+', " ")).decode_utf8_lossy().into_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(n, v)| (http::HeaderName::from_static(n), v.parse().unwrap())).collect()
    }

    fn read(uri: &str, pairs: &[(&'static str, &str)]) -> Answer<Signing> {
        Signing::read(&uri.parse().unwrap(), &headers(pairs))
    }

    const GOOD: &str = "AWS4-HMAC-SHA256 Credential=AKIA/20250101/eu-west-1/s3/aws4_request, \
                        SignedHeaders=host;x-amz-date, Signature=00";

    #[test]
    fn the_region_is_the_one_signed_for() {
        let signing = read("/", &[("authorization", GOOD), ("x-amz-date", "d")]).unwrap();
        assert_eq!((signing.signed, signing.region.as_deref()), (Signed::Header, Some("eu-west-1")));
        let uri = "/b/k?X-Amz-Credential=AKIA%2F20250101%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Expires=60&\
                   X-Amz-SignedHeaders=host&X-Amz-Security-Token=a%2Bb&X-Amz-Signature=00";
        let signing = read(uri, &[]).unwrap();
        assert_eq!((signing.signed, signing.token.as_deref()), (Signed::Query, Some("a+b")));
        assert_eq!(read("/", &[]).unwrap().signed, Signed::No);
    }

    #[test]
    fn what_is_not_signed_is_not_believed() {
        let refusal = read("/", &[("authorization", GOOD), ("x-amz-date", "d"), ("x-amz-acl", "private")]).unwrap_err();
        assert_eq!(refusal.code, "AccessDenied");
        assert_eq!(refusal.members, [("HeadersNotSigned".to_owned(), "x-amz-acl".to_owned())]);
    }

    #[test]
    fn other_services_and_versions_are_refused() {
        let sts = GOOD.replace("/s3/", "/sts/");
        let sts = read("/", &[("authorization", sts.as_str())]).unwrap_err();
        assert_eq!(sts.code, "AuthorizationHeaderMalformed");
        assert_eq!(read("/", &[("authorization", "AWS AKIA:sig")]).unwrap_err().code, "InvalidRequest");
        assert_eq!(read("/b?AWSAccessKeyId=A&Expires=1&Signature=x", &[]).unwrap().signed, Signed::OldQuery);
        assert_eq!(read("/", &[("authorization", "Basic abc")]).unwrap_err().code, "InvalidArgument");
        assert_eq!(
            read("/", &[("authorization", "AWS4-HMAC-SHA256 x")]).unwrap_err().code,
            "AuthorizationHeaderMalformed"
        );
    }
}
