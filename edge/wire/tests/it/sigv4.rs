//! The published Signature Version 4 cases, and every wrong turn.

use http::{HeaderMap, HeaderName, HeaderValue};
use postern_wire::HttpRequest;
use postern_wire::sigv4::{SigError, read};
use serde_json::Value;
use time::OffsetDateTime;
use time::macros::datetime;

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const NOW: OffsetDateTime = datetime!(2015-08-30 12:36:00 UTC);

/// A request as the suite writes it: request line, headers (with continuation lines), body.
pub struct Raw {
    method: String,
    path: String,
    query: String,
    headers: HeaderMap,
    body: String,
}

impl Raw {
    fn parse(text: &str) -> Raw {
        let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
        let mut lines = head.lines();
        let first = lines.next().unwrap().trim_end_matches(" HTTP/1.1");
        let (method, target) = first.split_once(' ').unwrap();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut folded: Vec<(String, String)> = Vec::new();
        for line in lines {
            match line.split_once(':') {
                Some((name, value)) if !line.starts_with(' ') => folded.push((name.to_owned(), value.to_owned())),
                // HTTP no longer has continuation lines; their words belong to one value.
                _ => folded.last_mut().unwrap().1.push_str(&format!(" {}", line.trim())),
            }
        }
        let mut headers = HeaderMap::new();
        for (name, value) in folded {
            headers
                .append(HeaderName::try_from(name).unwrap(), HeaderValue::from_bytes(value.trim().as_bytes()).unwrap());
        }
        Raw { method: method.into(), path: path.into(), query: query.into(), headers, body: body.into() }
    }

    fn header(&mut self, name: &str, value: &str) {
        let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
        self.headers.insert(HeaderName::try_from(name).unwrap(), value);
    }

    fn request(&self) -> HttpRequest<'_> {
        HttpRequest {
            method: &self.method,
            path: &self.path,
            query: &self.query,
            headers: &self.headers,
            body: self.body.as_bytes(),
        }
    }
}

#[test]
fn the_published_cases_verify_and_no_other_secret_does() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("../vectors/aws4.json")).unwrap();
    assert!(cases.len() > 30);
    for case in &cases {
        let name = case["name"].as_str().unwrap();
        let mut raw = Raw::parse(case["sreq"].as_str().unwrap());
        // One signed request of the suite has a signature cut short; the separate header is whole.
        raw.header("authorization", case["authz"].as_str().unwrap());
        let signed = read(&raw.request()).unwrap().unwrap();
        assert_eq!(signed.verify(SECRET, &raw.request(), NOW), Ok(()), "{name}\n{}", case["creq"].as_str().unwrap());
        match signed.verify("another", &raw.request(), NOW) {
            Err(SigError::Mismatch(mismatch)) => {
                assert_eq!(mismatch.canonical_request, case["creq"].as_str().unwrap().trim_end(), "{name}");
                assert_eq!(mismatch.string_to_sign, case["sts"].as_str().unwrap().trim_end(), "{name}");
            }
            other => panic!("{name}: {other:?}"),
        }
    }
}

/// A request that botocore signed, by name, and the moment of its signing.
fn signed_by_botocore(name: &str) -> (Raw, OffsetDateTime) {
    let cases: Vec<Value> = serde_json::from_str(include_str!("../vectors/signed.json")).unwrap();
    let case = cases.iter().find(|case| case["name"] == name).unwrap_or_else(|| panic!("no case {name}"));
    let text = |key: &str| case[key].as_str().unwrap().to_owned();
    let target = text("target");
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let mut raw = Raw {
        method: text("method"),
        path: path.to_owned(),
        query: query.to_owned(),
        headers: HeaderMap::new(),
        body: text("body"),
    };
    for header in case["headers"].as_array().unwrap() {
        raw.header(header[0].as_str().unwrap(), header[1].as_str().unwrap());
    }
    let at = read(&raw.request()).unwrap().unwrap().timestamp;
    (raw, at)
}

const NAMES: [&str; 10] = [
    "ec2 form",
    "ec2 form on another port",
    "dynamodb json",
    "lambda path encoded twice",
    "sts presigned",
    "s3 hard key",
    "s3 put",
    "s3 unsigned payload",
    "s3 presigned",
    "s3 presigned session",
];

#[test]
fn what_botocore_signs_verifies_and_nothing_altered_does() {
    for name in NAMES {
        let (mut raw, at) = signed_by_botocore(name);
        let verify = |raw: &Raw| {
            let signed = read(&raw.request()).unwrap().unwrap();
            signed.verify(SECRET, &raw.request(), at).map_err(|error| error.refusal(&signed.scope.service).code)
        };
        assert_eq!(verify(&raw), Ok(()), "{name}");
        raw.header("host", "elsewhere");
        assert!(verify(&raw).is_err(), "{name}: another host");
        let (mut raw, _) = signed_by_botocore(name);
        raw.path.push_str("more");
        assert!(verify(&raw).is_err(), "{name}: another path");
        let (mut raw, _) = signed_by_botocore(name);
        raw.query.push_str("&more=1");
        assert!(verify(&raw).is_err(), "{name}: another query");
        let (mut raw, _) = signed_by_botocore(name);
        raw.method = "DELETE".to_owned();
        assert!(verify(&raw).is_err(), "{name}: another method");
        let (mut raw, _) = signed_by_botocore(name);
        raw.body.push('!');
        let free = ["s3 unsigned payload", "s3 presigned", "s3 presigned session"].contains(&name);
        assert_eq!(verify(&raw).is_ok(), free, "{name}: another body");
    }
}

