//! How a service has things encrypted: by KMS, as its caller, with the gate asked.

use async_trait::async_trait;
use postern_call::{Call, Refusal};
use std::collections::BTreeMap;

/// A request to KMS that a service makes because it was called.
pub struct OnBehalf<'a> {
    /// The call that the service serves: its caller must have the permission.
    pub call: &'a Call,
    /// `secretsmanager`: what `kms:ViaService` tells, and whose AWS managed key is taken when no other is named.
    pub service: &'static str,
    /// As the client names it: id, ARN, alias; `None`: the service's AWS managed key. Unused when decrypting.
    pub key: Option<&'a str>,
    /// The encryption context: the same at both ends.
    pub context: BTreeMap<String, String>,
}

/// What KMS encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    pub ciphertext: Vec<u8>,
    /// The ARN of the key.
    pub key: String,
}

/// Something of any length under a data key of its own, and that key as KMS encrypted it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    pub data_key: Closed,
    /// AES-256-GCM under the data key.
    pub sealed: Vec<u8>,
}

/// Who encrypts: KMS. Refusals are KMS's own.
#[async_trait]
pub trait Ciphers: Send + Sync {
    /// `kms:Encrypt`; 4096 bytes at most.
    async fn encrypt(&self, of: &OnBehalf<'_>, plaintext: &[u8]) -> Result<Closed, Refusal>;
    /// `kms:Decrypt` of what [`Ciphers::encrypt`] gave.
    async fn decrypt(&self, of: &OnBehalf<'_>, ciphertext: &[u8]) -> Result<Vec<u8>, Refusal>;
    /// `kms:GenerateDataKey`, and the plaintext under that key.
    async fn enclose(&self, of: &OnBehalf<'_>, plaintext: &[u8]) -> Result<Envelope, Refusal>;
    /// `kms:Decrypt` of the envelope's data key, and what it holds.
    async fn disclose(&self, of: &OnBehalf<'_>, envelope: &Envelope) -> Result<Vec<u8>, Refusal>;
}
