//! ListPoliciesGrantingServiceAccess: which policies of an identity let it do anything with a service.

use super::Request;
use crate::entity::Policies;
use crate::iam::Desk;
use crate::input::Input;
use crate::refuse;
use crate::state::{Account, Bearer};
use postern_call::Refusal;
use postern_names::Arn;
use postern_policy::{Document, Effect, Statement};
use serde_json::{Value, json};

pub fn list(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let input = request.input;
    let (bearer, name) = identity(input, &desk.account_id.to_string())?;
    let account = desk.account();
    let mut held = vec![(bearer, name.clone(), account.policies_of(bearer, &name)?)];
    if bearer == Bearer::User {
        let lower = crate::state::key(&name);
        let groups = account.groups.values().filter(|group| group.members.contains(&lower));
        held.extend(groups.map(|group| (Bearer::Group, group.name.clone(), &group.policies)));
    }
    let services = input.list("ServiceNamespaces").iter().filter_map(Value::as_str);
    let entries: Vec<Value> = services
        .map(|service| {
            let policies: Vec<Value> =
                held.iter().flat_map(|(bearer, name, own)| granting(account, *bearer, name, own, service)).collect();
            json!({ "ServiceNamespace": service, "Policies": policies })
        })
        .collect();
    Ok(json!({ "PoliciesGrantingServiceAccess": entries, "IsTruncated": false }))
}

pub fn identity(input: Input<'_>, account: &str) -> Result<(Bearer, String), Refusal> {
    let text = input.required("Arn")?;
    let invalid = || refuse::invalid_input(format!("{text} is no user, group or role."));
    let arn: Arn = text.parse().map_err(|_| invalid())?;
    if text.split(':').nth(4) != Some(account) {
        return Err(invalid());
    }
    let (kind, path) = arn.resource.split_once('/').ok_or_else(invalid)?;
    let bearer = match kind {
        "user" => Bearer::User,
        "group" => Bearer::Group,
        "role" => Bearer::Role,
        _ => return Err(invalid()),
    };
    Ok((bearer, path.rsplit('/').next().unwrap_or_default().to_owned()))
}

fn granting(account: &Account, bearer: Bearer, name: &str, held: &Policies, service: &str) -> Vec<Value> {
    let mut found = Vec::new();
    for (policy, document) in &held.inline {
        if grants(&document.0, service) {
            let kind = bearer.word().to_uppercase();
            found.push(json!({ "PolicyName": policy, "PolicyType": "INLINE", "EntityType": kind, "EntityName": name }));
        }
    }
    for arn in &held.attached {
        if account.managed_document(arn).is_some_and(|document| grants(&document.0, service)) {
            let policy = arn.rsplit('/').next().unwrap_or_default();
            found.push(json!({ "PolicyName": policy, "PolicyType": "MANAGED", "PolicyArn": arn }));
        }
    }
    found
}

/// Whether some Allow is about an action of the service; what a Deny takes away does not count, as in AWS.
pub fn grants(document: &Document, service: &str) -> bool {
    let whole = |text: &str| text == "*" || text == "*:*" || text.eq_ignore_ascii_case(&format!("{service}:*"));
    let about = |statement: &Statement| {
        let patterns = &statement.actions.patterns;
        if statement.actions.negated {
            return !patterns.iter().any(|pattern| whole(pattern.text()));
        }
        patterns.iter().any(|pattern| pattern.service().is_none_or(|own| own.eq_ignore_ascii_case(service)))
    };
    document.statements().iter().any(|statement| statement.effect == Effect::Allow && about(statement))
}
