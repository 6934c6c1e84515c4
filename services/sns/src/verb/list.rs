//! ListTopics, ListSubscriptions, ListSubscriptionsByTopic: a hundred a page.

use super::account;
use crate::service::Sns;
use crate::state::Subscription;
use crate::{gate, refuse};
use postern_call::{Call, Refusal};
use postern_kit::{Input, page};
use serde_json::{Value, json};

const PAGE: usize = 100;

pub fn topics(sns: &Sns, call: &Call) -> Result<Value, Refusal> {
    gate::ask_without_topic(sns.judge.as_ref(), call, "ListTopics")?;
    let account = account(call)?;
    let state = sns.topics.read();
    let own = state.topics.iter().filter(|(_, topic)| topic.account == account && topic.region == call.region);
    paged(call, "Topics", own.map(|(arn, _)| (arn.clone(), json!({ "TopicArn": arn }))))
}

pub fn subscriptions(sns: &Sns, call: &Call) -> Result<Value, Refusal> {
    gate::ask_without_topic(sns.judge.as_ref(), call, "ListSubscriptions")?;
    let account = account(call)?;
    let here = format!("arn:aws:sns:{}:", call.region);
    let state = sns.topics.read();
    let own = state.subscriptions.iter().filter(|(arn, one)| one.owner == account && arn.starts_with(&here));
    paged(call, "Subscriptions", own.map(|(arn, one)| (arn.clone(), show(one))))
}

pub fn subscriptions_by_topic(sns: &Sns, call: &Call) -> Result<Value, Refusal> {
    let topic = sns.topic(call, "ListSubscriptionsByTopic")?;
    let state = sns.topics.read();
    let all: Vec<_> = state.of_topic(&topic.arn()).map(|one| (one.arn.clone(), show(one))).collect();
    paged(call, "Subscriptions", all)
}

fn paged(call: &Call, member: &str, entries: impl IntoIterator<Item = (String, Value)>) -> Result<Value, Refusal> {
    let token = Input(&call.input).text("NextToken").filter(|token| !token.is_empty());
    let page = page(entries, token, PAGE).map_err(|_| refuse::parameter("NextToken"))?;
    let mut reply = json!({ member: page.entries });
    if let Some(next) = page.next {
        reply["NextToken"] = json!(next);
    }
    Ok(reply)
}

fn show(one: &Subscription) -> Value {
    let arn = if one.is_confirmed() { one.arn.as_str() } else { "PendingConfirmation" };
    json!({
        "SubscriptionArn": arn,
        "Owner": one.owner,
        "Protocol": one.protocol,
        "Endpoint": one.endpoint,
        "TopicArn": one.topic,
    })
}
