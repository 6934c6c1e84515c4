//! The changes that may help against one decision.

use super::Amendment;
use super::edit::Text;
use crate::{Ask, Attached, Decision, PolicyKind, PolicySet, StatementRef, Test, keys_within};
use serde_json::{Value, json};

/// One more value of a list.
const VALUE: u32 = 1;
/// One more statement, or one that no longer meets the caller.
const STATEMENT: u32 = 2;
/// A statement less.
const REMOVAL: u32 = 3;

/// Operators whose conditions no longer hold with one more value.
const NEGATED: &[&str] = &[
    "stringnotequals",
    "stringnotequalsignorecase",
    "stringnotlike",
    "arnnotequals",
    "arnnotlike",
    "notipaddress",
    "numericnotequals",
];
/// Those that hold with one more value.
const POSITIVE: &[&str] =
    &["stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike", "ipaddress", "numericequals"];

pub(super) fn candidates(ask: &Ask<'_>, policies: &PolicySet, decision: &Decision) -> Vec<Amendment> {
    match decision {
        Decision::Allow { .. } => Vec::new(),
        Decision::ExplicitDeny { by } => against_deny(ask, policies, by),
        Decision::ImplicitDeny { missing, nearly } => {
            let near = nearly.iter().filter_map(|miss| nearer(ask, policies, &miss.statement, &miss.failed));
            near.chain(new_statements(ask, policies, *missing)).collect()
        }
    }
}

/// Whether the account can change it.
fn is_editable(kind: PolicyKind, name: &str) -> bool {
    let is_aws_own = name.starts_with("arn:aws:iam::aws:") || name.starts_with("arn:aws:organizations::aws:");
    kind != PolicyKind::Session && !is_aws_own
}

fn held<'p>(policies: &'p PolicySet, statement: &StatementRef) -> Option<&'p Attached> {
    let is_it = |held: &&Attached| held.kind == statement.kind && held.name == statement.policy;
    policies.all().find(is_it).filter(|held| is_editable(held.kind, &held.name))
}

/// The policy after an edit, if the edit can be made.
fn edited(held: &Attached, cost: u32, edit: impl FnOnce(&mut Text) -> Option<()>) -> Option<Amendment> {
    let mut text = Text::read(held.document.text())?;
    edit(&mut text)?;
    Some(Amendment { kind: held.kind, policy: held.name.clone(), text: text.write(), is_new: false, cost })
}

/// The operator without what stands before and behind it: `ForAllValues:`, `IfExists`.
fn plain(operator: &str) -> String {
    let lower = operator.to_lowercase();
    let name = lower.rsplit(':').next().unwrap_or_default();
    name.strip_suffix("ifexists").unwrap_or(name).to_owned()
}

fn against_deny(ask: &Ask<'_>, policies: &PolicySet, by: &StatementRef) -> Vec<Amendment> {
    let Some(held) = held(policies, by) else { return Vec::new() };
    let Some(statement) = held.document.statements().get(by.index) else { return Vec::new() };
    let keys = keys_within(ask, &policies.memberships);
    let mut all = Vec::new();
    for condition in statement.conditions.iter().filter(|c| NEGATED.contains(&plain(&c.operator).as_str())) {
        let found = keys.get(&condition.key.to_lowercase()).and_then(|values| values.first());
        all.extend(found.and_then(|found| {
            edited(held, VALUE, |t| t.add_to_condition(by.index, &condition.operator, &condition.key, found))
        }));
    }
    if let Some(arn) = ask.caller.principal_arn() {
        all.extend(edited(held, STATEMENT, |text| {
            text.add_condition(by.index, "ArnNotEquals", "aws:PrincipalArn", &arn.to_string())
        }));
    }
    let removed = edited(held, REMOVAL, |text| text.remove(by.index));
    // An organization's policy cannot be empty.
    all.extend(removed.filter(|one| one.text.is_some() || !is_organizations(one.kind)));
    all
}

fn is_organizations(kind: PolicyKind) -> bool {
    matches!(kind, PolicyKind::ServiceControl | PolicyKind::ResourceControl)
}

