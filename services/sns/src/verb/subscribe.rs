//! Subscribe, ConfirmSubscription, Unsubscribe.

use super::{account, nothing};
use crate::deliver::Parcel;
use crate::service::Sns;
use crate::state::{Subscription, Topic};
use crate::{attributes, envelope, gate, ids, post, refuse};
use postern_call::{Call, Principal, Refusal};
use postern_kit::Input;
use postern_names::Arn;
use postern_policy::Keys;
use serde_json::{Value, json};

/// Protocols that AWS has and Postern does not deliver by.
const ABSENT: &[&str] = &["email", "email-json", "sms", "application", "lambda", "firehose"];

pub async fn subscribe(sns: &Sns, call: &Call) -> Result<Value, Refusal> {
    let input = Input(&call.input);
    let protocol = input.text("Protocol").unwrap_or_default();
    let endpoint = input.text("Endpoint").unwrap_or_default();
    let keys = Keys::from([
        ("sns:protocol".to_owned(), vec![protocol.to_owned()]),
        ("sns:endpoint".to_owned(), vec![endpoint.to_owned()]),
    ]);
    let topic = sns.admit(call, "Subscribe", input.text("TopicArn").unwrap_or_default(), keys)?;
    if ABSENT.contains(&protocol) {
        return Err(refuse::absent(format!("Subscriptions by {protocol} are")));
    }
    let queue = match protocol {
        "sqs" => Some(queue(endpoint, &topic)?),
        "http" | "https" => {
            server(protocol, endpoint, &topic)?;
            None
        }
        _ => return Err(refuse::parameter(format!("Amazon SNS does not support this protocol string: {protocol}"))),
    };
    let mut wanted = new(call, &topic, protocol, endpoint)?;
    let mut given = input.map("Attributes");
    // The scope decides what the policy may be.
    given.sort_by_key(|(name, _)| *name != "FilterPolicyScope");
    for (name, value) in given {
        attributes::set_subscription(&mut wanted, name, value)?;
    }
    // Who owns a queue of the own account has agreed; a server is asked.
    if queue.is_none_or(|queue| queue.account != wanted.owner.to_string()) {
        wanted.token = Some(ids::token()?);
    }
    let (made, is_new) = sns
        .topics
        .transact(|desk| {
            let known = desk
                .state
                .of_topic(&wanted.topic)
                .find(|one| one.protocol == wanted.protocol && one.endpoint == wanted.endpoint)
                .map(|one| Subscription::clone(one));
            match known {
                Some(known) if differs(&known, &wanted) => {
                    Err(refuse::parameter("Attributes Reason: Subscription already exists with different attributes"))
                }
                Some(known) => Ok((known, false)),
                None => {
                    desk.put_subscription(wanted.clone())?;
                    Ok((wanted, true))
                }
            }
        })
        .await?;
    // A server that did not answer may be asked again.
    if let Some(token) = made.token.as_ref().filter(|_| is_new || made.is_of_server()) {
        ask_to_confirm(sns, call, &topic, &made, token).await?;
    }
    let shows_arn = made.is_confirmed() || input.truth("ReturnSubscriptionArn") == Some(true);
    Ok(json!({ "SubscriptionArn": if shows_arn { made.arn.as_str() } else { "pending confirmation" } }))
}

fn queue(endpoint: &str, topic: &Topic) -> Result<Arn, Refusal> {
    let arn: Arn = endpoint.parse().map_err(|_| refuse::parameter("SQS endpoint ARN"))?;
    if arn.service != "sqs" || arn.account.len() != 12 || arn.resource.contains(':') {
        return Err(refuse::parameter("SQS endpoint ARN"));
    }
    if arn.resource.ends_with(".fifo") && !topic.is_fifo() {
        return Err(refuse::parameter(
            "Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics",
        ));
    }
    Ok(arn)
}

fn server(protocol: &str, endpoint: &str, topic: &Topic) -> Result<(), Refusal> {
    if topic.is_fifo() {
        return Err(refuse::parameter("Invalid parameter: Endpoint Reason: FIFO topics deliver to SQS queues only"));
    }
    let rest = endpoint.strip_prefix(protocol).and_then(|rest| rest.strip_prefix("://"));
    let rest = rest.ok_or_else(|| refuse::parameter("Endpoint must match the specified protocol"))?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return Err(refuse::absent("Endpoints with a user's name and password are"));
    }
    if !post::is_authority(authority) || rest.contains(char::is_whitespace) {
        return Err(refuse::parameter("HTTP(S) Endpoint"));
    }
    Ok(())
}

