//! The API over the topics.

use crate::carrier::Carrier;
use crate::deliver::Deliver;
use crate::envelope::Sign;
use crate::state::Topic;
use crate::topics::Topics;
use crate::{gate, refuse, verb};
use async_trait::async_trait;
use postern_call::{Call, Refusal};
use postern_kit::not_implemented;
use postern_names::{AccountId, Arn};
use postern_policy::{Judge, Keys};
use postern_serve::{Guarded, Service};
use postern_store::{Store, StoreError};
use serde_json::Value;
use std::sync::Arc;
use time::OffsetDateTime;

/// The `sns` service.
pub struct Sns {
    pub(crate) topics: Topics,
    pub(crate) judge: Arc<dyn Judge>,
    pub(crate) deliver: Arc<dyn Deliver>,
    pub(crate) carrier: Arc<Carrier>,
    pub(crate) sign: Option<Arc<dyn Sign>>,
}

/// The operations that are served, by model name.
const OPERATIONS: &[&str] = &[
    "AddPermission",
    "ConfirmSubscription",
    "CreateTopic",
    "DeleteTopic",
    "GetSubscriptionAttributes",
    "GetTopicAttributes",
    "ListSubscriptions",
    "ListSubscriptionsByTopic",
    "ListTagsForResource",
    "ListTopics",
    "Publish",
    "PublishBatch",
    "RemovePermission",
    "SetSubscriptionAttributes",
    "SetTopicAttributes",
    "Subscribe",
    "TagResource",
    "Unsubscribe",
    "UntagResource",
];

impl Sns {
    /// Reads the topics from the store. Blocks; meant for the start.
    pub fn open(
        store: Arc<Store>,
        judge: Arc<dyn Judge>,
        deliver: Arc<dyn Deliver>,
        sign: Option<Arc<dyn Sign>>,
    ) -> Result<Self, StoreError> {
        let carrier = Carrier::new(Arc::clone(&store), Arc::clone(&deliver));
        Ok(Self { topics: Topics::open(store)?, judge, deliver, carrier, sign })
    }

    /// Goes on with the messages for servers that were on their way when the daemon ended. Meant for the start, once
    /// there is a network; blocks, and needs a runtime.
    pub fn resume(&self, now: OffsetDateTime) -> Result<(), StoreError> {
        self.carrier.resume(now)
    }

    /// The operations that are served, by model name.
    pub fn implemented() -> Vec<&'static str> {
        OPERATIONS.to_vec()
    }

    /// The topic of this ARN, once the gate has allowed the action on it.
    pub(crate) fn admit(&self, call: &Call, action: &str, arn: &str, keys: Keys) -> Result<Arc<Topic>, Refusal> {
        let named = topic_of_arn(arn)?;
        let found = self.topics.topic(arn);
        gate::ask(self.judge.as_ref(), call, action, found.as_deref().unwrap_or(&named), keys)?;
        found.ok_or_else(refuse::no_topic)
    }

    /// The same for a call's `TopicArn`.
    pub(crate) fn topic(&self, call: &Call, action: &str) -> Result<Arc<Topic>, Refusal> {
        let arn = call.input.get("TopicArn").and_then(Value::as_str).unwrap_or_default();
        self.admit(call, action, arn, Keys::new())
    }
}

/// What an ARN tells of a topic, there or not.
fn topic_of_arn(text: &str) -> Result<Topic, Refusal> {
    let invalid = || refuse::parameter("TopicArn Reason: An ARN must have at least 6 elements, not 1");
    let arn: Arn = text.parse().map_err(|_| invalid())?;
    let account: AccountId = arn.account.parse().map_err(|_| refuse::parameter("TopicArn"))?;
    if arn.service != "sns" || !verb::topic::is_name(&arn.resource) {
        return Err(refuse::parameter("TopicArn"));
    }
    Ok(Topic::new(account, postern_names::Region::new(&arn.region), &arn.resource))
}

#[async_trait]
impl Service for Sns {
    async fn call(&self, call: Call) -> Result<Value, Refusal> {
        match call.operation.as_str() {
            "AddPermission" => verb::permission::add(self, &call).await,
            "ConfirmSubscription" => verb::subscribe::confirm(self, &call).await,
            "CreateTopic" => verb::topic::create(self, &call).await,
            "DeleteTopic" => verb::topic::delete(self, &call).await,
            "GetSubscriptionAttributes" => verb::subscription::get(self, &call),
            "GetTopicAttributes" => verb::topic::get(self, &call),
            "ListSubscriptions" => verb::list::subscriptions(self, &call),
            "ListSubscriptionsByTopic" => verb::list::subscriptions_by_topic(self, &call),
            "ListTagsForResource" => verb::tags::list(self, &call),
            "ListTopics" => verb::list::topics(self, &call),
            "Publish" => verb::publish::publish(self, &call).await,
            "PublishBatch" => verb::publish::publish_batch(self, &call).await,
            "RemovePermission" => verb::permission::remove(self, &call).await,
            "SetSubscriptionAttributes" => verb::subscription::set(self, &call).await,
            "SetTopicAttributes" => verb::topic::set(self, &call).await,
            "Subscribe" => verb::subscribe::subscribe(self, &call).await,
            "TagResource" => verb::tags::add(self, &call).await,
            "Unsubscribe" => verb::subscribe::unsubscribe(self, &call).await,
            "UntagResource" => verb::tags::remove(self, &call).await,
            other => Err(not_implemented("Amazon SNS", other)),
        }
    }

    fn guarded(&self, arn: &str) -> Option<Guarded> {
        let topic = self.topics.topic(arn)?;
        gate::guarded(&topic)
    }

    fn operations(&self) -> Vec<&'static str> {
        Self::implemented()
    }
}
