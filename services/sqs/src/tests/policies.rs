//! Who may: queue policies, permissions by label, other accounts.

use super::{Rig, URL};
use postern_call::{Caller, Principal, Refusal};
use postern_names::AccountId;
use postern_policy::{Ask, Decision, Judge, PolicySet, decide};
use postern_serve::Service;
use serde_json::{Value, json};
use std::sync::Arc;

/// Decides by the resource's policy; every identity may do everything.
struct Plain;

impl Judge for Plain {
    fn judge(&self, ask: &Ask<'_>) -> Decision {
        assert_eq!(postern_policy::table::flaw(ask), None);
        decide(ask, &PolicySet::default())
    }
}

fn other() -> Caller {
    Caller::of(Principal::Root { account: "210987654321".parse::<AccountId>().unwrap() })
}

async fn as_other(rig: &Rig, operation: &str, input: Value) -> Result<Value, Refusal> {
    let mut call = rig.call_of(operation, input);
    call.caller = other();
    rig.sqs.call(call).await
}

async fn rig() -> Rig {
    let mut rig = Rig::new();
    rig.sqs.judge = Arc::new(Plain);
    rig.make("q", json!({})).await;
    rig
}

#[tokio::test]
async fn another_account_needs_the_queues_word() {
    let rig = rig().await;
    let send = json!({ "QueueUrl": URL, "MessageBody": "a" });
    let refusal = as_other(&rig, "SendMessage", send.clone()).await.unwrap_err();
    assert_eq!((&*refusal.code, refusal.status), ("AccessDenied", 403));
    assert_eq!(
        refusal.message,
        "User: arn:aws:iam::210987654321:root is not authorized to perform: sqs:sendmessage on resource: arn:aws:sqs:us-east-1:123456789012:q because no resource-based policy allows the sqs:sendmessage action"
    );
    let permit =
        json!({ "QueueUrl": URL, "Label": "l", "AWSAccountIds": ["210987654321"], "Actions": ["SendMessage"] });
    rig.done("AddPermission", permit.clone()).await;
    as_other(&rig, "SendMessage", send.clone()).await.unwrap();
    as_other(&rig, "ReceiveMessage", json!({ "QueueUrl": URL })).await.unwrap_err();
    assert!(rig.refused("AddPermission", permit).await.message.ends_with("Reason: Already exists."));
    rig.done("RemovePermission", json!({ "QueueUrl": URL, "Label": "l" })).await;
    as_other(&rig, "SendMessage", send).await.unwrap_err();
    assert_eq!(
        rig.refused("RemovePermission", json!({ "QueueUrl": URL, "Label": "l" })).await.code,
        "InvalidParameterValue"
    );
    let attributes = rig.done("GetQueueAttributes", json!({ "QueueUrl": URL, "AttributeNames": ["Policy"] })).await;
    assert_eq!(attributes, json!({}));
}

#[tokio::test]
async fn the_owner_keeps_what_only_owners_do() {
    let rig = rig().await;
    let policy = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": "arn:aws:sqs:us-east-1:123456789012:q" }
    ] });
    let set = json!({ "QueueUrl": URL, "Attributes": { "Policy": policy.to_string() } });
    rig.done("SetQueueAttributes", set.clone()).await;
    as_other(&rig, "ReceiveMessage", json!({ "QueueUrl": URL })).await.unwrap();
    let url = json!({ "QueueName": "q", "QueueOwnerAWSAccountId": "123456789012" });
    assert_eq!(as_other(&rig, "GetQueueUrl", url).await.unwrap()["QueueUrl"], URL);
    as_other(&rig, "SetQueueAttributes", set).await.unwrap_err();
    as_other(&rig, "DeleteQueue", json!({ "QueueUrl": URL })).await.unwrap_err();
    let refusal =
        as_other(&rig, "ReceiveMessage", json!({ "QueueUrl": URL.replace("/q", "/none") })).await.unwrap_err();
    assert_eq!(refusal.message, "The specified queue does not exist or you do not have access to it.");
}

#[tokio::test]
async fn a_policy_can_deny_its_own_account() {
    let rig = rig().await;
    let policy = json!({ "Version": "2012-10-17", "Statement": {
        "Effect": "Deny", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*",
        "Condition": { "StringNotEquals": { "aws:SourceVpce": "vpce-0123456789abcdef0" } }
    } });
    rig.done("SetQueueAttributes", json!({ "QueueUrl": URL, "Attributes": { "Policy": policy.to_string() } })).await;
    let refusal = rig.refused("SendMessage", json!({ "QueueUrl": URL, "MessageBody": "a" })).await;
    assert!(refusal.message.contains("with an explicit deny in a resource-based policy"), "{refusal}");
    rig.done("ReceiveMessage", json!({ "QueueUrl": URL })).await;
}

#[tokio::test]
async fn the_gate_is_asked_in_the_tables_words() {
    let rig = Rig::queue(json!({})).await;
    rig.heard.take();
    let batch = json!({ "QueueUrl": URL, "Entries": [{ "Id": "1", "MessageBody": "a" }] });
    rig.done("SendMessageBatch", batch.clone()).await;
    assert_eq!(rig.heard.take(), ["sqs:SendMessage arn:aws:sqs:us-east-1:123456789012:q"]);
    rig.heard.refuse("sqs:SendMessage");
    assert_eq!(rig.refused("SendMessageBatch", batch).await.code, "AccessDenied");
    assert_eq!(rig.counts(URL).await, ["1", "0", "0"]);
}
