//! A queue's attributes: what they may be, and what they mean.

use crate::refuse;
use postern_call::Refusal;
use postern_policy::Document;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// What a user can set on a queue.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Settings {
    pub fifo: bool,
    /// Seconds.
    pub visibility: i64,
    pub delay: i64,
    pub retention: i64,
    pub wait: i64,
    /// Bytes.
    pub largest: usize,
    pub content_dedup: bool,
    /// Deduplication ids count within a message group.
    pub dedup_by_group: bool,
    pub limit_by_group: bool,
    pub managed_encryption: bool,
    pub redrive: Option<Redrive>,
    pub redrive_allow: Option<RedriveAllow>,
    pub policy: Option<Policy>,
}

/// Where messages go that were received too often.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redrive {
    /// As it was given.
    pub text: String,
    pub target: String,
    pub most_receives: u32,
}

/// Which queues may use this one for their dead letters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RedriveAllow {
    pub text: String,
    /// `None`: all; none in the list: no queue at all.
    pub sources: Option<Vec<String>>,
}

/// A queue's policy, kept parsed.
#[derive(Debug, Clone)]
pub struct Policy(pub Arc<Document>);

impl Serialize for Policy {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.0.text())
    }
}
impl<'de> Deserialize<'de> for Policy {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        Document::parse(&text).map(|document| Self(Arc::new(document))).map_err(serde::de::Error::custom)
    }
}

/// The largest message, attributes included: 1 MiB since August 2025.
pub const LARGEST: usize = 1_048_576;

impl Settings {
    pub fn new(fifo: bool) -> Self {
        Self {
            fifo,
            visibility: 30,
            delay: 0,
            retention: 345_600,
            wait: 0,
            largest: LARGEST,
            content_dedup: false,
            dedup_by_group: false,
            limit_by_group: false,
            managed_encryption: true,
            redrive: None,
            redrive_allow: None,
            policy: None,
        }
    }

    /// Puts the attributes of a request over these. `FifoQueue` is the queue's maker's business.
    pub fn set(&mut self, attributes: &Map<String, Value>) -> Result<(), Refusal> {
        for (name, value) in attributes {
            self.set_one(name, value.as_str().unwrap_or_default())?;
        }
        if self.limit_by_group && !self.dedup_by_group {
            return Err(refuse::attribute_value("FifoThroughputLimit")
                .hint("perMessageGroupId is allowed only with DeduplicationScope messageGroup"));
        }
        Ok(())
    }

    fn set_one(&mut self, name: &str, value: &str) -> Result<(), Refusal> {
        let number = |least: i64, most: i64| {
            let number = value.parse().ok().filter(|number| (least..=most).contains(number));
            number.ok_or_else(|| refuse::attribute_value(name).hint(format!("{name} is {least} to {most}")))
        };
        let truth = || match value {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(refuse::attribute_value(name)),
        };
        match name {
            "VisibilityTimeout" => self.visibility = number(0, 43_200)?,
            "DelaySeconds" => self.delay = number(0, 900)?,
            "MessageRetentionPeriod" => self.retention = number(60, 1_209_600)?,
            "ReceiveMessageWaitTimeSeconds" => self.wait = number(0, 20)?,
            "MaximumMessageSize" => self.largest = number(1024, LARGEST as i64)? as usize,
            "SqsManagedSseEnabled" => self.managed_encryption = truth()?,
            "KmsMasterKeyId" | "KmsDataKeyReusePeriodSeconds" if value.is_empty() => {}
            "KmsMasterKeyId" | "KmsDataKeyReusePeriodSeconds" => {
                let message = format!("Attribute {name}: encryption with KMS keys is not implemented.");
                return Err(refuse::unsupported(message)
                    .hint("queues of Postern are encrypted with SQS's own key (SqsManagedSseEnabled) only"));
            }
            "Policy" => self.policy = policy(value)?,
            "RedrivePolicy" => self.redrive = redrive(value)?,
            "RedriveAllowPolicy" => self.redrive_allow = redrive_allow(value)?,
            "FifoQueue" if value == "true" && self.fifo => {}
            "FifoQueue" | "ContentBasedDeduplication" | "DeduplicationScope" | "FifoThroughputLimit" if !self.fifo => {
                return Err(
                    refuse::attribute_name(name).hint("this attribute is for FIFO queues, whose names end in .fifo")
                );
            }
            "ContentBasedDeduplication" => self.content_dedup = truth()?,
            "DeduplicationScope" => self.dedup_by_group = choice(name, value, ["queue", "messageGroup"])?,
            "FifoThroughputLimit" => self.limit_by_group = choice(name, value, ["perQueue", "perMessageGroupId"])?,
            _ => return Err(refuse::attribute_name(name)),
        }
        Ok(())
    }

