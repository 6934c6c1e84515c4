//! Topics and their subscriptions, as they are kept.

use crate::filter::Filter;
use postern_kit::Tags;
use postern_names::{AccountId, Arn, Region};
use postern_policy::Document;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A topic.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Topic {
    pub account: AccountId,
    pub region: Region,
    pub name: String,
    pub display_name: String,
    pub content_dedup: bool,
    /// Deduplication ids count within a message group.
    pub dedup_by_group: bool,
    /// `1` or `2`: how envelopes are signed.
    pub signature_version: Option<String>,
    pub tracing: Option<String>,
    pub delivery_policy: Option<String>,
    /// `None`: the one that every topic begins with.
    pub policy: Option<Policy>,
    pub tags: Tags,
    pub deleted_subscriptions: u32,
}

/// A policy, kept parsed.
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

/// A subscription of a queue or of a server.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Subscription {
    pub arn: String,
    pub topic: String,
    /// Who subscribed.
    pub owner: AccountId,
    pub principal: String,
    /// `sqs`, `http` or `https`.
    #[serde(default = "queues")]
    pub protocol: String,
    /// The queue's ARN, or the server's URL.
    pub endpoint: String,
    /// What confirms it, until it is confirmed.
    pub token: Option<String>,
    /// Only the owner may unsubscribe.
    pub guarded: bool,
    pub raw: bool,
    pub filter: Option<Filter>,
    pub filter_by_body: bool,
    /// Where goes what cannot be delivered, with the text of the policy.
    pub redrive: Option<(String, String)>,
    /// How often a server is tried.
    #[serde(default)]
    pub delivery_policy: Option<String>,
}

/// What subscriptions were before they could be of servers.
fn queues() -> String {
    "sqs".to_owned()
}

impl Subscription {
    pub fn is_confirmed(&self) -> bool {
        self.token.is_none()
    }

    pub fn is_of_server(&self) -> bool {
        matches!(self.protocol.as_str(), "http" | "https")
    }
}

impl Topic {
    pub fn new(account: AccountId, region: Region, name: &str) -> Self {
        Self {
            account,
            region,
            name: name.to_owned(),
            display_name: String::new(),
            content_dedup: false,
            dedup_by_group: false,
            signature_version: None,
            tracing: None,
            delivery_policy: None,
            policy: None,
            tags: Tags::new(),
            deleted_subscriptions: 0,
        }
    }

    pub fn arn(&self) -> String {
        Arn::new("sns", self.region.as_str(), self.account, &self.name).to_string()
    }

    pub fn is_fifo(&self) -> bool {
        self.name.ends_with(".fifo")
    }

    /// The policy's text, the one that it began with if it was given no other.
    pub fn policy_text(&self) -> String {
        match &self.policy {
            Some(policy) => policy.0.text().to_owned(),
            None => self.first_policy(),
        }
    }

    fn first_policy(&self) -> String {
        serde_json::json!({
            "Version": "2008-10-17",
            "Id": "__default_policy_ID",
            "Statement": [{
                "Sid": "__default_statement_ID",
                "Effect": "Allow",
                "Principal": { "AWS": "*" },
                "Action": [
                    "SNS:GetTopicAttributes", "SNS:SetTopicAttributes", "SNS:AddPermission", "SNS:RemovePermission",
                    "SNS:DeleteTopic", "SNS:Subscribe", "SNS:ListSubscriptionsByTopic", "SNS:Publish",
                ],
                "Resource": self.arn(),
                "Condition": { "StringEquals": { "AWS:SourceOwner": self.account } },
            }],
        })
        .to_string()
    }
}

/// Everything, by ARN.
#[derive(Debug, Default)]
pub struct State {
    pub topics: BTreeMap<String, Arc<Topic>>,
    pub subscriptions: BTreeMap<String, Arc<Subscription>>,
}

impl State {
    /// A topic's subscriptions; their ARNs begin with its own.
    pub fn of_topic<'s>(&'s self, topic: &str) -> impl Iterator<Item = &'s Arc<Subscription>> + use<'s> {
        let prefix = format!("{topic}:");
        let from = self.subscriptions.range(prefix.clone()..);
        from.take_while(move |(arn, _)| arn.starts_with(&prefix)).map(|(_, subscription)| subscription)
    }
}
