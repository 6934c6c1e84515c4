//! What can be set on topics and subscriptions.

use crate::filter::Filter;
use crate::refuse;
use crate::state::{Policy, Subscription, Topic};
use postern_call::Refusal;
use postern_policy::Document;
use serde_json::Value;
use std::sync::Arc;

/// Sets one attribute of a topic.
pub fn set_topic(topic: &mut Topic, name: &str, value: &str) -> Result<(), Refusal> {
    let wrong = |why: &str| refuse::parameter(format!("{name} Reason: {why}"));
    match name {
        "DisplayName" if value.chars().count() <= 100 => topic.display_name = value.to_owned(),
        "DisplayName" => return Err(wrong("Display name must be less than 100 characters long")),
        "Policy" if value.is_empty() => topic.policy = None,
        "Policy" => topic.policy = Some(policy(value)?),
        "DeliveryPolicy" if value.is_empty() => topic.delivery_policy = None,
        "DeliveryPolicy" => {
            if !matches!(serde_json::from_str(value), Ok(Value::Object(_))) {
                return Err(refuse::parameter("DeliveryPolicy: failed to parse JSON."));
            }
            topic.delivery_policy = Some(value.to_owned());
        }
        "SignatureVersion" if matches!(value, "1" | "2") => topic.signature_version = Some(value.to_owned()),
        "SignatureVersion" => return Err(wrong("Invalid value for SignatureVersion, must be 1 or 2")),
        "TracingConfig" if value == "PassThrough" => topic.tracing = Some(value.to_owned()),
        "TracingConfig" if value == "Active" => return Err(refuse::absent("Active tracing of topics is")),
        "TracingConfig" => return Err(wrong("TracingConfig must be PassThrough or Active")),
        "KmsMasterKeyId" if value.is_empty() => {}
        "KmsMasterKeyId" => return Err(refuse::absent("Encryption of topics with KMS keys (KmsMasterKeyId) is")),
        "ArchivePolicy" | "DataProtectionPolicy" if !value.is_empty() => {
            return Err(refuse::absent(format!("The topic attribute {name} is")));
        }
        "ArchivePolicy" | "DataProtectionPolicy" => {}
        "FifoTopic" if value == "true" && topic.is_fifo() => {}
        "FifoTopic" if value == "false" && !topic.is_fifo() => {}
        "ContentBasedDeduplication" if topic.is_fifo() => topic.content_dedup = truth(name, value)?,
        "FifoThroughputScope" if topic.is_fifo() => {
            topic.dedup_by_group = match value {
                "MessageGroup" => true,
                "Topic" => false,
                _ => return Err(wrong("FifoThroughputScope must be Topic or MessageGroup")),
            };
        }
        other if other.ends_with("FeedbackRoleArn") || other.ends_with("FeedbackSampleRate") => {
            return Err(refuse::absent(format!("Delivery status logging ({other}) is")));
        }
        _ => return Err(refuse::parameter("AttributeName")),
    }
    Ok(())
}

/// Sets one attribute of a subscription.
pub fn set_subscription(subscription: &mut Subscription, name: &str, value: &str) -> Result<(), Refusal> {
    match name {
        "RawMessageDelivery" => subscription.raw = truth(name, value)?,
        "FilterPolicy" if matches!(value, "" | "{}") => subscription.filter = None,
        "FilterPolicy" => {
            let filter = Filter::parse(value, subscription.filter_by_body).map_err(refuse::parameter)?;
            subscription.filter = Some(filter);
        }
        "FilterPolicyScope" => {
            let by_body = match value {
                "MessageAttributes" => false,
                "MessageBody" => true,
                _ => {
                    return Err(refuse::parameter(format!(
                        "FilterPolicyScope: Invalid value [{value}]. Please use either MessageBody or MessageAttributes"
                    )));
                }
            };
            // A policy that is there must make sense in the new scope.
            if let Some(filter) = &subscription.filter {
                Filter::parse(filter.text(), by_body).map_err(refuse::parameter)?;
            }
            subscription.filter_by_body = by_body;
        }
        "RedrivePolicy" if value.is_empty() => subscription.redrive = None,
        "RedrivePolicy" => subscription.redrive = Some((redrive(value)?, value.to_owned())),
        "DeliveryPolicy" if !subscription.is_of_server() => {
            return Err(refuse::parameter("Delivery policies are of HTTP and HTTPS subscriptions alone"));
        }
        "DeliveryPolicy" if value.is_empty() => subscription.delivery_policy = None,
        "DeliveryPolicy" => {
            crate::post::check(value)?;
            subscription.delivery_policy = Some(value.to_owned());
        }
        "ReplayPolicy" => return Err(refuse::absent("Replay of archived messages (ReplayPolicy) is")),
        _ => return Err(refuse::parameter("AttributeName")),
    }
    Ok(())
}

fn truth(name: &str, value: &str) -> Result<bool, Refusal> {
    match value.to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(refuse::parameter(format!("{name}: Invalid value [{value}]. Must be true or false."))),
    }
}

pub fn policy(text: &str) -> Result<Policy, Refusal> {
    let document = Document::parse_resource(text)
        .map_err(|error| refuse::parameter("Policy Error: null").hint(error.to_string()))?;
    Ok(Policy(Arc::new(document)))
}

/// The queue of a redrive policy.
fn redrive(text: &str) -> Result<String, Refusal> {
    let read: Value =
        serde_json::from_str(text).map_err(|_| refuse::parameter("RedrivePolicy: failed to parse JSON."))?;
    let target = read.get("deadLetterTargetArn").and_then(Value::as_str);
    let target = target.filter(|arn| arn.starts_with("arn:aws:sqs:"));
    target.map(str::to_owned).ok_or_else(|| {
        refuse::parameter("RedrivePolicy: deadLetterTargetArn is an invalid arn").hint("it is the ARN of an SQS queue")
    })
}
