//! Who brings a message to where it is to be.

use async_trait::async_trait;
use postern_call::Refusal;
use postern_names::{AccountId, Region};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;

/// A message for one queue.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Parcel {
    /// The queue's ARN.
    pub queue: String,
    pub body: String,
    /// As SendMessage's `MessageAttributes`.
    pub attributes: Value,
    pub group: Option<String>,
    pub dedup: Option<String>,
    /// The topic that it is from, which the queue's policy may ask for (`aws:SourceArn`, `aws:SourceAccount`).
    pub topic: String,
    pub account: AccountId,
    pub region: Region,
    #[serde(with = "time::serde::timestamp")]
    pub now: OffsetDateTime,
    /// The request that it is part of.
    pub request_id: String,
}

/// A request for one server.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Letter {
    pub url: String,
    /// SNS's own headers.
    pub headers: Vec<(String, String)>,
    pub body: String,
    /// The topic's region.
    pub region: Region,
}

/// Why a server does not have a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Undelivered {
    /// It may take it later.
    ForNow(String),
    /// It has refused it.
    ForGood(String),
}

/// Delivers in SNS's name: the gate judges it as the service `sns.amazonaws.com`.
#[async_trait]
pub trait Deliver: Send + Sync {
    /// Returns when the message is durable in its queue.
    async fn to_queue(&self, parcel: &Parcel) -> Result<(), Refusal>;
    /// Returns when the server has taken it.
    async fn to_server(&self, letter: &Letter) -> Result<(), Undelivered>;
}
