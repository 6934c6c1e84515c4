//! The elements: which must be there, which may, of which type; versions and Sids.

use super::LintKind;
use super::finding::Step;
use super::view::{Policy, Spot, Statement};
use crate::spanned::{Node, Value};
use std::collections::BTreeMap;

const TOP: &[&str] = &["Version", "Id", "Statement"];
const IN_STATEMENT: &[&str] =
    &["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"];

pub fn check(policy: &mut Policy<'_>) {
    let whole = Spot { path: Vec::new(), span: policy.root.span.clone() };
    let Some(members) = policy.root.members() else {
        policy.error("DATA_TYPE_MISMATCH", &whole, "A policy is a JSON object.");
        return;
    };
    for member in members.iter().filter(|member| !TOP.contains(&member.name.as_str())) {
        unknown(policy, &whole.key(member), &member.name, TOP);
    }
    match members.iter().find(|member| member.name == "Version") {
        None => policy.warning(
            "MISSING_VERSION",
            &whole,
            "Add a Version; without one the document is of 2008-10-17, in which variables are plain text.",
        ),
        Some(member) if !matches!(member.node.text(), Some("2012-10-17" | "2008-10-17")) => {
            let spot = whole.value("Version", &member.node);
            policy.error("INVALID_VERSION", &spot, "The Version is no version of the language; use \"2012-10-17\".");
        }
        Some(_) => {}
    }
    let Some(statement) = members.iter().find(|member| member.name == "Statement") else {
        policy.error("MISSING_STATEMENT", &whole, "Add a Statement: without one the policy says nothing.");
        return;
    };
    if statement.node.items().is_empty() {
        policy.error("MISSING_STATEMENT", &whole, "Add a Statement: without one the policy says nothing.");
    }
    let nodes = whole.strings(statement);
    for (statement, (node, spot)) in policy.each().iter().zip(nodes) {
        if node.members().is_none() {
            policy.error("DATA_TYPE_MISMATCH", &spot, "A statement is a JSON object.");
            continue;
        }
        elements(policy, statement);
        types(policy, statement);
        presence(policy, statement);
    }
    sids(policy);
}

fn unknown(policy: &mut Policy<'_>, spot: &Spot, name: &str, known: &[&str]) {
    let near = known.iter().find(|k| super::keys::distance(&k.to_lowercase(), &name.to_lowercase()) <= 1);
    let hint = near.map_or_else(String::new, |near| format!(" Did you mean {near}?"));
    policy.error("INVALID_POLICY_ELEMENT", spot, format!("The policy element {name} is not valid.{hint}"));
}

fn elements(policy: &mut Policy<'_>, statement: &Statement<'_>) {
    for member in statement.members.iter().filter(|member| !IN_STATEMENT.contains(&member.name.as_str())) {
        unknown(policy, &statement.spot.key(member), &member.name, IN_STATEMENT);
    }
    for (plain, negated) in [("Principal", "NotPrincipal"), ("Action", "NotAction"), ("Resource", "NotResource")] {
        if statement.has(plain) && statement.has(negated) {
            let details = format!("{plain} and {negated} cannot stand in one statement. Remove one of them.");
            policy.error("UNSUPPORTED_ELEMENT_COMBINATION", &statement.at_key(negated), details);
        }
    }
}

fn types(policy: &mut Policy<'_>, statement: &Statement<'_>) {
    for member in statement.members {
        let name = member.name.as_str();
        let whole = statement.spot.value(name, &member.node);
        match (name, &member.node.value) {
            ("Sid" | "Effect", value) if !matches!(value, Value::Text(_)) => {
                mismatch(policy, &whole, name, "a string");
            }
            ("Effect", Value::Text(text)) if !matches!(text.as_str(), "Allow" | "Deny") => {
                let details = format!("The effect {text} is not valid. Use Allow or Deny, spelled so.");
                policy.error("INVALID_EFFECT", &whole, details);
            }
            ("Action" | "NotAction" | "Resource" | "NotResource", Value::List(items)) if items.is_empty() => {
                let action = name.ends_with("Action");
                let code = if action { "EMPTY_ARRAY_ACTION" } else { "EMPTY_ARRAY_RESOURCE" };
                policy.suggestion(code, &whole, format!("This statement has no {name}; it does nothing."));
            }
            ("Action" | "NotAction" | "Resource" | "NotResource", _) => {
                for (node, spot) in statement.spot.strings(member) {
                    if node.text().is_none() {
                        mismatch(policy, &spot, name, "a string or a list of strings");
                    }
                }
            }
            ("Condition", Value::Map(operators)) => {
                if operators.is_empty() {
                    policy.suggestion("EMPTY_OBJECT_CONDITION", &whole, "This Condition is empty. Remove it.");
                }
                for operator in operators.iter().filter(|operator| operator.node.members().is_none()) {
                    let spot = whole.value(&operator.name, &operator.node);
                    mismatch(policy, &spot, &operator.name, "an object of condition keys");
                }
            }
            ("Condition", _) => mismatch(policy, &whole, name, "an object of operators"),
            _ => {}
        }
    }
}

