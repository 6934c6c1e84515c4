//! A denial as `sts:DecodeAuthorizationMessage` tells it: who asked what, in which context, and what matched.

use crate::{Ask, Decision, Statement, keys_of, spelled};
use postern_call::Principal;
use serde_json::{Value, json};

/// AWS's JSON. `matched`: the statement that denies, if one does.
pub fn authorization_message(ask: &Ask<'_>, decision: &Decision, matched: Option<&Statement>) -> Value {
    let explicit = matches!(decision, Decision::ExplicitDeny { .. });
    let conditions =
        keys_of(ask).into_iter().map(|(key, values)| json!({ "key": spelled(&key), "values": items(values) }));
    let statements = matched.filter(|_| explicit).map(|statement| statement_shape(ask, statement));
    json!({
        "allowed": matches!(decision, Decision::Allow { .. }),
        "explicitDeny": explicit,
        "matchedStatements": { "items": statements.into_iter().collect::<Vec<_>>() },
        "failures": { "items": [] },
        "context": {
            "principal": principal(ask),
            "action": ask.action,
            "resource": ask.resource,
            "conditions": { "items": conditions.collect::<Vec<_>>() },
        },
    })
}

fn items(values: impl IntoIterator<Item = String>) -> Value {
    json!({ "items": values.into_iter().map(|value| json!({ "value": value })).collect::<Vec<_>>() })
}

fn principal(ask: &Ask<'_>) -> Value {
    let mut shape = json!({ "id": ask.caller.user_id() });
    if let Principal::User { name, .. } = &ask.caller.principal {
        shape["name"] = json!(name);
    }
    if let Some(arn) = ask.caller.arn() {
        shape["arn"] = json!(arn.to_string());
    }
    shape
}

fn statement_shape(ask: &Ask<'_>, statement: &Statement) -> Value {
    let resources = statement.resources.as_ref().filter(|listed| !listed.negated);
    let resources = resources.into_iter().flat_map(|listed| &listed.patterns).map(|pattern| pattern.text().to_owned());
    let actions = Some(&statement.actions).filter(|listed| !listed.negated);
    let actions = actions.into_iter().flat_map(|listed| &listed.patterns).map(|pattern| pattern.text().to_owned());
    let conditions = statement.conditions.iter().map(|condition| {
        json!({ "key": condition.key, "operator": condition.operator, "values": items(condition.values.clone()) })
    });
    json!({
        "statementId": statement.sid.as_deref().unwrap_or_default(),
        "effect": "DENY",
        "principals": items([ask.caller.user_id()]),
        "principalGroups": { "items": [] },
        "actions": items(actions),
        "resources": items(resources),
        "conditions": { "items": conditions.collect::<Vec<_>>() },
    })
}
