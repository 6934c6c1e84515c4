//! One secret: what is kept of it and of each version's content.

use crate::refuse;
use postern_call::Refusal;
use postern_kit::Tags;
use postern_names::{AccountId, Arn};
use postern_policy::Document;
use postern_serve::{Closed, Envelope};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use time::format_description::well_known::Rfc3339;
use time::{Date, OffsetDateTime};

pub const CURRENT: &str = "AWSCURRENT";
pub const PREVIOUS: &str = "AWSPREVIOUS";
/// Versions that a secret keeps at most; those without a stage go first.
pub const VERSIONS_MAX: usize = 100;
/// Stages of one version.
pub const STAGES_MAX: usize = 20;

/// What is kept of a secret, but for its contents.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Record {
    pub account: AccountId,
    pub region: String,
    pub name: String,
    /// Six letters or digits: a secret made anew under the same name has another ARN.
    pub suffix: String,
    pub description: Option<String>,
    /// As the client named it; `None`: aws/secretsmanager.
    pub kms_key: Option<String>,
    pub created: OffsetDateTime,
    pub changed: OffsetDateTime,
    pub accessed: Option<Date>,
    /// When it was marked for deletion, and when it goes.
    pub deleted: Option<(OffsetDateTime, OffsetDateTime)>,
    pub policy: Option<String>,
    pub tags: Tags,
    pub versions: BTreeMap<String, Version>,
}

/// A version, but for its content.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Version {
    pub created: OffsetDateTime,
    pub accessed: Option<Date>,
    /// Sorted by when they were attached.
    pub stages: Vec<String>,
    /// The ARN of the key that encrypts it.
    pub key: String,
}

/// A version's content, encrypted. In base64.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Content {
    pub binary: bool,
    pub key: String,
    pub data_key: String,
    pub sealed: String,
}

/// A secret in memory.
pub struct Secret {
    pub record: Record,
    pub document: Option<Document>,
    pub contents: BTreeMap<String, Arc<Content>>,
}

/// What a client puts into a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plain {
    pub binary: bool,
    pub bytes: Vec<u8>,
}

impl Record {
    pub fn arn(&self) -> String {
        Arn::new("secretsmanager", &self.region, self.account, format!("secret:{}-{}", self.name, self.suffix))
            .to_string()
    }

    pub fn is_gone(&self, now: OffsetDateTime) -> bool {
        self.deleted.is_some_and(|(_, at)| at <= now)
    }

    pub fn alive(&self) -> Result<(), Refusal> {
        if self.deleted.is_some() { Err(refuse::marked_for_deletion()) } else { Ok(()) }
    }

    /// The version that has the stage.
    pub fn staged(&self, stage: &str) -> Option<(&String, &Version)> {
        self.versions.iter().find(|(_, version)| version.stages.iter().any(|own| own == stage))
    }

    /// Moves a stage to a version; AWSCURRENT leaves AWSPREVIOUS behind it.
    pub fn move_stage(&mut self, stage: &str, to: &str) {
        let from = self.staged(stage).map(|(id, _)| id.clone());
        if from.as_deref() == Some(to) {
            return;
        }
        self.take_stage(stage);
        if let Some(version) = self.versions.get_mut(to) {
            version.stages.push(stage.to_owned());
        }
        if let (CURRENT, Some(from)) = (stage, from) {
            self.take_stage(PREVIOUS);
            if let Some(version) = self.versions.get_mut(&from) {
                version.stages.push(PREVIOUS.to_owned());
            }
        }
    }

    pub fn take_stage(&mut self, stage: &str) {
        for version in self.versions.values_mut() {
            version.stages.retain(|own| own != stage);
        }
    }

    /// Takes the oldest versions without a stage away beyond the limit; gives their ids.
    pub fn prune(&mut self) -> Vec<String> {
        let over = self.versions.len().saturating_sub(VERSIONS_MAX);
        let mut idle: Vec<(OffsetDateTime, String)> = self
            .versions
            .iter()
            .filter(|(_, version)| version.stages.is_empty())
            .map(|(id, version)| (version.created, id.clone()))
            .collect();
        idle.sort();
        let gone: Vec<String> = idle.into_iter().take(over).map(|(_, id)| id).collect();
        for id in &gone {
            self.versions.remove(id);
        }
        gone
    }

    /// The members that DescribeSecret and ListSecrets share.
    pub fn shape(&self, stages_member: &str) -> Value {
        let mut told = Map::new();
        let mut set = |member: &str, value: Value| {
            told.insert(member.to_owned(), value);
        };
        set("ARN", json!(self.arn()));
        set("Name", json!(self.name));
        if let Some(description) = &self.description {
            set("Description", json!(description));
        }
        if let Some(key) = &self.kms_key {
            set("KmsKeyId", json!(key));
        }
        set("CreatedDate", json!(text_of(self.created)));
        set("LastChangedDate", json!(text_of(self.changed)));
        if let Some(day) = self.accessed {
            set("LastAccessedDate", json!(text_of(day.midnight().assume_utc())));
        }
        if let Some((at, _)) = self.deleted {
            set("DeletedDate", json!(text_of(at)));
        }
        if !self.tags.is_empty() {
            let tags = self.tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value }));
            set("Tags", tags.collect());
        }
        let staged = self.versions.iter().filter(|(_, version)| !version.stages.is_empty());
        let staged: Map<String, Value> = staged.map(|(id, version)| (id.clone(), json!(version.stages))).collect();
        if !staged.is_empty() {
            set(stages_member, Value::Object(staged));
        }
        Value::Object(told)
    }
}

impl Content {
    pub fn of(binary: bool, envelope: &Envelope) -> Self {
        Self {
            binary,
            key: envelope.data_key.key.clone(),
            data_key: crate::verb::base64(&envelope.data_key.ciphertext),
            sealed: crate::verb::base64(&envelope.sealed),
        }
    }

    pub fn envelope(&self) -> Result<Envelope, Refusal> {
        let ciphertext = crate::verb::from_base64(&self.data_key)?;
        let data_key = Closed { ciphertext, key: self.key.clone() };
        Ok(Envelope { data_key, sealed: crate::verb::from_base64(&self.sealed)? })
    }
}

/// A time as the codec takes it.
pub fn text_of(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}
