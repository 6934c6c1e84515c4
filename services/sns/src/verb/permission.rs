//! AddPermission and RemovePermission: statements of the topic's policy by their labels.

use super::nothing;
use crate::attributes::policy;
use crate::refuse;
use crate::service::Sns;
use crate::state::Topic;
use postern_call::{Call, Refusal};
use postern_kit::Input;
use postern_names::AccountId;
use serde_json::{Value, json};

/// What AddPermission can give.
const ACTIONS: &[&str] = &[
    "AddPermission",
    "DeleteTopic",
    "GetTopicAttributes",
    "ListSubscriptionsByTopic",
    "Publish",
    "RemovePermission",
    "SetTopicAttributes",
    "Subscribe",
];

pub async fn add(sns: &Sns, call: &Call) -> Result<Value, Refusal> {
    let topic = sns.topic(call, "AddPermission")?;
    let input = Input(&call.input);
    let label = input.text("Label").unwrap_or_default();
    let (accounts, actions) = (input.texts("AWSAccountId"), input.texts("ActionName"));
    if accounts.is_empty() || accounts.iter().any(|id| id.parse::<AccountId>().is_err()) {
        return Err(refuse::parameter("AWSAccountId"));
    }
    if actions.is_empty() || actions.iter().any(|action| !ACTIONS.contains(action)) {
        return Err(refuse::parameter("Policy statement action out of service scope!"));
    }
    let principals: Vec<String> = accounts.iter().map(|id| format!("arn:aws:iam::{id}:root")).collect();
    let named: Vec<String> = actions.iter().map(|action| format!("SNS:{action}")).collect();
    let statement = json!({
        "Sid": label,
        "Effect": "Allow",
        "Principal": { "AWS": one_or_many(principals) },
        "Action": one_or_many(named),
        "Resource": topic.arn(),
    });
    change(sns, &topic, |statements| {
        if statements.iter().any(|known| known["Sid"] == label) {
            return Err(refuse::parameter("Statement already exists"));
        }
        statements.push(statement);
        Ok(())
    })
    .await
}

pub async fn remove(sns: &Sns, call: &Call) -> Result<Value, Refusal> {
    let topic = sns.topic(call, "RemovePermission")?;
    let label = Input(&call.input).text("Label").unwrap_or_default();
    change(sns, &topic, |statements| {
        statements.retain(|known| known["Sid"] != label);
        Ok(())
    })
    .await
}

fn one_or_many(mut all: Vec<String>) -> Value {
    if all.len() == 1 { json!(all.remove(0)) } else { json!(all) }
}

async fn change(
    sns: &Sns,
    topic: &Topic,
    change: impl FnOnce(&mut Vec<Value>) -> Result<(), Refusal>,
) -> Result<Value, Refusal> {
    sns.topics
        .transact(|desk| {
            let mut topic = desk.topic(&topic.arn())?;
            let mut document: Value = serde_json::from_str(&topic.policy_text()).map_err(Refusal::internal)?;
            if document["Statement"].is_object() {
                document["Statement"] = json!([document["Statement"]]);
            }
            let statements = document["Statement"].as_array_mut();
            let statements = statements.ok_or_else(|| Refusal::internal("a policy without statements"))?;
            change(statements)?;
            topic.policy = if statements.is_empty() { None } else { Some(policy(&document.to_string())?) };
            desk.put_topic(topic)
        })
        .await?;
    nothing()
}
