//! What other services of the region publish.

use crate::service::Sns;
use crate::verb;
use postern_call::{Call, Caller, Principal, Refusal};
use postern_names::{AccountId, Arn, Region, Via};
use postern_policy::Keys;
use serde_json::json;
use time::OffsetDateTime;

/// A message that a service publishes in its own name.
#[derive(Debug, Clone)]
pub struct FromService<'a> {
    /// `cloudwatch.amazonaws.com`.
    pub service: &'a str,
    /// For what of whose: `aws:SourceArn`, `aws:SourceAccount`, and `aws:SourceOwner`, which topics' first policy asks for.
    pub source: &'a str,
    pub source_account: AccountId,
    /// The topic's ARN.
    pub topic: &'a str,
    pub subject: &'a str,
    pub message: &'a str,
    pub now: OffsetDateTime,
    pub request_id: String,
}

impl Sns {
    /// Publishes if the topic's policy lets the service.
    pub async fn publish_from(&self, from: FromService<'_>) -> Result<(), Refusal> {
        let region = from.topic.parse::<Arn>().map(|arn| arn.region).unwrap_or_default();
        let call = Call {
            service: "sns",
            operation: "Publish".to_owned(),
            input: json!({ "TopicArn": from.topic, "Subject": from.subject, "Message": from.message }),
            region: Region::new(&region),
            caller: Caller::of(Principal::Service { name: from.service.to_owned() }),
            via: Via::Service { principal: from.service.to_owned() },
            request_id: from.request_id,
            now: from.now,
            secure: true,
            user_agent: Some(from.service.to_owned()),
        };
        let account = from.source_account.to_string();
        let keys = Keys::from([
            ("aws:sourcearn".to_owned(), vec![from.source.to_owned()]),
            ("aws:sourceaccount".to_owned(), vec![account.clone()]),
            ("aws:sourceowner".to_owned(), vec![account]),
        ]);
        verb::publish::publish_with(self, &call, keys).await.map(drop)
    }
}
