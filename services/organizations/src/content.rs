//! A control policy's document: text on disk, parsed in memory; with the rules of its type.

use crate::refuse;
use postern_call::Refusal;
use postern_policy::{Document, Effect, Statement, Version};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::sync::Arc;

/// The types of policy that are served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Type {
    #[serde(rename = "SERVICE_CONTROL_POLICY")]
    ServiceControl,
    #[serde(rename = "RESOURCE_CONTROL_POLICY")]
    ResourceControl,
}

/// Characters of a policy of either type, white space included.
pub const CHARACTERS_MAX: usize = 5120;

/// Services whose resources a resource control policy can bind, by action prefix.
pub const RESOURCE_CONTROLLED: &[&str] = &[
    "s3",
    "sts",
    "kms",
    "sqs",
    "secretsmanager",
    "dynamodb",
    "ecr",
    "aoss",
    "cognito-idp",
    "cognito-identity",
    "logs",
];

impl Type {
    pub const ALL: [Self; 2] = [Self::ServiceControl, Self::ResourceControl];

    pub fn word(self) -> &'static str {
        match self {
            Self::ServiceControl => "SERVICE_CONTROL_POLICY",
            Self::ResourceControl => "RESOURCE_CONTROL_POLICY",
        }
    }
    /// As ARNs have it.
    pub fn lower(self) -> &'static str {
        match self {
            Self::ServiceControl => "service_control_policy",
            Self::ResourceControl => "resource_control_policy",
        }
    }
    pub fn read(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
    /// The policy of AWS's own that is attached everywhere to begin with.
    pub fn full_access(self) -> &'static str {
        match self {
            Self::ServiceControl => "p-FullAWSAccess",
            Self::ResourceControl => "p-RCPFullAWSAccess",
        }
    }
}

/// A parsed document that is stored as its text.
#[derive(Debug, Clone)]
pub struct Content(pub Arc<Document>);

impl Content {
    /// Reads a customer's policy of this type.
    pub fn read(text: &str, kind: Type) -> Result<Self, Refusal> {
        if text.chars().count() > CHARACTERS_MAX {
            return Err(refuse::constraint(
                "POLICY_CONTENT_LIMIT_EXCEEDED",
                format!("You exceeded the maximum size of a policy: {CHARACTERS_MAX} characters."),
            ));
        }
        let parsed = match kind {
            Type::ServiceControl => Document::parse_identity(text),
            Type::ResourceControl => Document::parse_resource(text),
        };
        let document = parsed.map_err(|error| refuse::malformed(error.reason))?;
        if document.version() != Version::V2012 {
            return Err(refuse::malformed("the Version of a control policy is 2012-10-17"));
        }
        if kind == Type::ResourceControl {
            document.statements().iter().try_for_each(resource_control)?;
        }
        Ok(Self(Arc::new(document)))
    }

    /// The document of the policy that allows everything.
    pub fn full_access(kind: Type) -> &'static Self {
        static SERVICE: std::sync::LazyLock<Content> = std::sync::LazyLock::new(|| Content::constant(FULL_SERVICE));
        static RESOURCE: std::sync::LazyLock<Content> = std::sync::LazyLock::new(|| Content::constant(FULL_RESOURCE));
        match kind {
            Type::ServiceControl => &SERVICE,
            Type::ResourceControl => &RESOURCE,
        }
    }

    fn constant(text: &str) -> Self {
        Self(Arc::new(Document::parse(text).expect("a constant document parses")))
    }

    pub fn text(&self) -> &str {
        self.0.text()
    }
}

const FULL_SERVICE: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
const FULL_RESOURCE: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#;

/// What a customer's resource control policy may not say.
fn resource_control(statement: &Statement) -> Result<(), Refusal> {
    if statement.effect == Effect::Allow {
        return Err(refuse::malformed("only RCPFullAWSAccess may allow; a resource control policy denies"));
    }
    if !statement.principals.as_ref().is_some_and(|p| p.is_everyone()) {
        return Err(refuse::malformed("the Principal of a resource control policy is *"));
    }
    if statement.actions.negated {
        return Err(refuse::malformed("a resource control policy has no NotAction"));
    }
    for pattern in &statement.actions.patterns {
        match pattern.service() {
            Some(service) if RESOURCE_CONTROLLED.contains(&service) => {}
            _ => {
                let reason = format!("resource control policies do not support the action {}", pattern.text());
                return Err(refuse::malformed(reason));
            }
        }
    }
    Ok(())
}

impl Serialize for Content {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.text())
    }
}
impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Document::parse(&text).map(|document| Self(Arc::new(document))).map_err(serde::de::Error::custom)
    }
}
