//! Key material: made, written, read, and used. Nothing here knows who may.

use crate::spec::Spec;
use hmac::{Hmac, KeyInit, Mac};
use p256::ecdsa::signature::hazmat::{PrehashSigner, PrehashVerifier};
use p256::pkcs8::{DecodePrivateKey, EncodePrivateKey, EncodePublicKey};
use postern_call::Refusal;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use rsa::Generate;
use sha1::Sha1;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};

/// One key, ready for use.
pub enum Material {
    Symmetric { key: Box<LessSafeKey>, bytes: [u8; 32] },
    Rsa(Box<rsa::PrivateKey>),
    P256(p256::ecdsa::SigningKey),
    P384(p384::ecdsa::SigningKey),
    P521(p521::ecdsa::SigningKey),
    Hmac(Vec<u8>),
}

/// The ciphertext, or what should be opened, is none of this key's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unopened;

fn failed<E: std::fmt::Display>(step: &'static str) -> impl Fn(E) -> Refusal {
    move |error| Refusal::internal(format!("{step}: {error}"))
}

/// Random bytes of the system.
pub fn random<const N: usize>() -> Result<[u8; N], Refusal> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(failed("draw random bytes"))?;
    Ok(bytes)
}

impl Material {
    /// Fresh material. RSA takes long: not for a thread of the runtime.
    pub fn make(spec: Spec) -> Result<Self, Refusal> {
        let ecc = failed("make a curve's key");
        Ok(match spec {
            Spec::Symmetric => Self::symmetric(random()?)?,
            Spec::P256 => Self::P256(p256::ecdsa::SigningKey::try_generate().map_err(ecc)?),
            Spec::P384 => Self::P384(p384::ecdsa::SigningKey::try_generate().map_err(ecc)?),
            Spec::P521 => Self::P521(p521::ecdsa::SigningKey::try_generate().map_err(ecc)?),
            Spec::Hmac224 => Self::Hmac(random::<28>()?.to_vec()),
            Spec::Hmac256 => Self::Hmac(random::<32>()?.to_vec()),
            Spec::Hmac384 => Self::Hmac(random::<48>()?.to_vec()),
            Spec::Hmac512 => Self::Hmac(random::<64>()?.to_vec()),
            Spec::Rsa2048 | Spec::Rsa3072 | Spec::Rsa4096 => {
                let bits = spec.rsa_bits().unwrap_or(2048);
                let key = rsa::PrivateKey::new(&mut getrandom::SysRng, bits).map_err(failed("make an RSA key"))?;
                Self::Rsa(Box::new(key))
            }
        })
    }

    fn symmetric(bytes: [u8; 32]) -> Result<Self, Refusal> {
        let key = UnboundKey::new(&AES_256_GCM, &bytes).map_err(failed("take an AES key"))?;
        Ok(Self::Symmetric { key: Box::new(LessSafeKey::new(key)), bytes })
    }