#[test]
fn a_body_that_is_not_the_signed_one_is_told_apart_by_s3() {
    let (mut raw, at) = signed_by_botocore("s3 put");
    raw.body = "other".to_owned();
    let signed = read(&raw.request()).unwrap().unwrap();
    let error = signed.verify(SECRET, &raw.request(), at).unwrap_err();
    assert_eq!(error.refusal("s3").code, "XAmzContentSHA256Mismatch");
    assert_eq!(signed.verify_head(SECRET, &raw.request(), at), Ok(()));
}

#[test]
fn clocks_may_be_off_by_a_quarter_of_an_hour() {
    let (raw, at) = signed_by_botocore("ec2 form");
    let signed = read(&raw.request()).unwrap().unwrap();
    let code = |minutes: i64, service: &str| {
        let now = at + time::Duration::minutes(minutes);
        signed.verify(SECRET, &raw.request(), now).map_err(|error| error.refusal(service).code)
    };
    for service in ["ec2", "sts", "dynamodb", "s3"] {
        assert_eq!(code(14, service), Ok(()));
        assert_eq!(code(-14, service), Ok(()));
    }
    for minutes in [16, -16] {
        assert_eq!(code(minutes, "ec2"), Err("RequestExpired".to_owned()));
        assert_eq!(code(minutes, "sts"), Err("SignatureDoesNotMatch".to_owned()));
        assert_eq!(code(minutes, "dynamodb"), Err("InvalidSignatureException".to_owned()));
        assert_eq!(code(minutes, "s3"), Err("RequestTimeTooSkewed".to_owned()));
    }
}

#[test]
fn presigned_requests_are_good_until_they_expire() {
    let (raw, at) = signed_by_botocore("s3 presigned");
    let signed = read(&raw.request()).unwrap().unwrap();
    assert!(signed.presigned);
    assert_eq!(signed.expires, Some(60));
    assert_eq!(signed.verify(SECRET, &raw.request(), at + time::Duration::seconds(60)), Ok(()));
    let refusal = signed.verify(SECRET, &raw.request(), at + time::Duration::seconds(61)).unwrap_err().refusal("s3");
    assert_eq!((refusal.code.as_str(), refusal.message.as_str()), ("AccessDenied", "Request has expired"));
    let (raw, at) = signed_by_botocore("s3 presigned session");
    let signed = read(&raw.request()).unwrap().unwrap();
    assert_eq!(signed.session_token.as_deref(), Some("IQoJb3JpZ2luX2VjE//+=="));
    assert_eq!(signed.verify(SECRET, &raw.request(), at + time::Duration::days(6)), Ok(()));
}

#[test]
fn half_a_signature_is_refused_in_the_service_s_words() {
    let (mut raw, _) = signed_by_botocore("ec2 form");
    let whole = raw.headers["authorization"].to_str().unwrap().to_owned();
    let mut refused = |authorization: &str, service: &str| {
        raw.header("authorization", authorization);
        read(&raw.request()).unwrap_err().refusal(service)
    };
    let cut = whole.split(", Signature").next().unwrap();
    assert_eq!(refused(cut, "sts").message, "Authorization header requires 'Signature' parameter.");
    assert_eq!(refused(cut, "sts").code, "IncompleteSignature");
    assert_eq!(refused(cut, "kms").code, "IncompleteSignatureException");
    assert_eq!(refused(cut, "s3").code, "AuthorizationHeaderMalformed");
    assert_eq!(refused(&whole.replace("/aws4_request", ""), "sts").code, "IncompleteSignature");
    assert_eq!(refused("AWS AKID:sig", "s3").code, "InvalidRequest");
    assert_eq!(refused("", "sts").code, "IncompleteSignature");
    raw.headers.remove("authorization");
    assert_eq!(read(&raw.request()), Ok(None));
}

#[test]
fn what_must_be_signed_must_be_signed() {
    let (mut raw, at) = signed_by_botocore("s3 put");
    raw.header("x-amz-acl", "public-read");
    let signed = read(&raw.request()).unwrap().unwrap();
    let error = signed.verify(SECRET, &raw.request(), at).unwrap_err();
    assert_eq!(error, SigError::NotSigned { headers: vec!["x-amz-acl".to_owned()] });
    let (mut raw, at) = signed_by_botocore("ec2 form");
    let without = raw.headers["authorization"].to_str().unwrap().replace(";host", "");
    raw.header("authorization", &without);
    let signed = read(&raw.request()).unwrap().unwrap();
    let error = signed.verify(SECRET, &raw.request(), at).unwrap_err();
    assert_eq!(error, SigError::NotSigned { headers: vec!["host".to_owned()] });
}

#[test]
fn the_words_for_wrong_keys_are_each_family_s_own() {
    let unknown = SigError::UnknownKey { access_key: "AKID".to_owned() };
    let codes = ["ec2", "sts", "kms", "s3"].map(|service| unknown.refusal(service).code);
    assert_eq!(codes, ["AuthFailure", "InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId"]);
    let status = ["ec2", "sts", "kms", "s3"].map(|service| unknown.refusal(service).status);
    assert_eq!(status, [401, 403, 400, 403]);
}
