//! What kinds of key there are, what each is for, and the algorithms it does. Source: the KMS developer guide, "Key spec
//! reference".

use postern_call::Refusal;
use serde::{Deserialize, Serialize};

/// The key specs that are served, by AWS's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Spec {
    #[serde(rename = "SYMMETRIC_DEFAULT")]
    Symmetric,
    #[serde(rename = "RSA_2048")]
    Rsa2048,
    #[serde(rename = "RSA_3072")]
    Rsa3072,
    #[serde(rename = "RSA_4096")]
    Rsa4096,
    #[serde(rename = "ECC_NIST_P256")]
    P256,
    #[serde(rename = "ECC_NIST_P384")]
    P384,
    #[serde(rename = "ECC_NIST_P521")]
    P521,
    #[serde(rename = "HMAC_224")]
    Hmac224,
    #[serde(rename = "HMAC_256")]
    Hmac256,
    #[serde(rename = "HMAC_384")]
    Hmac384,
    #[serde(rename = "HMAC_512")]
    Hmac512,
}

/// What a key may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Usage {
    #[serde(rename = "ENCRYPT_DECRYPT")]
    Encrypt,
    #[serde(rename = "SIGN_VERIFY")]
    Sign,
    #[serde(rename = "GENERATE_VERIFY_MAC")]
    Mac,
}

impl Spec {
    const ALL: [(Self, &'static str); 11] = [
        (Self::Symmetric, "SYMMETRIC_DEFAULT"),
        (Self::Rsa2048, "RSA_2048"),
        (Self::Rsa3072, "RSA_3072"),
        (Self::Rsa4096, "RSA_4096"),
        (Self::P256, "ECC_NIST_P256"),
        (Self::P384, "ECC_NIST_P384"),
        (Self::P521, "ECC_NIST_P521"),
        (Self::Hmac224, "HMAC_224"),
        (Self::Hmac256, "HMAC_256"),
        (Self::Hmac384, "HMAC_384"),
        (Self::Hmac512, "HMAC_512"),
    ];

    pub fn read(word: &str) -> Result<Self, Refusal> {
        Self::ALL.into_iter().find(|(_, known)| *known == word).map(|(spec, _)| spec).ok_or_else(|| {
            let known: Vec<&str> = Self::ALL.iter().map(|(_, word)| *word).collect();
            Refusal::new("UnsupportedOperationException", format!("KeySpec {word} is not supported."))
                .hint(format!("Postern serves {}", known.join(", ")))
        })
    }

    pub fn word(self) -> &'static str {
        Self::ALL.into_iter().find(|(spec, _)| *spec == self).map_or("", |(_, word)| word)
    }

    /// Bits of an RSA modulus.
    pub fn rsa_bits(self) -> Option<usize> {
        Some(match self {
            Self::Rsa2048 => 2048,
            Self::Rsa3072 => 3072,
            Self::Rsa4096 => 4096,
            _ => return None,
        })
    }

    pub fn is_symmetric(self) -> bool {
        self == Self::Symmetric
    }
    /// Whether it has a public key.
    pub fn is_pair(self) -> bool {
        !self.is_symmetric() && !self.is_hmac()
    }
    pub fn is_hmac(self) -> bool {
        matches!(self, Self::Hmac224 | Self::Hmac256 | Self::Hmac384 | Self::Hmac512)
    }

    /// The usage that a key of this spec has when none is asked for; asymmetric keys must say theirs.
    pub fn default_usage(self) -> Option<Usage> {
        match self {
            Self::Symmetric => Some(Usage::Encrypt),
            _ => None,
        }
    }

    pub fn may(self, usage: Usage) -> bool {
        match usage {
            Usage::Encrypt => self.is_symmetric() || self.rsa_bits().is_some(),
            Usage::Sign => self.is_pair(),
            Usage::Mac => self.is_hmac(),
        }
    }

    /// The algorithms of a key of this spec and usage, as DescribeKey lists them.
    pub fn algorithms(self, usage: Usage) -> &'static [&'static str] {
        match (usage, self) {
            (Usage::Encrypt, Self::Symmetric) => &["SYMMETRIC_DEFAULT"],
            (Usage::Encrypt, _) => &["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"],
            (Usage::Sign, Self::P256) => &["ECDSA_SHA_256"],
            (Usage::Sign, Self::P384) => &["ECDSA_SHA_384"],
            (Usage::Sign, Self::P521) => &["ECDSA_SHA_512"],
            (Usage::Sign, _) => &[
                "RSASSA_PKCS1_V1_5_SHA_256",
                "RSASSA_PKCS1_V1_5_SHA_384",
                "RSASSA_PKCS1_V1_5_SHA_512",
                "RSASSA_PSS_SHA_256",
                "RSASSA_PSS_SHA_384",
                "RSASSA_PSS_SHA_512",
            ],
            (Usage::Mac, Self::Hmac224) => &["HMAC_SHA_224"],
            (Usage::Mac, Self::Hmac384) => &["HMAC_SHA_384"],
            (Usage::Mac, Self::Hmac512) => &["HMAC_SHA_512"],
            (Usage::Mac, _) => &["HMAC_SHA_256"],
        }
    }

    /// Bytes that fit into one Encrypt.
    pub fn plaintext_max(self, algorithm: &str) -> usize {
        match self.rsa_bits() {
            None => 4096,
            Some(bits) => bits / 8 - 2 - 2 * if algorithm == "RSAES_OAEP_SHA_1" { 20 } else { 32 },
        }
    }
}

impl Usage {
    pub const ALL: [(Self, &'static str); 3] =
        [(Self::Encrypt, "ENCRYPT_DECRYPT"), (Self::Sign, "SIGN_VERIFY"), (Self::Mac, "GENERATE_VERIFY_MAC")];

    pub fn read(word: &str) -> Result<Self, Refusal> {
        Self::ALL.into_iter().find(|(_, known)| *known == word).map(|(usage, _)| usage).ok_or_else(|| {
            Refusal::new("UnsupportedOperationException", format!("KeyUsage {word} is not supported."))
                .hint("Postern serves ENCRYPT_DECRYPT, SIGN_VERIFY and GENERATE_VERIFY_MAC")
        })
    }
    pub fn word(self) -> &'static str {
        Self::ALL.into_iter().find(|(usage, _)| *usage == self).map_or("", |(_, word)| word)
    }
    /// The member of KeyMetadata and of GetPublicKey that lists the algorithms.
    pub fn algorithms_member(self) -> &'static str {
        match self {
            Self::Encrypt => "EncryptionAlgorithms",
            Self::Sign => "SigningAlgorithms",
            Self::Mac => "MacAlgorithms",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back() {
        for (spec, word) in Spec::ALL {
            assert_eq!(Spec::read(word).ok(), Some(spec));
            assert_eq!(serde_json::to_value(spec).unwrap(), word);
        }
        for (usage, word) in Usage::ALL {
            assert_eq!(Usage::read(word).ok(), Some(usage));
            assert_eq!(serde_json::to_value(usage).unwrap(), word);
        }
        assert_eq!(Spec::read("SM2").unwrap_err().code, "UnsupportedOperationException");
    }
}
