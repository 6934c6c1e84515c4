//! SigV4, the client's side: the key derived once, each request signed on its own.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

/// Signs requests of one access key to one service and region.
#[derive(Clone)]
pub struct Signer {
    access_key: String,
    secret: String,
    region: String,
    service: String,
    day: String,
    key: [u8; 32],
}

/// What a signature covers besides the scope. The path must be in canonical form and the query empty.
pub struct Asked<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub host: &'a str,
    pub payload_hash: &'a str,
}

impl Signer {
    pub fn new(keys: (String, String), region: &str, service: &str) -> Self {
        let (access_key, secret) = keys;
        let (region, service) = (region.to_owned(), service.to_owned());
        Self { access_key, secret, region, service, day: String::new(), key: [0; 32] }
    }

    /// The header lines `X-Amz-Date`, `X-Amz-Content-Sha256` and `Authorization`, appended to a request's head.
    pub fn sign(&mut self, asked: &Asked<'_>, head: &mut String) {
        let now = OffsetDateTime::now_utc();
        let day = format!("{:04}{:02}{:02}", now.year(), u8::from(now.month()), now.day());
        let date = format!("{day}T{:02}{:02}{:02}Z", now.hour(), now.minute(), now.second());
        if day != self.day {
            self.key = self.derive(&day);
            self.day = day;
        }
        let Asked { method, path, host, payload_hash } = asked;
        let signed = "host;x-amz-content-sha256;x-amz-date";
        let canonical = format!(
            "{method}\n{path}\n\nhost:{host}\nx-amz-content-sha256:{payload_hash}\nx-amz-date:{date}\n\n{signed}\n{payload_hash}"
        );
        let scope = format!("{}/{}/{}/aws4_request", self.day, self.region, self.service);
        let to_sign = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", hash(canonical.as_bytes()));
        let signature = hex::encode(hmac(&self.key, &to_sign));
        let access_key = &self.access_key;
        head.push_str(&format!(
            "X-Amz-Date: {date}\r\nX-Amz-Content-Sha256: {payload_hash}\r\nAuthorization: AWS4-HMAC-SHA256 \
             Credential={access_key}/{scope}, SignedHeaders={signed}, Signature={signature}\r\n"
        ));
    }

    fn derive(&self, day: &str) -> [u8; 32] {
        let date = hmac(format!("AWS4{}", self.secret).as_bytes(), day);
        let region = hmac(&date, &self.region);
        hmac(&hmac(&region, &self.service), "aws4_request")
    }
}

/// SHA-256 in hexadecimal, as `X-Amz-Content-Sha256` wants it.
pub fn hash(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

fn hmac(key: &[u8], text: &str) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_awss_published_example() {
        let keys = ("AKIDEXAMPLE".to_owned(), "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned());
        let key = Signer::new(keys, "us-east-1", "iam").derive("20120215");
        assert_eq!(hex::encode(key), "f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d");
    }
}
