//! The question to the gate: each resource of a call is asked for, and every one must be allowed.

use crate::resources::{self, Touched};
use crate::{Inner, commit};
use postern_call::{Call, Refusal};
use postern_names::AccountId;
use postern_policy::{Ask, Decision, Keys};
use serde_json::Value;

/// `UnauthorizedOperation` with AWS's sentence about the first resource that is not allowed.
pub fn may(inner: &Inner, call: &Call, account: AccountId) -> Result<(), Refusal> {
    let (touched, tagged) = {
        let world = commit::read_lock(&inner.world);
        (resources::touched(&world, call, account), resources::tagged_on_create(call, account))
    };
    let request_keys = request_keys(call);
    let action = format!("ec2:{}", call.operation);
    for thing in touched {
        judge(inner, call, account, &action, thing, &request_keys)?;
    }
    for thing in tagged {
        judge(inner, call, account, "ec2:CreateTags", thing, &request_keys)?;
    }
    may_pass_role(inner, call, account)
}

/// Who gives an instance a role must be allowed to pass that role on.
fn may_pass_role(inner: &Inner, call: &Call, account: AccountId) -> Result<(), Refusal> {
    let profile = call.input.get("IamInstanceProfile");
    let text = |member: &str| profile.and_then(|p| p.get(member)).and_then(Value::as_str);
    let named = text("Arn").or_else(|| text("Name"));
    let Some(role) = named.and_then(|name| inner.outside.instance_profile(account, name)).and_then(|p| p.role) else {
        return Ok(());
    };
    let service = "ec2.amazonaws.com".to_owned();
    let thing = Touched { arn: role, keys: Keys::from([("iam:passedtoservice".to_owned(), vec![service])]) };
    judge(inner, call, account, "iam:PassRole", thing, &Keys::new())
}

fn judge(
    inner: &Inner,
    call: &Call,
    account: AccountId,
    action: &str,
    thing: Touched,
    request_keys: &Keys,
) -> Result<(), Refusal> {
    let mut keys = request_keys.clone();
    keys.extend(thing.keys);
    let ask = Ask {
        caller: &call.caller,
        via: &call.via,
        action,
        resource: &thing.arn,
        resource_account: (thing.arn != "*").then_some(account),
        resource_policy: None,
        keys,
        region: call.region.as_str(),
        secure: call.secure,
        user_agent: call.user_agent.as_deref(),
        now: call.now,
        request_id: Some(&call.request_id),
    };
    let decision = inner.judge.judge(&ask);
    if matches!(decision, Decision::Allow { .. }) {
        return Ok(());
    }
    let (code, status) = postern_policy::code_for("ec2");
    let sentence = postern_policy::sentence(&ask, &decision);
    // The policy crate opens EC2's own actions with this; EC2 says it of others' too.
    let message = if sentence.starts_with(OPENING) { sentence } else { format!("{OPENING}{sentence}") };
    let mut refusal = Refusal::new(code, message).status(status);
    refusal.hint = hint(&decision);
    Err(refusal)
}

const OPENING: &str = "You are not authorized to perform this operation. ";

/// Which statement it was, for the person at the keyboard.
fn hint(decision: &Decision) -> Option<String> {
    let (words, statement) = match decision {
        Decision::Allow { .. } => return None,
        Decision::ExplicitDeny { by } => ("denied by", by),
        Decision::ImplicitDeny { nearly, .. } => ("nearly allowed by", &nearly.first()?.statement),
    };
    let sid = statement.sid.as_ref().map(|sid| format!(" ({sid})")).unwrap_or_default();
    Some(format!("{words} statement {}{sid} of {}", statement.index + 1, statement.policy))
}

/// Keys that every resource of the call shares.
fn request_keys(call: &Call) -> Keys {
    let mut keys = Keys::from([("ec2:region".to_owned(), vec![call.region.to_string()])]);
    let specifications = call.input.get("TagSpecifications").and_then(Value::as_array).into_iter().flatten();
    let in_specifications = specifications.filter_map(|s| s.get("Tags")).filter_map(Value::as_array).flatten();
    let direct = call.input.get("Tags").and_then(Value::as_array).into_iter().flatten();
    let mut tag_keys = Vec::new();
    for tag in in_specifications.chain(direct) {
        let text = |member: &str| tag.get(member).and_then(Value::as_str);
        if let Some(key) = text("Key") {
            tag_keys.push(key.to_owned());
            let value = text("Value").unwrap_or_default().to_owned();
            keys.insert(format!("aws:requesttag/{}", key.to_lowercase()), vec![value]);
        }
    }
    if !tag_keys.is_empty() {
        keys.insert("aws:tagkeys".to_owned(), tag_keys);
    }
    for (member, key) in [("ServiceName", "ec2:vpceservicename"), ("InstanceType", "ec2:instancetype")] {
        if let Some(value) = call.input.get(member).and_then(Value::as_str) {
            keys.insert(key.to_owned(), vec![value.to_owned()]);
        }
    }
    if call.input.get("ServiceName").and_then(Value::as_str).is_some_and(|name| name.starts_with("com.amazonaws.")) {
        keys.insert("ec2:vpceserviceowner".to_owned(), vec!["amazon".to_owned()]);
    }
    keys
}