/// The statement that failed on one test, widened to pass it.
fn nearer(ask: &Ask<'_>, policies: &PolicySet, statement: &StatementRef, failed: &Test) -> Option<Amendment> {
    let held = held(policies, statement)?;
    let at = statement.index;
    edited(held, VALUE, |text| match failed {
        Test::Action { asked } => text.add_to(at, "Action", asked),
        Test::Resource { asked } => text.add_to(at, "Resource", asked),
        Test::Principal { .. } => text.add_principal(at, &ask.caller.principal_arn()?.to_string()),
        Test::Condition { operator, key, found, .. } => {
            let found = found.as_ref()?.first()?;
            POSITIVE.contains(&plain(operator).as_str()).then_some(())?;
            text.add_to_condition(at, operator, key, found)
        }
    })
}

/// A statement that says just what is asked.
fn new_statements(ask: &Ask<'_>, policies: &PolicySet, missing: PolicyKind) -> Vec<Amendment> {
    let mut statement = json!({ "Effect": "Allow", "Action": ask.action, "Resource": ask.resource });
    let arn = ask.caller.principal_arn().map(|arn| arn.to_string());
    let add = |held: &Attached, statement: Value| {
        let held = Some(held).filter(|held| is_editable(held.kind, &held.name))?;
        edited(held, STATEMENT, |text| text.add(statement))
    };
    match missing {
        PolicyKind::Identity => new_identity_policy(ask, policies, statement).into_iter().collect(),
        PolicyKind::Boundary => policies.boundary.iter().filter_map(|held| add(held, statement.clone())).collect(),
        PolicyKind::Endpoint => {
            // Endpoint policies name whom they are about by a condition: by ARN an account means its root alone.
            statement["Principal"] = json!("*");
            if let Some(arn) = arn {
                statement["Condition"] = json!({ "ArnEquals": { "aws:PrincipalArn": arn } });
            }
            policies.endpoint.iter().filter_map(|held| add(held, statement.clone())).collect()
        }
        PolicyKind::Resource | PolicyKind::Trust => {
            statement["Principal"] = arn.map_or_else(|| json!("*"), |arn| json!({ "AWS": arn }));
            if missing == PolicyKind::Trust {
                statement.as_object_mut().map(|members| members.remove("Resource"));
            } else if ask.action.starts_with("kms:") {
                statement["Resource"] = json!("*");
            }
            match &policies.resource {
                Some(held) => add(held, statement).into_iter().collect(),
                None if missing == PolicyKind::Resource => first_policy(ask, statement).into_iter().collect(),
                None => Vec::new(),
            }
        }
        PolicyKind::ServiceControl => {
            let mut levels = policies.service_control.iter().flatten();
            levels.find_map(|held| add(held, statement.clone())).into_iter().collect()
        }
        PolicyKind::ResourceControl | PolicyKind::Session => Vec::new(),
    }
}

fn whole(statement: Value) -> Option<String> {
    let mut text = Text::empty();
    text.add(statement)?;
    text.write()
}

fn new_identity_policy(ask: &Ask<'_>, policies: &PolicySet, statement: Value) -> Option<Amendment> {
    ask.caller.principal_arn()?;
    let action = ask.action.split(':').next_back().unwrap_or_default();
    let is_free = |name: &String| policies.identity.iter().all(|held| held.name != *name);
    let mut names = (1..).map(|n| if n == 1 { format!("allow-{action}") } else { format!("allow-{action}-{n}") });
    let policy = names.find(is_free)?;
    Some(Amendment { kind: PolicyKind::Identity, policy, text: whole(statement), is_new: true, cost: STATEMENT })
}

/// Of a resource that has none yet.
fn first_policy(ask: &Ask<'_>, statement: Value) -> Option<Amendment> {
    let text = whole(statement);
    Some(Amendment {
        kind: PolicyKind::Resource,
        policy: ask.resource.to_owned(),
        text,
        is_new: false,
        cost: STATEMENT,
    })
}
