//! Who signed a request.

use postern_call::{Caller, Refusal};
use postern_names::Region;
use postern_serve::Keys;
use postern_wire::{HttpRequest, Model, sigv4};
use time::OffsetDateTime;

/// The outcome of looking at a request's signature.
pub(crate) enum Signature {
    Of {
        caller: Box<Caller>,
        /// Whether the key is one of temporary credentials.
        is_session: bool,
    },
    /// The request has none.
    Nobody,
}

/// Verifies the signature, if there is one.
pub(crate) fn verify(
    keys: &dyn Keys,
    model: &Model,
    asked: &HttpRequest<'_>,
    now: OffsetDateTime,
) -> Result<Signature, Refusal> {
    let service = model.signing_name();
    let refuse = |error: sigv4::SigError| error.refusal(service);
    let Some(signed) = sigv4::read(asked).map_err(refuse)? else {
        return Ok(Signature::Nobody);
    };
    if signed.scope.service != service {
        let expected = service.to_owned();
        return Err(refuse(sigv4::SigError::Scope { what: "service", given: signed.scope.service.clone(), expected }));
    }
    let Some(credential) = keys.credential(&signed.access_key) else {
        return Err(refuse(sigv4::SigError::UnknownKey { access_key: signed.access_key.clone() }));
    };
    let token = signed.session_token.clone().unwrap_or_default();
    if credential.session_token.as_deref() != signed.session_token.as_deref() {
        return Err(refuse(sigv4::SigError::BadToken { token }));
    }
    if credential.expires.is_some_and(|end| end <= now.unix_timestamp()) {
        return Err(refuse(sigv4::SigError::ExpiredToken { token }));
    }
    signed.verify(&credential.secret, asked, now).map_err(refuse)?;
    let mut caller = credential.caller;
    caller.access_key = Some(signed.access_key);
    Ok(Signature::Of { caller: Box::new(caller), is_session: credential.session_token.is_some() })
}

/// Operations that AWS takes without a signature.
pub(crate) fn needs_none(service: &str, operation: &str) -> bool {
    match service {
        "sts" => matches!(operation, "AssumeRoleWithWebIdentity" | "AssumeRoleWithSAML"),
        // The links in messages.
        "sns" => matches!(operation, "ConfirmSubscription" | "Unsubscribe"),
        _ => false,
    }
}

pub(crate) fn missing(model: &Model) -> Refusal {
    sigv4::SigError::Missing.refusal(model.signing_name())
}

/// Service and region of the credential scope, verified or not: only to find the service.
pub(crate) fn scope(headers: &http::HeaderMap, query: &str) -> Option<(String, Region)> {
    let header = headers.get(http::header::AUTHORIZATION).and_then(|h| h.to_str().ok());
    let from_header =
        header.and_then(|h| h.split("Credential=").nth(1)).map(|c| c.split([',', ' ']).next().unwrap_or(c));
    let in_query = || query.split('&').find_map(|pair| pair.strip_prefix("X-Amz-Credential="));
    let credential = from_header.or_else(in_query)?.replace("%2F", "/").replace("%2f", "/");
    let mut fields = credential.split('/').skip(2);
    let (region, service) = (fields.next()?, fields.next()?);
    Some((service.to_owned(), Region::new(region)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scope_tells_service_and_region() {
        let mut headers = http::HeaderMap::new();
        let found = |headers: &http::HeaderMap, query: &str| scope(headers, query).map(|(s, r)| format!("{s} {r}"));
        assert_eq!(found(&headers, "a=b"), None);
        let query = "X-Amz-Credential=AKIA%2F20261121%2Feu-west-1%2Fs3%2Faws4_request&x=1";
        assert_eq!(found(&headers, query).as_deref(), Some("s3 eu-west-1"));
        let header =
            "AWS4-HMAC-SHA256 Credential=AKIA/20261121/us-east-1/ec2/aws4_request, SignedHeaders=host, Signature=0";
        headers.insert("authorization", header.parse().unwrap());
        assert_eq!(found(&headers, "").as_deref(), Some("ec2 us-east-1"));
    }
}