fn new(call: &Call, topic: &Topic, protocol: &str, endpoint: &str) -> Result<Subscription, Refusal> {
    let arn = topic.arn();
    let principal = match &call.caller.principal {
        Principal::Role { .. } => call.caller.principal_arn(),
        _ => call.caller.arn(),
    };
    Ok(Subscription {
        arn: format!("{arn}:{}", ids::uuid()?),
        topic: arn,
        owner: account(call)?,
        principal: principal.map(|arn| arn.to_string()).unwrap_or_default(),
        protocol: protocol.to_owned(),
        endpoint: endpoint.to_owned(),
        token: None,
        guarded: false,
        raw: false,
        filter: None,
        filter_by_body: false,
        redrive: None,
        delivery_policy: None,
    })
}

fn differs(known: &Subscription, wanted: &Subscription) -> bool {
    let text = |one: &Subscription| one.filter.as_ref().map(|filter| filter.text().to_owned());
    known.raw != wanted.raw
        || known.filter_by_body != wanted.filter_by_body
        || known.redrive != wanted.redrive
        || known.delivery_policy != wanted.delivery_policy
        || text(known) != text(wanted)
}

async fn ask_to_confirm(
    sns: &Sns,
    call: &Call,
    topic: &Topic,
    made: &Subscription,
    token: &str,
) -> Result<(), Refusal> {
    let id = ids::uuid()?;
    let body = envelope::confirmation(topic, token, &id, call.now, sns.sign.as_deref());
    if made.is_of_server() {
        let letter = post::confirmation(topic, made, &id, body);
        return sns.carrier.take(vec![post::errand(topic, made, &id, letter, None)]).await;
    }
    let parcel = Parcel {
        queue: made.endpoint.clone(),
        body,
        attributes: json!({}),
        group: topic.is_fifo().then(|| made.arn.clone()),
        dedup: topic.is_fifo().then(|| token.to_owned()),
        topic: topic.arn(),
        account: topic.account,
        region: topic.region.clone(),
        now: call.now,
        request_id: call.request_id.clone(),
    };
    // A queue that does not take it leaves the subscription pending, as in AWS.
    if let Err(refusal) = sns.deliver.to_queue(&parcel).await {
        tracing::info!(%refusal, queue = made.endpoint, "a subscription's confirmation was not delivered");
    }
    Ok(())
}

pub async fn confirm(sns: &Sns, call: &Call) -> Result<Value, Refusal> {
    let input = Input(&call.input);
    let token = input.text("Token").unwrap_or_default();
    // Who has the token may confirm; AWS takes it without a signature.
    if call.caller.account().is_some() {
        sns.topic(call, "ConfirmSubscription").or_else(|refusal| {
            // The topic's policy need not let the queue's owner in.
            if refusal.code == "NotFound" { Err(refusal) } else { known_topic(sns, input) }
        })?;
    } else {
        known_topic(sns, input)?;
    }
    let guarded = input.text("AuthenticateOnUnsubscribe") == Some("true");
    let topic = input.text("TopicArn").unwrap_or_default();
    let arn = sns
        .topics
        .transact(|desk| {
            let own = desk.state.of_topic(topic).find(|one| one.token.as_deref() == Some(token));
            let mut own = own.map(|one| Subscription::clone(one)).ok_or_else(|| refuse::parameter("Token"))?;
            own.token = None;
            own.guarded = guarded;
            let arn = own.arn.clone();
            desk.put_subscription(own)?;
            Ok(arn)
        })
        .await?;
    Ok(json!({ "SubscriptionArn": arn }))
}

fn known_topic(sns: &Sns, input: Input<'_>) -> Result<std::sync::Arc<Topic>, Refusal> {
    sns.topics.topic(input.text("TopicArn").unwrap_or_default()).ok_or_else(refuse::no_topic)
}

pub async fn unsubscribe(sns: &Sns, call: &Call) -> Result<Value, Refusal> {
    let arn = Input(&call.input).text("SubscriptionArn").unwrap_or_default();
    if arn.split(':').count() != 7 {
        let given = arn.split(':').count();
        return Err(refuse::parameter(format!(
            "SubscriptionArn Reason: An ARN must have at least 6 elements, not {given}"
        )));
    }
    let found = sns.topics.read().subscriptions.get(arn).cloned();
    if call.caller.account().is_some() {
        gate::ask_without_topic(sns.judge.as_ref(), call, "Unsubscribe")?;
    }
    let Some(found) = found else { return nothing() };
    let topic_owner = sns.topics.topic(&found.topic).map(|topic| topic.account);
    let caller = call.caller.account();
    let may = match caller {
        Some(account) => account == found.owner || Some(account) == topic_owner,
        // Whoever has the link of a message may leave, unless the subscriber forbade it.
        None => !found.guarded && found.is_confirmed(),
    };
    if !may {
        return Err(Refusal::new("AuthorizationError", "Only the subscription's or the topic's owner can unsubscribe")
            .status(403));
    }
    sns.topics
        .transact(|desk| {
            desk.remove_subscription(arn);
            if let Ok(mut topic) = desk.topic(&found.topic) {
                topic.deleted_subscriptions += 1;
                desk.put_topic(topic)?;
            }
            Ok(())
        })
        .await?;
    nothing()
}
