//! Who may call an operation: its resources, its condition keys, and the questions to the gate.

use crate::input::Input;
use crate::organizations::Organizations;
use crate::state::State;
use crate::verb::Verb;
use postern_call::{Call, Refusal};
use postern_names::AccountId;
use postern_policy::{Ask, Decision, Judge, Keys, code_for, hint, sentence, table};
use serde_json::Value;

/// Asks whether the call is allowed, once for each of its resources.
pub fn authorize(
    organizations: &Organizations,
    judge: &dyn Judge,
    call: &Call,
    account: AccountId,
    verb: &Verb,
) -> Result<(), Refusal> {
    let resources = resources(&organizations.read(), call, account, verb);
    let action = format!("organizations:{}", verb.operation);
    for (resource, keys) in resources {
        put(judge, call, account, &action, &resource, keys)?;
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

/// The ARNs of what the request names, each with the keys that a request for it has; `*` alone where it names nothing
/// that there is.
pub fn resources(state: &State, call: &Call, account: AccountId, verb: &Verb) -> Vec<(String, Keys)> {
    let asked = keys(state, account, Input(&call.input));
    let action = table::service("organizations").and_then(|table| table.action(verb.operation));
    let with_keys = |arn: String, tags: &[(String, String)]| {
        let mut keys = asked.clone();
        for (name, value) in tags {
            keys.insert(format!("aws:resourcetag/{}", name.to_lowercase()), vec![value.clone()]);
        }
        if let Some(action) = action {
            let word = action.type_of(&arn).map(|found| found.word);
            keys.retain(|key, _| action.has_key(word, key));
        }
        (arn, keys)
    };
    let mut found = Vec::new();
    for id in verb.subjects.iter().filter_map(|member| member_of(&call.input, member)) {
        // An invitation is the inviting organization's, and the invited account stands in none.
        let inviting = state.organizations.values().find(|organization| organization.handshakes.contains_key(id));
        let own = || state.of_account(account).map(|(organization, _)| organization);
        if let Some(organization) = inviting.or_else(own) {
            found.push(with_keys(organization.arn(id), state.tags(organization, id).map_or(&[], Vec::as_slice)));
        }
    }
    if found.is_empty() { vec![with_keys("*".to_owned(), &[])] } else { found }
}

/// `Target.Id` is the member of a member.
fn member_of<'a>(input: &'a Value, path: &str) -> Option<&'a str> {
    path.split('.').try_fold(input, |value, name| value.get(name))?.as_str()
}

fn keys(state: &State, account: AccountId, input: Input<'_>) -> Keys {
    let mut keys = Keys::new();
    let of_policy = || {
        let (organization, _) = state.of_account(account)?;
        Some(organization.policy(input.text("PolicyId").or(input.text("ResourceId"))?).ok()?.kind.word())
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
    if let Some(service) = input.text("ServicePrincipal") {
        keys.insert("organizations:serviceprincipal".into(), vec![service.to_owned()]);
    }
    names.extend(input.list("TagKeys").iter().filter_map(Value::as_str).map(str::to_owned));
    if !names.is_empty() {
        keys.insert("aws:tagkeys".into(), names);
    }
    keys
}
