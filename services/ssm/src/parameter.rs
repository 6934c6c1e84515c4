//! One parameter: its versions, their values and labels.

use crate::name::{self, Selector};
use crate::refuse;
use postern_call::Refusal;
use postern_kit::Tags;
use postern_names::AccountId;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Versions that a parameter keeps; the oldest goes, unless it has a label.
pub const VERSIONS_MAX: usize = 100;
/// Labels of one version.
pub const LABELS_MAX: usize = 10;

/// What is kept of a parameter, but for its versions.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Record {
    pub account: AccountId,
    pub region: String,
    pub name: String,
    pub tags: Tags,
}

/// One version.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Version {
    pub number: i64,
    pub kind: Kind,
    pub value: Held,
    /// As the client named it; a secure parameter has one.
    pub key: Option<String>,
    pub description: Option<String>,
    pub allowed_pattern: Option<String>,
    pub tier: Tier,
    pub data_type: String,
    pub modified: OffsetDateTime,
    /// The ARN of who wrote it.
    pub by: String,
    pub labels: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    String,
    StringList,
    SecureString,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tier {
    Standard,
    Advanced,
}

/// A value at rest. What is encrypted is in base64.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Held {
    Plain(String),
    /// `kms:Encrypt`: standard parameters.
    Closed {
        key: String,
        ciphertext: String,
    },
    /// `kms:GenerateDataKey`: advanced ones.
    Enclosed {
        key: String,
        data_key: String,
        sealed: String,
    },
}

/// A parameter in memory.
#[derive(Clone)]
pub struct Parameter {
    pub record: Record,
    pub versions: BTreeMap<i64, Arc<Version>>,
}

impl Kind {
    pub fn read(word: &str) -> Option<Self> {
        [Self::String, Self::StringList, Self::SecureString].into_iter().find(|kind| kind.word() == word)
    }
    pub fn word(self) -> &'static str {
        match self {
            Self::String => "String",
            Self::StringList => "StringList",
            Self::SecureString => "SecureString",
        }
    }
}

impl Tier {
    pub fn word(self) -> &'static str {
        match self {
            Self::Standard => "Standard",
            Self::Advanced => "Advanced",
        }
    }
    /// Bytes of a value.
    pub fn value_max(self) -> usize {
        match self {
            Self::Standard => 4096,
            Self::Advanced => 8192,
        }
    }
}

impl Record {
    pub fn arn(&self) -> String {
        name::arn(self.account, &self.region, &self.name)
    }
}

impl Parameter {
    pub fn latest(&self) -> Result<&Arc<Version>, Refusal> {
        self.versions.values().next_back().ok_or_else(|| Refusal::internal("a parameter without versions"))
    }

    /// The version that the selector means, the latest without one.
    pub fn version(&self, selector: Option<&Selector>) -> Result<&Arc<Version>, Refusal> {
        let name = &self.record.name;
        match selector {
            None => self.latest(),
            Some(Selector::Version(number)) => {
                self.versions.get(number).ok_or_else(|| refuse::no_version(name, *number))
            }
            Some(Selector::Label(label)) => self
                .versions
                .values()
                .find(|version| version.labels.contains(label))
                .ok_or_else(|| refuse::no_label(name, label)),
        }
    }

    /// AWS's `ParameterMetadata`.
    pub fn metadata(&self) -> Result<Value, Refusal> {
        let version = self.latest()?;
        let mut told = version.common();
        told["Name"] = json!(self.record.name);
        told["ARN"] = json!(self.record.arn());
        Ok(told)
    }

    /// AWS's `ParameterHistory` of a version with this value.
    pub fn history(&self, version: &Version, value: &str) -> Value {
        let mut told = version.common();
        told["Name"] = json!(self.record.name);
        told["Value"] = json!(value);
        told["Labels"] = json!(version.labels);
        told
    }

    /// AWS's `Parameter` of a version with this value.
    pub fn shape(&self, version: &Version, value: &str, selector: Option<&Selector>) -> Value {
        let mut told = json!({
            "Name": self.record.name,
            "Type": version.kind.word(),
            "Value": value,
            "Version": version.number,
            "LastModifiedDate": text_of(version.modified),
            "ARN": self.record.arn(),
            "DataType": version.data_type,
        });
        if let Some(selector) = selector {
            told["Selector"] = json!(selector.text());
        }
        told
    }
}

impl Version {
    fn common(&self) -> Value {
        let mut told = json!({
            "Type": self.kind.word(),
            "LastModifiedDate": text_of(self.modified),
            "LastModifiedUser": self.by,
            "Version": self.number,
            "Tier": self.tier.word(),
            "Policies": [],
            "DataType": self.data_type,
        });
        for (member, value) in
            [("KeyId", &self.key), ("Description", &self.description), ("AllowedPattern", &self.allowed_pattern)]
        {
            if let Some(value) = value {
                told[member] = json!(value);
            }
        }
        told
    }
}

/// A time as the codec takes it.
pub fn text_of(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}
