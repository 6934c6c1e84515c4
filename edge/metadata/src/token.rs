//! Session tokens of version 2. A token carries its own proof, so that no number of them costs memory.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE;
use hmac::{Hmac, KeyInit, Mac};
use postern_names::InstanceId;
use sha2::Sha256;

/// The seconds a token may be asked for.
pub(crate) const TTL_SECONDS: std::ops::RangeInclusive<u32> = 1..=21_600;

/// Issues tokens and knows its own again. Tokens of another `Tokens` are strangers.
#[derive(Clone)]
pub struct Tokens {
    key: [u8; 64],
}

impl Tokens {
    /// The key must be random and secret.
    pub fn new(key: [u8; 64]) -> Self {
        Self { key }
    }

    /// A token for one instance until `expires` (seconds since 1970).
    pub(crate) fn issue(&self, instance: InstanceId, expires: i64) -> String {
        let mut bytes = expires.to_be_bytes().to_vec();
        bytes.extend_from_slice(&self.mac(instance, expires).finalize().into_bytes());
        URL_SAFE.encode(bytes)
    }

    /// The seconds a token is good for yet: at least 1. None when it is expired, another instance's, or no token.
    pub(crate) fn remaining(&self, token: &str, instance: InstanceId, now: i64) -> Option<i64> {
        let bytes = URL_SAFE.decode(token).ok()?;
        let (expires, proof) = bytes.split_first_chunk::<8>()?;
        let expires = i64::from_be_bytes(*expires);
        self.mac(instance, expires).verify_slice(proof).ok()?;
        Some(expires.checked_sub(now)?).filter(|left| *left > 0)
    }

    fn mac(&self, instance: InstanceId, expires: i64) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new(&self.key.into());
        mac.update(instance.to_string().as_bytes());
        mac.update(&expires.to_be_bytes());
        mac
    }
}
