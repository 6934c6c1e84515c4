//! Trust policies are bound to the users and roles that they name, not to the names.
//!
//! A renamed principal keeps the trust under its new name. A deleted one leaves its unique id behind, so that another
//! of the same name is not trusted.

use crate::document::Doc;
use crate::iam::Desk;
use crate::save::Touched;
use crate::state::{State, key};
use postern_call::Refusal;
use postern_names::{AccountId, Arn};
use postern_policy::{Document, PrincipalName};
use serde_json::{Value, json};

/// Puts `to` in the place of the principal `from` in every trust policy of every account.
pub fn rewrite(desk: &mut Desk<'_>, from: &str, to: &str) -> Result<(), Refusal> {
    if from == to {
        return Ok(());
    }
    let mut found: Vec<(AccountId, String, Doc)> = Vec::new();
    for (id, account) in &desk.state.accounts {
        for (name, role) in account.roles.iter().filter(|(_, role)| names(&role.trust, from)) {
            let inside =
                |error: &dyn std::fmt::Display| Refusal::internal(format!("rewrite the trust of {name}: {error}"));
            let mut document: Value = serde_json::from_str(role.trust.text()).map_err(|error| inside(&error))?;
            let statements = document.get_mut("Statement").map(statements_mut).unwrap_or_default();
            for principal in statements.into_iter().filter_map(|s| s.get_mut("Principal")?.get_mut("AWS")) {
                replace(principal, from, to);
            }
            let parsed = Document::parse_trust(&document.to_string()).map_err(|error| inside(&error))?;
            found.push((*id, name.clone(), Doc::new(parsed)));
        }
    }
    for (id, name, trust) in found {
        if let Some(role) = desk.state.accounts.get_mut(&id).and_then(|account| account.roles.get_mut(&name)) {
            role.trust = trust;
            desk.touch_in(id, Touched::Role(name));
        }
    }
    Ok(())
}

/// Whether the user or role exists. Of accounts that are not kept here nothing is known, and sessions come and go.
pub fn exists(state: &State, arn: &str) -> bool {
    let Ok(parsed) = arn.parse::<Arn>() else { return false };
    let Ok(id) = parsed.account.parse() else { return false };
    let Some(account) = state.account(id) else { return true };
    let Some((kind, rest)) = parsed.resource.split_once('/') else { return false };
    let name = key(rest.rsplit('/').next().unwrap_or_default());
    match kind {
        "user" => account.users.get(&name).is_some_and(|user| user.arn(id) == arn),
        "role" => account.roles.get(&name).is_some_and(|role| role.arn(id) == arn),
        _ => true,
    }
}

/// Whether a user or role of this unique id exists in any account.
pub fn has_id(state: &State, id: &str) -> bool {
    state.accounts.values().any(|account| {
        account.users.values().any(|user| user.id == id) || account.roles.values().any(|role| role.id == id)
    })
}

fn names(trust: &Doc, arn: &str) -> bool {
    let listed = trust.0.statements().iter().filter_map(|s| s.principals.as_ref()).flat_map(|p| &p.listed);
    listed.into_iter().any(|name| matches!(name, PrincipalName::Arn(named) if named == arn))
}

fn statements_mut(value: &mut Value) -> Vec<&mut Value> {
    match value {
        Value::Array(list) => list.iter_mut().collect(),
        one => vec![one],
    }
}

fn replace(principal: &mut Value, from: &str, to: &str) {
    match principal {
        Value::Array(list) => list.iter_mut().for_each(|item| replace(item, from, to)),
        Value::String(text) if text == from => *principal = json!(to),
        _ => {}
    }
}
