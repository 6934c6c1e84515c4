//! Who may call an operation: its resources, its condition keys, and the questions to the gate.

use crate::input::Input;
use crate::organizations::Organizations;
use crate::state::State;
use crate::verb::Verb;
use postern_call::{Call, Refusal};
use postern_names::AccountId;
use postern_policy::{Ask, Decision, Judge, Keys, code_for, hint, sentence};
use serde_json::Value;

/// Asks whether the call is allowed, once for each of its resources.
pub fn authorize(
    organizations: &Organizations,
    judge: &dyn Judge,
    call: &Call,
    account: AccountId,
    verb: &Verb,
) -> Result<(), Refusal> {
    let (resources, keys) = {
        let state = organizations.read();
        (resources(&state, call, account, verb), keys(&state, account, Input(&call.input)))
    };
    let action = format!("organizations:{}", verb.operation);
    for resource in resources {
        put(judge, call, account, &action, &resource, keys.clone())?;
    }
    Ok(())
}

fn put(
    judge: &dyn Judge,
    call: &Call,
    account: AccountId,
    action: &str,
    resource: &str,
    keys: Keys,
) -> Result<(), Refusal> {
    let ask = Ask {
        caller: &call.caller,
        request_id: Some(&call.request_id),
        via: &call.via,
        action,
        resource,
        resource_account: Some(account),
        resource_policy: None,
        keys,
        region: call.region.as_str(),
        secure: call.secure,
        user_agent: call.user_agent.as_deref(),
        now: call.now,
    };
    let decision = judge.judge(&ask);
    if matches!(decision, Decision::Allow { .. }) {
        return Ok(());
    }
    let (code, status) = code_for("organizations");
    let refusal = Refusal::new(code, sentence(&ask, &decision)).status(status);
    Err(Refusal { hint: hint(&decision), ..refusal })
}

/// The ARNs of what the request names; `*` for what names nothing, or stands outside an organization.
fn resources(state: &State, call: &Call, account: AccountId, verb: &Verb) -> Vec<String> {
    let named: Vec<String> = match state.of_account(account) {
        None => Vec::new(),
        Some((organization, _)) => {
            let ids = verb.subjects.iter().filter_map(|member| member_of(&call.input, member));
            ids.map(|id| organization.arn(id)).collect()
        }
    };
    if named.is_empty() { vec!["*".to_owned()] } else { named }
}

/// `Target.Id` is the member of a member.
fn member_of<'a>(input: &'a Value, path: &str) -> Option<&'a str> {
    path.split('.').try_fold(input, |value, name| value.get(name))?.as_str()
}

fn keys(state: &State, account: AccountId, input: Input<'_>) -> Keys {
    let mut keys = Keys::new();
    let of_policy = || {
        let (organization, _) = state.of_account(account)?;
        Some(organization.policy(input.text("PolicyId")?).ok()?.kind.word())
    };
    let kind = ["PolicyType", "Type", "Filter"].into_iter().find_map(|member| input.text(member));
    if let Some(kind) = kind.or_else(of_policy) {
        keys.insert("organizations:policytype".into(), vec![kind.to_owned()]);
    }
    let mut names = Vec::new();
    for tag in input.list("Tags").iter().map(Input) {
        if let Some(name) = tag.text("Key") {
            let value = tag.text("Value").unwrap_or_default().to_owned();
            keys.insert(format!("aws:requesttag/{}", name.to_lowercase()), vec![value]);
            names.push(name.to_owned());
        }
    }
    names.extend(input.list("TagKeys").iter().filter_map(Value::as_str).map(str::to_owned));
    if !names.is_empty() {
        keys.insert("aws:tagkeys".into(), names);
    }
    keys
}