    /// The private key as PKCS #8, or the secret bytes.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Refusal> {
        let pkcs8 = failed("write a key");
        Ok(match self {
            Self::Symmetric { bytes, .. } => bytes.to_vec(),
            Self::Hmac(bytes) => bytes.clone(),
            Self::Rsa(key) => key.to_pkcs8_der().map_err(pkcs8)?.as_bytes().to_vec(),
            Self::P256(key) => key.to_pkcs8_der().map_err(pkcs8)?.as_bytes().to_vec(),
            Self::P384(key) => key.to_pkcs8_der().map_err(pkcs8)?.as_bytes().to_vec(),
            Self::P521(key) => key.to_pkcs8_der().map_err(pkcs8)?.as_bytes().to_vec(),
        })
    }

    /// What [`Material::to_bytes`] gave.
    pub fn from_bytes(spec: Spec, bytes: &[u8]) -> Result<Self, Refusal> {
        let pkcs8 = failed("read a key");
        Ok(match spec {
            Spec::Symmetric => Self::symmetric(bytes.try_into().map_err(failed("read an AES key"))?)?,
            Spec::P256 => Self::P256(p256::ecdsa::SigningKey::from_pkcs8_der(bytes).map_err(pkcs8)?),
            Spec::P384 => Self::P384(p384::ecdsa::SigningKey::from_pkcs8_der(bytes).map_err(pkcs8)?),
            Spec::P521 => Self::P521(p521::ecdsa::SigningKey::from_pkcs8_der(bytes).map_err(pkcs8)?),
            Spec::Hmac224 | Spec::Hmac256 | Spec::Hmac384 | Spec::Hmac512 => Self::Hmac(bytes.to_vec()),
            Spec::Rsa2048 | Spec::Rsa3072 | Spec::Rsa4096 => {
                Self::Rsa(Box::new(rsa::PrivateKey::from_pkcs8_der(bytes).map_err(pkcs8)?))
            }
        })
    }

    /// The public key as DER (SubjectPublicKeyInfo); `None` for a secret.
    pub fn public_key(&self) -> Result<Option<Vec<u8>>, Refusal> {
        let spki = failed("write a public key");
        let document = match self {
            Self::Symmetric { .. } | Self::Hmac(_) => return Ok(None),
            Self::Rsa(key) => key.to_public_key().to_public_key_der().map_err(spki)?,
            Self::P256(key) => key.verifying_key().to_public_key_der().map_err(spki)?,
            Self::P384(key) => key.verifying_key().to_public_key_der().map_err(spki)?,
            Self::P521(key) => key.verifying_key().to_public_key_der().map_err(spki)?,
        };
        Ok(Some(document.as_bytes().to_vec()))
    }

    /// AES-256-GCM under a fresh nonce: nonce, ciphertext, tag.
    pub fn seal(&self, plaintext: &[u8], bound: &[u8]) -> Result<Vec<u8>, Refusal> {
        let Self::Symmetric { key, .. } = self else { return Err(Refusal::internal("sealing with no AES key")) };
        let nonce = random::<NONCE_LEN>()?;
        let mut sealed = plaintext.to_vec();
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(bound), &mut sealed)
            .map_err(failed("seal"))?;
        Ok([&nonce[..], &sealed[..]].concat())
    }

    /// Opens what [`Material::seal`] gave, bound to the same bytes.
    pub fn open(&self, sealed: &[u8], bound: &[u8]) -> Result<Vec<u8>, Unopened> {
        let Self::Symmetric { key, .. } = self else { return Err(Unopened) };
        let (nonce, rest) = sealed.split_at_checked(NONCE_LEN).ok_or(Unopened)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| Unopened)?;
        let mut opened = rest.to_vec();
        let plaintext = key.open_in_place(nonce, Aad::from(bound), &mut opened).map_err(|_| Unopened)?;
        Ok(plaintext.to_vec())
    }

    /// RSAES-OAEP by AWS's word.
    pub fn rsa_encrypt(&self, plaintext: &[u8], algorithm: &str) -> Result<Vec<u8>, Refusal> {
        let Self::Rsa(key) = self else { return Err(Refusal::internal("RSA with no RSA key")) };
        let public = key.as_public_key();
        let done = match algorithm {
            "RSAES_OAEP_SHA_1" => public.oaep_encrypt::<Sha1>(plaintext),
            _ => public.oaep_encrypt::<Sha256>(plaintext),
        };
        done.map_err(failed("RSA encrypt"))
    }

    pub fn rsa_decrypt(&self, ciphertext: &[u8], algorithm: &str) -> Result<Vec<u8>, Unopened> {
        let Self::Rsa(key) = self else { return Err(Unopened) };
        let done = match algorithm {
            "RSAES_OAEP_SHA_1" => key.oaep_decrypt::<Sha1>(ciphertext),
            _ => key.oaep_decrypt::<Sha256>(ciphertext),
        };
        done.map_err(|_| Unopened)
    }

    /// Signs a digest of the algorithm's length; ECDSA signatures are DER.
    pub fn sign(&self, digest: &[u8], algorithm: &str) -> Result<Vec<u8>, Refusal> {
        let failed = failed("sign");
        let rsa = |done: rsa::Result<Vec<u8>>| done.map_err(|error| Refusal::internal(format!("sign: {error}")));
        match (self, algorithm) {
            (Self::Rsa(key), "RSASSA_PKCS1_V1_5_SHA_256") => rsa(key.pkcs1v15_sign_prehash::<Sha256>(digest)),
            (Self::Rsa(key), "RSASSA_PKCS1_V1_5_SHA_384") => rsa(key.pkcs1v15_sign_prehash::<Sha384>(digest)),
            (Self::Rsa(key), "RSASSA_PKCS1_V1_5_SHA_512") => rsa(key.pkcs1v15_sign_prehash::<Sha512>(digest)),
            (Self::Rsa(key), "RSASSA_PSS_SHA_256") => rsa(key.pss_sign_prehash::<Sha256>(digest)),
            (Self::Rsa(key), "RSASSA_PSS_SHA_384") => rsa(key.pss_sign_prehash::<Sha384>(digest)),
            (Self::Rsa(key), "RSASSA_PSS_SHA_512") => rsa(key.pss_sign_prehash::<Sha512>(digest)),
            (Self::P256(key), _) => {
                let signed: p256::ecdsa::Signature = key.sign_prehash(digest).map_err(failed)?;
                Ok(signed.to_der().as_bytes().to_vec())
            }
            (Self::P384(key), _) => {
                let signed: p384::ecdsa::Signature = key.sign_prehash(digest).map_err(failed)?;
                Ok(signed.to_der().as_bytes().to_vec())
            }
            (Self::P521(key), _) => {
                let signed: p521::ecdsa::Signature = key.sign_prehash(digest).map_err(failed)?;
                Ok(signed.to_der().as_bytes().to_vec())
            }
            _ => Err(Refusal::internal(format!("no key signs {algorithm}"))),
        }
    }

    /// Whether this key made the signature over the digest.
    pub fn verifies(&self, digest: &[u8], signature: &[u8], algorithm: &str) -> bool {
        match self {
            Self::Rsa(key) => {
                let key = key.as_public_key();
                match algorithm {
                    "RSASSA_PKCS1_V1_5_SHA_256" => key.pkcs1v15_verify_prehash::<Sha256>(digest, signature),
                    "RSASSA_PKCS1_V1_5_SHA_384" => key.pkcs1v15_verify_prehash::<Sha384>(digest, signature),
                    "RSASSA_PKCS1_V1_5_SHA_512" => key.pkcs1v15_verify_prehash::<Sha512>(digest, signature),
                    "RSASSA_PSS_SHA_256" => key.pss_verify_prehash::<Sha256>(digest, signature),
                    "RSASSA_PSS_SHA_384" => key.pss_verify_prehash::<Sha384>(digest, signature),
                    _ => key.pss_verify_prehash::<Sha512>(digest, signature),
                }
                .is_ok()
            }
            Self::P256(key) => p256::ecdsa::Signature::from_der(signature)
                .is_ok_and(|signature| key.verifying_key().verify_prehash(digest, &signature).is_ok()),
            Self::P384(key) => p384::ecdsa::Signature::from_der(signature)
                .is_ok_and(|signature| key.verifying_key().verify_prehash(digest, &signature).is_ok()),
            Self::P521(key) => p521::ecdsa::Signature::from_der(signature)
                .is_ok_and(|signature| key.verifying_key().verify_prehash(digest, &signature).is_ok()),
            Self::Symmetric { .. } | Self::Hmac(_) => false,
        }
    }

    /// The MAC by AWS's word.
    pub fn mac(&self, message: &[u8], algorithm: &str) -> Result<Vec<u8>, Refusal> {
        let Self::Hmac(secret) = self else { return Err(Refusal::internal("a MAC with no secret")) };
        let done = match algorithm {
            "HMAC_SHA_224" => of(Hmac::<Sha224>::new_from_slice(secret), message),
            "HMAC_SHA_384" => of(Hmac::<Sha384>::new_from_slice(secret), message),
            "HMAC_SHA_512" => of(Hmac::<Sha512>::new_from_slice(secret), message),
            _ => of(Hmac::<Sha256>::new_from_slice(secret), message),
        };
        done.map_err(failed("take a MAC's key"))
    }

    /// Whether the MAC is this message's; takes as long for any answer.
    pub fn verifies_mac(&self, message: &[u8], mac: &[u8], algorithm: &str) -> Result<bool, Refusal> {
        let own = self.mac(message, algorithm)?;
        Ok(own.len() == mac.len() && own.iter().zip(mac).fold(0, |differ, (one, other)| differ | (one ^ other)) == 0)
    }
}

