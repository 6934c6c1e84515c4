//! One KMS key: what is kept of it, and what it is in memory.

use crate::blob::Head;
use crate::material::Material;
use crate::refuse;
use crate::spec::{Spec, Usage};
use postern_call::Refusal;
use postern_kit::Tags;
use postern_names::{AccountId, Arn};
use postern_policy::Document;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// What is kept of a key. Its materials are sealed by the data directory's own secret.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Record {
    pub account: AccountId,
    pub region: String,
    /// 16 bytes as hexadecimal digits, without hyphens.
    pub id: String,
    pub created: OffsetDateTime,
    pub description: String,
    pub spec: Spec,
    pub usage: Usage,
    /// The service for which AWS manages it: `secretsmanager`.
    pub managed_for: Option<String>,
    pub enabled: bool,
    /// When it is to be deleted.
    pub deletion: Option<OffsetDateTime>,
    pub policy: String,
    pub tags: Tags,
    pub rotation: Option<Rotation>,
    /// In the order they were made; the last one encrypts.
    pub materials: Vec<Kept>,
}

/// Automatic rotation.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Rotation {
    pub days: i64,
    pub next: OffsetDateTime,
}

/// One material at rest.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Kept {
    pub made: OffsetDateTime,
    /// `None`: made with the key.
    pub how: Option<Turn>,
    /// In base64.
    pub sealed: String,
}

/// What made a key's material change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Turn {
    #[serde(rename = "AUTOMATIC")]
    Automatic,
    #[serde(rename = "ON_DEMAND")]
    OnDemand,
}

/// A key ready for use.
pub struct Key {
    pub record: Record,
    pub document: Document,
    pub materials: Vec<Arc<Material>>,
}

impl Record {
    /// `12345678-1234-...`.
    pub fn id(&self) -> String {
        let mut id = self.id.clone();
        for at in [20, 16, 12, 8] {
            id.insert(at.min(id.len()), '-');
        }
        id
    }

    pub fn arn(&self) -> String {
        Arn::new("kms", &self.region, self.account, format!("key/{}", self.id())).to_string()
    }

    /// 64 hexadecimal digits that tell a key's materials apart.
    pub fn material_id(&self, at: usize) -> String {
        use sha2::Digest;
        hex::encode(sha2::Sha256::digest(format!("{}/{at}", self.arn())))
    }

    /// What a material is sealed to: nobody can put one key's in another's place.
    pub fn bond(&self, at: usize) -> Vec<u8> {
        format!("{}/{at}", self.arn()).into_bytes()
    }

    /// Whether its waiting period is over: then it is gone.
    pub fn is_gone(&self, now: OffsetDateTime) -> bool {
        self.deletion.is_some_and(|at| at <= now)
    }

    pub fn state(&self) -> &'static str {
        match (self.deletion, self.enabled) {
            (Some(_), _) => "PendingDeletion",
            (None, true) => "Enabled",
            (None, false) => "Disabled",
        }
    }

    /// Refuses a key that waits for its deletion.
    pub fn not_pending(&self) -> Result<(), Refusal> {
        match self.deletion {
            Some(_) => Err(refuse::state(&self.arn(), "is pending deletion.")),
            None => Ok(()),
        }
    }

    /// Refuses a key that is disabled or waits for its deletion.
    pub fn usable(&self) -> Result<(), Refusal> {
        self.not_pending()?;
        if self.enabled { Ok(()) } else { Err(refuse::disabled(&self.arn())) }
    }

    pub fn is_for(&self, usage: Usage, operation: &str) -> Result<(), Refusal> {
        if self.usage == usage {
            return Ok(());
        }
        let message = format!("{} key usage is {} which is not valid for {operation}.", self.arn(), self.usage.word());
        Err(Refusal::new("InvalidKeyUsageException", message))
    }

    /// AWS's `KeyMetadata`.
    pub fn metadata(&self) -> Value {
        let mut told = json!({
            "AWSAccountId": self.account,
            "KeyId": self.id(),
            "Arn": self.arn(),
            "CreationDate": text_of(self.created),
            "Enabled": self.enabled && self.deletion.is_none(),
            "Description": self.description,
            "KeyUsage": self.usage.word(),
            "KeyState": self.state(),
            "Origin": "AWS_KMS",
            "KeyManager": if self.managed_for.is_some() { "AWS" } else { "CUSTOMER" },
            "CustomerMasterKeySpec": self.spec.word(),
            "KeySpec": self.spec.word(),
            "MultiRegion": false,
        });
        told[self.usage.algorithms_member()] = json!(self.spec.algorithms(self.usage));
        if let Some(at) = self.deletion {
            told["DeletionDate"] = json!(text_of(at));
        }
        if self.spec.is_symmetric() {
            told["CurrentKeyMaterialId"] = json!(self.material_id(self.materials.len().saturating_sub(1)));
        }
        told
    }
}

impl Key {
    /// The material that encrypts and signs, with its number.
    pub fn current(&self) -> Result<(u32, &Arc<Material>), Refusal> {
        let number = u32::try_from(self.materials.len().saturating_sub(1)).map_err(Refusal::internal)?;
        self.materials.last().map(|last| (number, last)).ok_or_else(|| Refusal::internal("a key without material"))
    }

    /// The head of what this key encrypts now.
    pub fn head(&self, number: u32) -> Result<Head, Refusal> {
        let mut key = [0; 16];
        hex::decode_to_slice(&self.record.id, &mut key).map_err(Refusal::internal)?;
        Ok(Head { key, material: number })
    }
}

/// A time as the codec takes it.
pub fn text_of(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}
