//! The tokens of OpenID Connect providers (RFC 7519): read, verified against the issuer's keys, and their claims.
//!
//! Pure: where the keys come from is told by [`Issuers`], what time it is by the caller.

mod claims;
mod key_set;

pub use claims::Claims;
pub use key_set::{KeySet, Verified};

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// Who knows the keys of identity providers. There is no internet to fetch them from.
#[async_trait]
pub trait Issuers: Send + Sync {
    /// The issuer's JSON Web Key Set (RFC 7517) as text; `None`: nobody said where it is. The error is for the operator.
    async fn key_set(&self, issuer: &str) -> Result<Option<String>, String>;
}

/// Knows none.
pub struct NoIssuers;

#[async_trait]
impl Issuers for NoIssuers {
    async fn key_set(&self, _: &str) -> Result<Option<String>, String> {
        Ok(None)
    }
}

/// A token taken apart; nothing of it is verified yet.
pub struct Token<'a> {
    /// `RS256`.
    pub algorithm: String,
    /// Which of the issuer's keys signed it.
    pub key_id: Option<String>,
    pub claims: Claims,
    /// What the signature is over: header and claims as they were sent.
    signed: &'a str,
    signature: Vec<u8>,
}

impl<'a> Token<'a> {
    /// `None`: it is no signed token in compact form.
    pub fn read(text: &'a str) -> Option<Self> {
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let header = object(header)?;
        // What a header calls critical must be understood (RFC 7515, 4.1.11); nothing is.
        if header.get("crit").is_some() {
            return None;
        }
        let text = |member: &str| header.get(member).and_then(Value::as_str).map(str::to_owned);
        Some(Self {
            algorithm: text("alg")?,
            key_id: text("kid"),
            claims: Claims::new(object(claims)?),
            signed,
            signature: URL_SAFE_NO_PAD.decode(signature).ok()?,
        })
    }
}

fn object(encoded: &str) -> Option<Value> {
    let value: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(encoded).ok()?).ok()?;
    value.is_object().then_some(value)
}
