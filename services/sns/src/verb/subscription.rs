//! GetSubscriptionAttributes and SetSubscriptionAttributes.

use super::{account, nothing};
use crate::service::Sns;
use crate::state::Subscription;
use crate::{attributes, gate, refuse};
use postern_call::{Call, Refusal};
use postern_kit::Input;
use serde_json::{Map, Value, json};
use std::sync::Arc;

pub fn get(sns: &Sns, call: &Call) -> Result<Value, Refusal> {
    let one = own(sns, call, "GetSubscriptionAttributes")?;
    let mut shown = Map::new();
    let mut put = |name: &str, value: String| shown.insert(name.to_owned(), json!(value));
    put("SubscriptionArn", one.arn.clone());
    put("TopicArn", one.topic.clone());
    put("Owner", one.owner.to_string());
    put("Protocol", one.protocol.clone());
    put("Endpoint", one.endpoint.clone());
    put("SubscriptionPrincipal", one.principal.clone());
    put("ConfirmationWasAuthenticated", one.is_confirmed().to_string());
    put("PendingConfirmation", (!one.is_confirmed()).to_string());
    put("RawMessageDelivery", one.raw.to_string());
    if let Some(filter) = &one.filter {
        put("FilterPolicy", filter.text().to_owned());
        put("FilterPolicyScope", if one.filter_by_body { "MessageBody" } else { "MessageAttributes" }.into());
    }
    if let Some((_, text)) = &one.redrive {
        put("RedrivePolicy", text.clone());
    }
    if let Some(text) = &one.delivery_policy {
        put("DeliveryPolicy", text.clone());
    }
    Ok(json!({ "Attributes": shown }))
}

pub async fn set(sns: &Sns, call: &Call) -> Result<Value, Refusal> {
    let one = own(sns, call, "SetSubscriptionAttributes")?;
    let input = Input(&call.input);
    let (name, value) =
        (input.text("AttributeName").unwrap_or_default(), input.text("AttributeValue").unwrap_or_default());
    sns.topics
        .transact(|desk| {
            let mut one = desk.subscription(&one.arn)?;
            attributes::set_subscription(&mut one, name, value)?;
            desk.put_subscription(one)
        })
        .await?;
    nothing()
}

/// A subscription of the caller's, or of a topic of the caller's.
fn own(sns: &Sns, call: &Call, action: &str) -> Result<Arc<Subscription>, Refusal> {
    let arn = Input(&call.input).text("SubscriptionArn").unwrap_or_default();
    gate::ask_without_topic(sns.judge.as_ref(), call, action)?;
    let account = account(call)?;
    let found = sns.topics.read().subscriptions.get(arn).map(Arc::clone);
    let found = found.ok_or_else(refuse::no_subscription)?;
    let topic_owner = sns.topics.topic(&found.topic).map(|topic| topic.account);
    if found.owner != account && topic_owner != Some(account) {
        return Err(refuse::no_subscription());
    }
    Ok(found)
}
