//! A provider's public keys (RFC 7517), and whether one of them made a signature (RFC 7518).

use super::Token;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{self, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey};
use serde_json::Value;

/// The keys of one issuer that are for signatures and of a kind known here; others are passed over.
pub struct KeySet(Vec<Key>);

struct Key {
    id: Option<String>,
    /// The only algorithm it is for, if it says so.
    algorithm: Option<String>,
    material: Material,
}

enum Material {
    Rsa {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
    /// `curve`: `P-256`; the point uncompressed.
    Curve {
        curve: String,
        point: Vec<u8>,
    },
}

/// What became of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verified {
    Yes,
    /// The set has no key of the token's id.
    NoKey,
    /// There is the key, but it did not sign this; or the algorithm is none that is taken.
    No,
}

impl KeySet {
    /// The error says what is wrong with the text.
    pub fn read(text: &str) -> Result<Self, String> {
        let set: Value = serde_json::from_str(text).map_err(|error| format!("no JSON: {error}"))?;
        let keys = set.get("keys").and_then(Value::as_array).ok_or("no member `keys` that is a list")?;
        let keys: Vec<Key> = keys.iter().filter_map(Key::read).collect();
        if keys.is_empty() {
            return Err("no RSA or elliptic curve key with an id and for signatures".into());
        }
        Ok(Self(keys))
    }

    pub fn verify(&self, token: &Token<'_>) -> Verified {
        let of_id = |key: &&Key| token.key_id.is_some() && key.id == token.key_id;
        let mut keys = self.0.iter().filter(of_id).peekable();
        if keys.peek().is_none() {
            return Verified::NoKey;
        }
        if keys.any(|key| key.signed(token)) { Verified::Yes } else { Verified::No }
    }
}

impl Key {
    fn read(value: &Value) -> Option<Self> {
        let text = |member: &str| value.get(member).and_then(Value::as_str);
        let number = |member: &str| URL_SAFE_NO_PAD.decode(text(member)?.trim_end_matches('=')).ok();
        if text("use").is_some_and(|purpose| purpose != "sig") {
            return None;
        }
        let material = match text("kty")? {
            "RSA" => Material::Rsa { modulus: significant(number("n")?), exponent: significant(number("e")?) },
            "EC" => {
                let point = [vec![4], number("x")?, number("y")?].concat();
                Material::Curve { curve: text("crv")?.to_owned(), point }
            }
            _ => return None,
        };
        Some(Self { id: text("kid").map(str::to_owned), algorithm: text("alg").map(str::to_owned), material })
    }

    fn signed(&self, token: &Token<'_>) -> bool {
        if self.algorithm.as_ref().is_some_and(|only| *only != token.algorithm) {
            return false;
        }
        let (message, signature) = (token.signed.as_bytes(), &token.signature);
        match &self.material {
            Material::Rsa { modulus, exponent } => rsa(&token.algorithm).is_some_and(|parameters| {
                RsaPublicKeyComponents { n: modulus, e: exponent }.verify(parameters, message, signature).is_ok()
            }),
            Material::Curve { curve, point } => {
                let algorithm: &'static dyn signature::VerificationAlgorithm = match (&*token.algorithm, &**curve) {
                    ("ES256", "P-256") => &signature::ECDSA_P256_SHA256_FIXED,
                    ("ES384", "P-384") => &signature::ECDSA_P384_SHA384_FIXED,
                    _ => return false,
                };
                UnparsedPublicKey::new(algorithm, point).verify(message, signature).is_ok()
            }
        }
    }
}

/// Of at least 2,048 bits, as AWS wants keys. Nothing symmetric and no `none`: a public key must not become a secret.
fn rsa(algorithm: &str) -> Option<&'static RsaParameters> {
    Some(match algorithm {
        "RS256" => &signature::RSA_PKCS1_2048_8192_SHA256,
        "RS384" => &signature::RSA_PKCS1_2048_8192_SHA384,
        "RS512" => &signature::RSA_PKCS1_2048_8192_SHA512,
        "PS256" => &signature::RSA_PSS_2048_8192_SHA256,
        "PS384" => &signature::RSA_PSS_2048_8192_SHA384,
        "PS512" => &signature::RSA_PSS_2048_8192_SHA512,
        _ => return None,
    })
}

/// Without leading zeros, which some providers write.
fn significant(mut bytes: Vec<u8>) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes.drain(..zeros);
    bytes
}
