//! The condition keys of a request, by their names in lower case.

use super::visit::Visit;
use crate::arrival::{Signed, header, parameter};
use postern_policy::Keys;
use s3s::access::S3AccessContext;

/// Headers that are condition keys under the same name.
const HEADERS: &[&str] = &[
    "x-amz-acl",
    "x-amz-copy-source",
    "x-amz-metadata-directive",
    "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-storage-class",
    "x-amz-website-redirect-location",
    "x-amz-content-sha256",
    "x-amz-grant-full-control",
    "x-amz-grant-read",
    "x-amz-grant-read-acp",
    "x-amz-grant-write",
    "x-amz-grant-write-acp",
    "x-amz-object-ownership",
    "if-none-match",
    "if-match",
];

/// Query parameters that are condition keys, with the keys' names.
const PARAMETERS: &[(&str, &str)] = &[
    ("prefix", "s3:prefix"),
    ("delimiter", "s3:delimiter"),
    ("max-keys", "s3:max-keys"),
    ("versionId", "s3:versionid"),
];

/// The keys that every S3 request has.
pub(crate) fn basic(visit: &Visit) -> Keys {
    let mut keys = Keys::new();
    let mut set = |name: &str, value: &str| {
        keys.insert(name.into(), vec![value.to_owned()]);
    };
    if let Some(version) = visit.arrival.tls {
        set("s3:tlsversion", version);
    }
    match (visit.signed, visit.form) {
        (Signed::Header, _) => set("s3:authtype", "REST-HEADER"),
        (Signed::Query, _) => set("s3:authtype", "REST-QUERY-STRING"),
        (Signed::OldQuery, _) => {
            set("s3:authtype", "REST-QUERY-STRING");
            set("s3:signatureversion", "AWS");
            return keys;
        }
        (Signed::No, true) => set("s3:authtype", "POST"),
        (Signed::No, false) => return keys,
    }
    set("s3:signatureversion", "AWS4-HMAC-SHA256");
    keys
}

/// The keys of a request, from its headers and its query.
pub(crate) fn of_request(cx: &S3AccessContext<'_>, visit: &Visit) -> Keys {
    let mut keys = basic(visit);
    for (name, value) in cx.headers() {
        if HEADERS.contains(&name.as_str())
            && let Ok(value) = value.to_str()
        {
            // Of a header that comes twice the first counts.
            keys.entry(format!("s3:{name}")).or_insert_with(|| vec![value.to_owned()]);
        }
    }
    if let Some(referer) = header(cx.headers(), "referer") {
        keys.insert("aws:referer".into(), vec![referer.to_owned()]);
    }
    if let Some(query) = cx.uri().query() {
        for (name, key) in PARAMETERS {
            if let Some(value) = parameter(query, name) {
                keys.insert((*key).to_owned(), vec![value]);
            }
        }
        if let Some(seconds) = signature_age(query, visit) {
            keys.insert("s3:signatureage".into(), vec![seconds]);
        }
    }
    if let Some(tags) = header(cx.headers(), "x-amz-tagging").and_then(|t| crate::verbs::tags::of_header(t).ok()) {
        with_request_tags(&mut keys, &tags);
    }
    keys
}

/// How old a presigned request is, in milliseconds.
fn signature_age(query: &str, visit: &Visit) -> Option<String> {
    let format = time::macros::format_description!("[year][month][day]T[hour][minute][second]Z");
    let signed = time::PrimitiveDateTime::parse(&parameter(query, "X-Amz-Date")?, &format).ok()?.assume_utc();
    Some((visit.now - signed).whole_milliseconds().to_string())
}

/// Tags that the request brings.
pub(crate) fn with_request_tags(keys: &mut Keys, tags: &[(String, String)]) {
    for (name, value) in tags {
        keys.insert(format!("s3:requestobjecttag/{}", name.to_lowercase()), vec![value.clone()]);
    }
    keys.insert("s3:requestobjecttagkeys".into(), tags.iter().map(|(name, _)| name.clone()).collect());
}

/// Tags that the request gives to a bucket.
pub(crate) fn with_tags_of_resource(mut keys: Keys, tags: &[(String, String)]) -> Keys {
    for (name, value) in tags {
        keys.insert(format!("aws:requesttag/{}", name.to_lowercase()), vec![value.clone()]);
    }
    keys.insert("aws:tagkeys".into(), tags.iter().map(|(name, _)| name.clone()).collect());
    keys
}

/// Tags that the object has.
pub(crate) fn with_existing_tags(mut keys: Keys, tags: &[(String, String)]) -> Keys {
    for (name, value) in tags {
        keys.insert(format!("s3:existingobjecttag/{}", name.to_lowercase()), vec![value.clone()]);
    }
    keys
}