fn of<M: Mac, E>(mac: Result<M, E>, message: &[u8]) -> Result<Vec<u8>, E> {
    let mut mac = mac?;
    mac.update(message);
    Ok(mac.finalize().into_bytes().to_vec())
}

/// The digest that a signing algorithm takes.
pub fn digest(algorithm: &str, message: &[u8]) -> Vec<u8> {
    match digest_length(algorithm) {
        32 => Sha256::digest(message).to_vec(),
        48 => Sha384::digest(message).to_vec(),
        _ => Sha512::digest(message).to_vec(),
    }
}

/// Bytes of that digest.
pub fn digest_length(algorithm: &str) -> usize {
    match algorithm.rsplit('_').next() {
        Some("256") => 32,
        Some("384") => 48,
        _ => 64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Usage;

    const CHEAP: [Spec; 9] = [
        Spec::Symmetric,
        Spec::Rsa2048,
        Spec::P256,
        Spec::P384,
        Spec::P521,
        Spec::Hmac224,
        Spec::Hmac256,
        Spec::Hmac384,
        Spec::Hmac512,
    ];

    #[test]
    fn material_reads_back_and_does_what_its_spec_says() {
        for spec in CHEAP {
            let made = Material::make(spec).unwrap();
            let read = Material::from_bytes(spec, &made.to_bytes().unwrap()).unwrap();
            assert_eq!(made.public_key().unwrap(), read.public_key().unwrap());
            assert_eq!(made.public_key().unwrap().is_some(), spec.is_pair());
            if spec.may(Usage::Sign) {
                for algorithm in spec.algorithms(Usage::Sign) {
                    let (one, other) = (digest(algorithm, b"one"), digest(algorithm, b"other"));
                    let signature = made.sign(&one, algorithm).unwrap();
                    assert!(read.verifies(&one, &signature, algorithm), "{algorithm}");
                    assert!(!read.verifies(&other, &signature, algorithm), "{algorithm}");
                    assert!(!read.verifies(&one, &signature[1..], algorithm), "{algorithm}");
                }
            }
            if spec.may(Usage::Mac) {
                let algorithm = spec.algorithms(Usage::Mac)[0];
                let mac = made.mac(b"one", algorithm).unwrap();
                assert!(read.verifies_mac(b"one", &mac, algorithm).unwrap());
                assert!(!read.verifies_mac(b"other", &mac, algorithm).unwrap());
                assert!(!read.verifies_mac(b"one", &mac[1..], algorithm).unwrap());
            }
            if spec.rsa_bits().is_some() {
                for algorithm in spec.algorithms(Usage::Encrypt) {
                    let most = vec![7; spec.plaintext_max(algorithm)];
                    let closed = made.rsa_encrypt(&most, algorithm).unwrap();
                    assert_eq!(read.rsa_decrypt(&closed, algorithm), Ok(most.clone()));
                    assert!(made.rsa_encrypt(&[&most[..], &[1]].concat(), algorithm).is_err());
                    assert_eq!(read.rsa_decrypt(&closed[1..], algorithm), Err(Unopened));
                }
            }
        }
    }

    #[test]
    fn what_is_sealed_opens_with_the_same_key_and_the_same_bond_only() {
        let (one, other) = (Material::make(Spec::Symmetric).unwrap(), Material::make(Spec::Symmetric).unwrap());
        let sealed = one.seal(b"secret", b"bond").unwrap();
        assert_eq!(one.open(&sealed, b"bond").as_deref(), Ok(&b"secret"[..]));
        assert_eq!(one.open(&sealed, b"bend"), Err(Unopened));
        assert_eq!(other.open(&sealed, b"bond"), Err(Unopened));
        for at in 0..sealed.len() {
            let mut bent = sealed.clone();
            bent[at] ^= 1;
            assert_eq!(one.open(&bent, b"bond"), Err(Unopened), "byte {at}");
        }
        for short in 0..sealed.len() {
            assert_eq!(one.open(&sealed[..short], b"bond"), Err(Unopened), "{short} bytes");
        }
    }
}
