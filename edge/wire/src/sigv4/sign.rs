//! The signing side, for requests that are handed on to another server.

use super::{ALGORITHM, PayloadHash, Scope, Signed, canonical, key, stamp};
use crate::HttpRequest;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

/// With what to sign.
#[derive(Debug, Clone, Copy)]
pub struct Signer<'a> {
    pub access_key: &'a str,
    pub secret: &'a str,
    pub region: &'a str,
    /// The signing name.
    pub service: &'a str,
}

impl Signer<'_> {
    /// The `Authorization` of a request whose head is complete, `Host` and `X-Amz-Date` of this moment included. All its
    /// headers named in `headers` (lower case, sorted) are signed. `payload`: the body's hash, or what stands for it.
    pub fn authorization(
        &self,
        request: &HttpRequest,
        headers: &[String],
        payload: &str,
        now: OffsetDateTime,
    ) -> String {
        let time = stamp(now);
        let date = time.get(..8).unwrap_or_default().to_owned();
        let scope = Scope { date, region: self.region.to_owned(), service: self.service.to_owned() };
        let mut signed = Signed {
            access_key: self.access_key.to_owned(),
            scope,
            signed_headers: headers.to_vec(),
            signature: String::new(),
            expires: None,
            presigned: false,
            session_token: None,
            payload: PayloadHash::Absent,
            timestamp: now,
        };
        let canonical = canonical::request(&signed, request, payload);
        let hash = hex::encode(Sha256::digest(canonical.as_bytes()));
        let to_sign = format!("{ALGORITHM}\n{time}\n{}\n{hash}", signed.scope);
        let key = key::signing_key(self.secret, &signed.scope);
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("HMAC takes keys of any length");
        mac.update(to_sign.as_bytes());
        signed.signature = hex::encode(mac.finalize().into_bytes());
        let names = signed.signed_headers.join(";");
        let Signed { access_key, scope, signature, .. } = signed;
        format!("{ALGORITHM} Credential={access_key}/{scope}, SignedHeaders={names}, Signature={signature}")
    }
}

/// The time as `X-Amz-Date` has it: `20261121T101530Z`.
pub fn date_header(now: OffsetDateTime) -> String {
    stamp(now)
}

/// A body's hash as `X-Amz-Content-Sha256` has it.
pub fn payload_hash(body: &[u8]) -> String {
    hex::encode(Sha256::digest(body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sigv4::read;

    #[test]
    fn what_is_signed_here_is_verified_here() {
        let now = OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000);
        for service in ["states", "s3"] {
            let (body, hash) = (b"{\"a\": 1}".as_slice(), payload_hash(b"{\"a\": 1}"));
            let mut headers = http::HeaderMap::new();
            headers.insert("host", "127.0.0.1:5000".parse().unwrap());
            headers.insert("x-amz-date", date_header(now).parse().unwrap());
            headers.insert("x-amz-content-sha256", hash.parse().unwrap());
            headers.insert("x-amz-target", "AWSStepFunctions.ListActivities".parse().unwrap());
            let names: Vec<String> = headers.keys().map(|name| name.as_str().to_owned()).collect();
            let mut names = names;
            names.sort();
            let signer = Signer { access_key: "test", secret: "secret", region: "us-east-1", service };
            let bare = headers.clone();
            let request = HttpRequest { method: "POST", path: "/a%20b/c", query: "b=2&a=1", headers: &bare, body };
            let value = signer.authorization(&request, &names, &hash, now);
            headers.insert("authorization", value.parse().unwrap());
            let request = HttpRequest { headers: &headers, ..request };
            let signed = read(&request).unwrap().unwrap();
            signed.verify("secret", &request, now).unwrap();
            assert!(signed.verify("other", &request, now).is_err());
            assert!(signed.verify("secret", &HttpRequest { query: "a=2", ..request }, now).is_err());
        }
    }
}