fn mismatch(policy: &mut Policy<'_>, spot: &Spot, name: &str, wanted: &str) {
    policy.error("DATA_TYPE_MISMATCH", spot, format!("The value of {name} must be {wanted}."));
}

fn presence(policy: &mut Policy<'_>, statement: &Statement<'_>) {
    let at = statement.spot.clone();
    if !statement.has("Effect") {
        policy.error("MISSING_EFFECT", &at, "Add an Effect of Allow or Deny.");
    }
    if !statement.has("Action") && !statement.has("NotAction") {
        policy.error("MISSING_ACTION", &at, "Add an Action or a NotAction.");
    }
    let has_resource = statement.has("Resource") || statement.has("NotResource");
    if policy.kind == LintKind::Trust {
        if has_resource {
            let name = if statement.has("Resource") { "Resource" } else { "NotResource" };
            let details = format!("A trust policy has no {name}: it is about its own role.");
            policy.error("INVALID_POLICY_ELEMENT", &statement.at_key(name), details);
        }
    } else if !has_resource {
        policy.error("MISSING_RESOURCE", &at, "Add a Resource or a NotResource.");
    }
    let principal = ["Principal", "NotPrincipal"].into_iter().find(|name| statement.has(name));
    match (policy.kind, principal) {
        (LintKind::ServiceControl, Some(name)) => policy.error(
            "SCP_SYNTAX_ERROR_PRINCIPAL",
            &statement.at_key(name),
            format!("A service control policy has no {name}. Remove it."),
        ),
        (LintKind::Identity, Some(name)) => policy.error(
            "UNSUPPORTED_PRINCIPAL",
            &statement.at_key(name),
            format!("A policy of an identity has no {name}: it speaks of whom it is attached to. Remove it."),
        ),
        (LintKind::Endpoint, None) => policy.error(
            "MISSING_PRINCIPAL",
            &at,
            "Add a Principal. An endpoint's policy is a resource policy: \"Principal\": \"*\" and a condition on \
             aws:PrincipalArn or aws:PrincipalOrgID say who.",
        ),
        (kind, None) if kind.has_principals() => policy.error("MISSING_PRINCIPAL", &at, "Add a Principal."),
        _ => {}
    }
}

fn sids(policy: &mut Policy<'_>) {
    let strict = matches!(policy.kind, LintKind::Identity | LintKind::ServiceControl);
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for statement in policy.each() {
        let Some(sid) = statement.member("Sid").map(|member| &member.node).and_then(Node::text) else { continue };
        let at = statement.at("Sid");
        if sid.is_empty() {
            policy.suggestion("EMPTY_SID_VALUE", &at, "The Sid is empty. Give it a text or leave it out.");
            continue;
        }
        if strict && !sid.bytes().all(|b| b.is_ascii_alphanumeric()) {
            policy.error("UNSUPPORTED_SID", &at, format!("The Sid {sid} may hold only letters and digits here."));
        }
        let count = seen.entry(sid).or_default();
        *count += 1;
        if *count > 1 {
            let details = format!("The Sid {sid} is given more than once.");
            if strict {
                policy.error("UNIQUE_SIDS_REQUIRED", &at, details);
            } else {
                policy.warning("UNIQUE_SIDS_RECOMMENDED", &at, details);
            }
        }
    }
    different_case(policy);
}

/// AWS takes the names of keys without regard to case, so two that differ in case alone are one.
fn different_case(policy: &mut Policy<'_>) {
    for statement in policy.each() {
        let mut seen: BTreeMap<(String, String), &str> = BTreeMap::new();
        for condition in &statement.conditions {
            let place = (condition.operator.to_lowercase(), condition.lower_key.clone());
            if let Some(first) = seen.insert(place, condition.key)
                && (first != condition.key)
            {
                let details = format!("{} and {first} are the same key, spelled differently. Keep one.", condition.key);
                policy.error("DUPLICATE_KEYS_WITH_DIFFERENT_CASE", &condition.key_spot, details);
            }
        }
    }
}

/// `Statement[1]` for a path.
pub fn shown(path: &[Step]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            Step::Index(place) => text.push_str(&format!("[{place}]")),
            Step::Key(name) | Step::Value(name) if text.is_empty() => text.push_str(name),
            Step::Key(name) | Step::Value(name) => text.push_str(&format!(".{name}")),
        }
    }
    text
}