    /// The attributes as GetQueueAttributes gives them, without those that depend on the queue's messages.
    pub fn shown(&self) -> Map<String, Value> {
        let mut shown = Map::new();
        let mut put = |name: &str, value: String| shown.insert(name.to_owned(), json!(value));
        put("VisibilityTimeout", self.visibility.to_string());
        put("MaximumMessageSize", self.largest.to_string());
        put("MessageRetentionPeriod", self.retention.to_string());
        put("DelaySeconds", self.delay.to_string());
        put("ReceiveMessageWaitTimeSeconds", self.wait.to_string());
        put("SqsManagedSseEnabled", self.managed_encryption.to_string());
        if let Some(policy) = &self.policy {
            put("Policy", policy.0.text().to_owned());
        }
        if let Some(redrive) = &self.redrive {
            put("RedrivePolicy", redrive.text.clone());
        }
        if let Some(allow) = &self.redrive_allow {
            put("RedriveAllowPolicy", allow.text.clone());
        }
        if self.fifo {
            put("FifoQueue", "true".into());
            put("ContentBasedDeduplication", self.content_dedup.to_string());
            put("DeduplicationScope", if self.dedup_by_group { "messageGroup" } else { "queue" }.into());
            put("FifoThroughputLimit", if self.limit_by_group { "perMessageGroupId" } else { "perQueue" }.into());
        }
        shown
    }
}

impl RedriveAllow {
    pub fn allows(&self, source: &str) -> bool {
        self.sources.as_ref().is_none_or(|sources| sources.iter().any(|known| known == source))
    }
}

/// Whether the value is the second of two.
fn choice(name: &str, value: &str, words: [&str; 2]) -> Result<bool, Refusal> {
    match words.iter().position(|word| *word == value) {
        Some(at) => Ok(at == 1),
        None => Err(refuse::attribute_value(name).hint(format!("{name} is {} or {}", words[0], words[1]))),
    }
}

fn policy(text: &str) -> Result<Option<Policy>, Refusal> {
    if text.is_empty() {
        return Ok(None);
    }
    let document =
        Document::parse_resource(text).map_err(|error| refuse::attribute_value("Policy").hint(error.to_string()))?;
    Ok(Some(Policy(Arc::new(document))))
}

fn redrive(text: &str) -> Result<Option<Redrive>, Refusal> {
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = |why: &str| {
        let message = format!("Value {text} for parameter RedrivePolicy is invalid. Reason: {why}");
        refuse::parameter(message)
    };
    let read: Value = serde_json::from_str(text).map_err(|_| wrong("Redrive policy is not a valid JSON map."))?;
    let members = read.as_object().ok_or_else(|| wrong("Redrive policy is not a valid JSON map."))?;
    if let Some(other) = members.keys().find(|key| !matches!(key.as_str(), "deadLetterTargetArn" | "maxReceiveCount")) {
        return Err(wrong(&format!("Unknown attribute {other} in redrive policy.")));
    }
    let target = members.get("deadLetterTargetArn").and_then(Value::as_str);
    let count = members.get("maxReceiveCount");
    let (Some(target), Some(count)) = (target, count) else {
        return Err(wrong(
            "Redrive policy does not contain mandatory attribute: deadLetterTargetArn and maxReceiveCount.",
        ));
    };
    let count = count.as_i64().or_else(|| count.as_str()?.parse().ok()).filter(|count| (1..=1000).contains(count));
    let count = count.ok_or_else(|| wrong("Invalid value for maxReceiveCount, must be between 1 and 1000."))?;
    Ok(Some(Redrive { text: text.to_owned(), target: target.to_owned(), most_receives: count as u32 }))
}

fn redrive_allow(text: &str) -> Result<Option<RedriveAllow>, Refusal> {
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = |why: &str| {
        refuse::parameter(format!("Value {text} for parameter RedriveAllowPolicy is invalid. Reason: {why}"))
    };
    let read: Value = serde_json::from_str(text)
        .map_err(|_| wrong("Amazon SQS can't create the redrive allow policy, as it isn't in JSON format."))?;
    let sources = read.get("sourceQueueArns").and_then(Value::as_array);
    let listed = sources.map(|list| list.iter().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>());
    let sources = match (read.get("redrivePermission").and_then(Value::as_str), listed) {
        (Some("allowAll"), None) => None,
        (Some("denyAll"), None) => Some(Vec::new()),
        (Some("byQueue"), Some(listed)) if (1..=10).contains(&listed.len()) => Some(listed),
        (Some("byQueue"), _) => return Err(wrong("byQueue takes 1 to 10 sourceQueueArns.")),
        (Some("allowAll" | "denyAll"), Some(_)) => {
            return Err(wrong("sourceQueueArns is allowed with byQueue only."));
        }
        _ => return Err(wrong("redrivePermission is allowAll, denyAll or byQueue.")),
    };
    Ok(Some(RedriveAllow { text: text.to_owned(), sources }))
}
