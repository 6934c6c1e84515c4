//! CreateTopic, DeleteTopic, GetTopicAttributes, SetTopicAttributes.

use super::{account, nothing, tags};
use crate::service::Sns;
use crate::state::Topic;
use crate::{attributes, gate, refuse};
use postern_call::{Call, Refusal};
use postern_kit::{Input, request_tag_keys};
use postern_policy::Keys;
use serde_json::{Map, Value, json};

/// Up to 256 letters, digits, hyphens and underscores, and `.fifo` at the end of a FIFO topic's name.
pub fn is_name(name: &str) -> bool {
    let plain = name.strip_suffix(".fifo").unwrap_or(name);
    let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    !plain.is_empty() && name.len() <= 256 && plain.bytes().all(fits)
}

pub async fn create(sns: &Sns, call: &Call) -> Result<Value, Refusal> {
    let input = Input(&call.input);
    let name = input.text("Name").unwrap_or_default();
    if !is_name(name) {
        return Err(refuse::parameter("Topic Name"));
    }
    let given = input.map("Attributes");
    let fifo = given.iter().any(|(name, value)| *name == "FifoTopic" && *value == "true");
    if fifo && !name.ends_with(".fifo") {
        return Err(refuse::parameter(
            "Fifo Topic names must end with .fifo and must be made up of only uppercase and lowercase ASCII letters, numbers, underscores, and hyphens, and must be between 1 and 256 characters long.",
        ));
    }
    if !fifo && name.ends_with(".fifo") {
        return Err(
            refuse::parameter("Topic Name").hint("a name that ends in .fifo needs the attribute FifoTopic=true")
        );
    }
    if input.text("DataProtectionPolicy").is_some() {
        return Err(refuse::absent("Data protection policies are"));
    }
    let new_tags = tags::read(input)?;
    let mut topic = Topic::new(account(call)?, call.region.clone(), name);
    let arn = topic.arn();
    let known = sns.topics.topic(&arn);
    let mut keys = Keys::new();
    request_tag_keys(new_tags.iter().map(|(key, value)| (key.as_str(), value.as_str())), &mut keys);
    gate::ask(sns.judge.as_ref(), call, "CreateTopic", known.as_deref().unwrap_or(&topic), keys)?;
    for (name, value) in &given {
        attributes::set_topic(&mut topic, name, value)?;
    }
    topic.tags = new_tags;
    tags::check(&topic.tags)?;
    sns.topics
        .transact(|desk| {
            let Some(known) = desk.state.topics.get(&arn) else { return desk.put_topic(topic) };
            let mut wanted = Topic::clone(known);
            for (name, value) in &given {
                attributes::set_topic(&mut wanted, name, value)?;
            }
            if shown(&wanted) != shown(known) {
                return Err(refuse::parameter("Attributes Reason: Topic already exists with different attributes"));
            }
            if !topic.tags.iter().all(|tag| known.tags.contains(tag)) {
                return Err(refuse::parameter("Tags Reason: Topic already exists with different tags"));
            }
            Ok(())
        })
        .await?;
    Ok(json!({ "TopicArn": arn }))
}

pub async fn delete(sns: &Sns, call: &Call) -> Result<Value, Refusal> {
    match sns.topic(call, "DeleteTopic") {
        Ok(topic) => {
            sns.topics
                .transact(|desk| {
                    desk.remove_topic(&topic.arn());
                    Ok(())
                })
                .await?;
        }
        // Deleting what is not there is no error.
        Err(refusal) if refusal.code == "NotFound" => {}
        Err(refusal) => return Err(refusal),
    }
    nothing()
}

pub async fn set(sns: &Sns, call: &Call) -> Result<Value, Refusal> {
    let topic = sns.topic(call, "SetTopicAttributes")?;
    let input = Input(&call.input);
    let (name, value) =
        (input.text("AttributeName").unwrap_or_default(), input.text("AttributeValue").unwrap_or_default());
    if name == "FifoTopic" {
        return Err(refuse::parameter("AttributeName"));
    }
    sns.topics
        .transact(|desk| {
            let mut topic = desk.topic(&topic.arn())?;
            attributes::set_topic(&mut topic, name, value)?;
            desk.put_topic(topic)
        })
        .await?;
    nothing()
}

/// How HTTP deliveries are retried unless told otherwise: AWS's figures.
const RETRIES: &str = r#"{"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":20,"maxDelayTarget":20,"numRetries":3,"numMaxDelayRetries":0,"numNoDelayRetries":0,"numMinDelayRetries":0,"backoffFunction":"linear"},"disableSubscriptionOverrides":false,"defaultRequestPolicy":{"headerContentType":"text/plain; charset=UTF-8"}}}"#;

pub fn get(sns: &Sns, call: &Call) -> Result<Value, Refusal> {
    let topic = sns.topic(call, "GetTopicAttributes")?;
    let (confirmed, pending) = {
        let state = sns.topics.read();
        let (confirmed, pending): (Vec<_>, Vec<_>) = state.of_topic(&topic.arn()).partition(|one| one.is_confirmed());
        (confirmed.len(), pending.len())
    };
    let mut shown = shown(&topic);
    let mut put = |name: &str, value: String| shown.insert(name.to_owned(), json!(value));
    put("SubscriptionsConfirmed", confirmed.to_string());
    put("SubscriptionsPending", pending.to_string());
    put("SubscriptionsDeleted", topic.deleted_subscriptions.to_string());
    Ok(json!({ "Attributes": shown }))
}

/// The attributes that do not depend on subscriptions.
fn shown(topic: &Topic) -> Map<String, Value> {
    let mut shown = Map::new();
    let mut put = |name: &str, value: String| shown.insert(name.to_owned(), json!(value));
    put("TopicArn", topic.arn());
    put("Owner", topic.account.to_string());
    put("DisplayName", topic.display_name.clone());
    put("Policy", topic.policy_text());
    put("EffectiveDeliveryPolicy", topic.delivery_policy.clone().unwrap_or_else(|| RETRIES.to_owned()));
    if let Some(policy) = &topic.delivery_policy {
        put("DeliveryPolicy", policy.clone());
    }
    if let Some(version) = &topic.signature_version {
        put("SignatureVersion", version.clone());
    }
    if let Some(tracing) = &topic.tracing {
        put("TracingConfig", tracing.clone());
    }
    if topic.is_fifo() {
        put("FifoTopic", "true".into());
        put("ContentBasedDeduplication", topic.content_dedup.to_string());
        put("FifoThroughputScope", if topic.dedup_by_group { "MessageGroup" } else { "Topic" }.into());
    }
    shown
}
