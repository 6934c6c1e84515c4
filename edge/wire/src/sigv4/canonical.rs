//! The canonical request: the one spelling of a request that both sides sign.

use super::Signed;
use crate::HttpRequest;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};
use std::borrow::Cow;

const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const PATH: &AsciiSet = &UNRESERVED.remove(b'/');

pub(crate) fn request(signed: &Signed, request: &HttpRequest, payload_hash: &str) -> String {
    let path = match signed.scope.service.as_str() {
        "s3" => once_encoded(request.path),
        _ => percent_encode(normalized(request.path).as_bytes(), PATH).to_string(),
    };
    let mut text = String::with_capacity(512);
    for part in [request.method, &path, &query(request.query, signed.presigned)] {
        text.push_str(part);
        text.push('\n');
    }
    for name in &signed.signed_headers {
        text.push_str(name);
        text.push(':');
        header_values(request, name, &mut text);
        text.push('\n');
    }
    text.push('\n');
    text.push_str(&signed.signed_headers.join(";"));
    text.push('\n');
    text.push_str(payload_hash);
    text
}

/// S3 signs the path as sent, in one spelling of its escapes.
fn once_encoded(path: &str) -> String {
    let decoded: Cow<[u8]> = percent_decode_str(path).into();
    match decoded.is_empty() {
        true => "/".to_owned(),
        false => percent_encode(&decoded, PATH).to_string(),
    }
}

/// The path without empty, `.` and `..` segments.
fn normalized(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            segment => segments.push(segment),
        }
    }
    let slash = if path.ends_with('/') && !segments.is_empty() { "/" } else { "" };
    format!("/{}{slash}", segments.join("/"))
}

fn query(query: &str, presigned: bool) -> String {
    if query.is_empty() {
        return String::new();
    }
    let encode = |text: &str| {
        let decoded: Cow<[u8]> = percent_decode_str(text).into();
        percent_encode(&decoded, UNRESERVED).to_string()
    };
    let pairs = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let mut pairs: Vec<(String, String)> = pairs
        .filter(|(name, _)| !(presigned && *name == "X-Amz-Signature"))
        .map(|(name, value)| (encode(name), encode(value)))
        .collect();
    pairs.sort();
    let pairs: Vec<String> = pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("&")
}

/// All values of a header, each with its white space folded, joined by commas.
fn header_values(request: &HttpRequest, name: &str, out: &mut String) {
    for (index, value) in request.headers.get_all(name).iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        let value = String::from_utf8_lossy(value.as_bytes());
        for (index, word) in value.split_ascii_whitespace().enumerate() {
            if index > 0 {
                out.push(' ');
            }
            out.push_str(word);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_normalised_but_for_s3() {
        assert_eq!(normalized(""), "/");
        assert_eq!(normalized("/a/./b/../c//"), "/a/c/");
        assert_eq!(normalized("/../.."), "/");
        assert_eq!(once_encoded("/b/a%20b/../c%2Fd+e"), "/b/a%20b/../c/d%2Be");
        assert_eq!(once_encoded(""), "/");
    }

    #[test]
    fn the_query_is_sorted_by_its_encoded_form() {
        assert_eq!(query("b=2&a=%7e&a=1&c", false), "a=1&a=~&b=2&c=");
        assert_eq!(query("X-Amz-Signature=1&a=b", true), "a=b");
        assert_eq!(query("X-Amz-Signature=1&a=b", false), "X-Amz-Signature=1&a=b");
    }
}
