//! Condition keys: those that no request has, the wrong operator for a key, sets and `IfExists` that say something else
//! than they seem to.

use super::keys::{self, Holds};
use super::operator::{Operator, Set};
use super::view::{Condition, Policy, Statement};
use crate::table;

pub fn check(policy: &mut Policy<'_>) {
    for statement in policy.each() {
        for condition in &statement.conditions {
            let exists = key(policy, &statement, condition);
            if let Some(operator) = condition.reading {
                wildcards(policy, condition, operator);
                if exists {
                    types(policy, condition, operator);
                    sets(policy, &statement, condition, operator);
                }
                if_exists(policy, &statement, condition, operator);
            }
        }
        only_if_exists(policy, &statement);
    }
}

/// Whether the key exists, as far as is known.
fn key(policy: &mut Policy<'_>, statement: &Statement<'_>, condition: &Condition<'_>) -> bool {
    let at = &condition.key_spot;
    let Some((prefix, name)) = condition.lower_key.split_once(':') else {
        let details = format!("The condition key {} has no prefix, like aws: or s3:.", condition.key);
        policy.error("INVALID_CONDITION_KEY_FORMAT", at, details);
        return false;
    };
    if prefix == "aws" {
        if condition.global().is_some() {
            return true;
        }
        if matches!(name, "principaltag/" | "requesttag/" | "resourcetag/")
            || matches!(name, "principaltag" | "requesttag" | "resourcetag")
        {
            let details =
                format!("{} lacks the tag's key: {}/Team.", condition.key, condition.key.trim_end_matches('/'));
            policy.error("MISSING_TAG_KEY_IN_CONDITION", at, details);
            return false;
        }
        let hint =
            keys::nearest(&condition.lower_key).map_or_else(String::new, |near| format!(" Did you mean {near}?"));
        let details = format!("The condition key {} does not exist.{hint}", condition.key);
        policy.error("INVALID_GLOBAL_CONDITION_KEY", at, details);
        return false;
    }
    // Keys of another service may come with a request (kms:ViaService); of its own service it must be known.
    let Some(table) = table::service(prefix) else { return false };
    let known = table.keys().iter().any(|key| {
        let name = key.name.to_lowercase();
        name.split_once("${").map_or(name == condition.lower_key, |(head, _)| condition.lower_key.starts_with(head))
    });
    if !known {
        let scored =
            table.keys().iter().map(|key| (keys::distance(&key.name.to_lowercase(), &condition.lower_key), key.name));
        let near = scored.filter(|(distance, _)| *distance <= 3).min();
        let hint = near.map_or_else(String::new, |(_, near)| format!(" Did you mean {near}?"));
        let details = format!("The condition key {} does not exist.{hint}", condition.key);
        policy.error("INVALID_SERVICE_CONDITION_KEY", at, details);
        return false;
    }
    unknown_to_actions(policy, statement, condition, prefix);
    true
}

/// A key of the service that none of the listed actions has: `s3:prefix` with `s3:GetObject`.
fn unknown_to_actions(policy: &mut Policy<'_>, statement: &Statement<'_>, condition: &Condition<'_>, prefix: &str) {
    let actions = statement.actions();
    if actions.is_empty() || actions.iter().any(|a| a.text.contains(['*', '?'])) {
        return;
    }
    let has = |text: &str| {
        let (service, name) = text.split_once(':')?;
        if !service.eq_ignore_ascii_case(prefix) {
            return Some(false);
        }
        let action = table::service(prefix)?.action(name)?;
        let with_type = action.resource_types().any(|(one, _)| action.has_key(Some(one.word), condition.key));
        Some(with_type || action.has_key(None, condition.key))
    };
    for action in actions.iter().filter(|action| has(action.text) == Some(false)) {
        let details = format!("A request for {} does not have the key {}.", action.text, condition.key);
        policy.find(
            super::FindingKind::Error,
            "UNSUPPORTED_CONDITION_KEY_FOR_ACTION",
            &[&action.spot, &condition.key_spot],
            details,
        );
    }
}

fn wildcards(policy: &mut Policy<'_>, condition: &Condition<'_>, operator: Operator) {
    if operator.is_like || operator.holds != Some(Holds::Text) {
        return;
    }
    for (value, spot) in &condition.values {
        let plain = value.replace("${*}", "").replace("${?}", "");
        if plain.contains('*') || (plain.contains('?') && !plain.contains("://")) {
            let details = format!(
                "{} compares {value} letter by letter. For wildcards use an operator with Like.",
                condition.operator
            );
            policy.warning("WILDCARD_WITHOUT_LIKE_OPERATOR", spot, details);
        }
    }
}

fn types(policy: &mut Policy<'_>, condition: &Condition<'_>, operator: Operator) {
    let (Some(global), Some(own)) = (condition.global(), operator.holds) else { return };
    let fits = match (global.holds, own) {
        (wanted, own) if wanted == own => true,
        // An ARN is a text too, and the time can be had as seconds.
        (Holds::Arn, Holds::Text) | (Holds::Moment, Holds::Number) => true,
        _ => false,
    };
    if !fits {
        let wanted = match global.holds {
            Holds::Text => "a String operator",
            Holds::Arn => "an Arn operator",
            Holds::Number => "a Numeric operator",
            Holds::Moment => "a Date operator",
            Holds::Truth => "Bool",
            Holds::Address => "IpAddress or NotIpAddress",
        };
        let details = format!("{} is not for {}. Use {wanted}.", condition.operator, global.name);
        policy.warning("TYPE_MISMATCH", &condition.operator_spot, details);
    }
}

fn sets(policy: &mut Policy<'_>, statement: &Statement<'_>, condition: &Condition<'_>, operator: Operator) {
    let at = &condition.operator_spot;
    let Some(global) = condition.global() else { return };
    if global.is_list && operator.set.is_none() && operator.holds.is_some() {
        let details =
            format!("{} has several values. Say ForAllValues: or ForAnyValue: before the operator.", global.name);
        policy.error("MISSING_QUALIFIER", at, details);
    }
    if !global.is_list && operator.set == Some(Set::All) {
        let details =
            format!("{} has one value. ForAllValues also holds when the key is absent. Remove it.", global.name);
        policy.security("FORALLVALUES_WITH_SINGLE_VALUED_KEY", at, details);
    } else if statement.allows() && operator.set == Some(Set::All) && !demanded(statement, condition) {
        let details = format!(
            "ForAllValues holds when the request has no {}, so this allows it then. Add {{\"Null\": {{\"{}\": \"false\"}}}}.",
            global.name, global.name
        );
        policy.security("FORALLVALUES_ALLOWS_ABSENT_KEY", at, details);
    }
}

/// Whether the statement wants the key to be there: `Null` with `false`, or a positive operator that is not `IfExists`.
fn demanded(statement: &Statement<'_>, condition: &Condition<'_>) -> bool {
    statement.on_key(&condition.lower_key).any(|other| {
        let Some(operator) = other.reading else { return false };
        if operator.holds.is_none() {
            return other.values.iter().all(|(value, _)| value == "false");
        }
        !operator.if_exists && !operator.negated && operator.set != Some(Set::All)
    })
}

fn if_exists(policy: &mut Policy<'_>, statement: &Statement<'_>, condition: &Condition<'_>, operator: Operator) {
    if !operator.if_exists || operator.holds.is_none() {
        return;
    }
    let at = &condition.operator_spot;
    if operator.negated && operator.set.is_none() {
        let word = condition.operator.trim_end_matches("IfExists");
        let details = format!("{word} holds without the key already; IfExists adds nothing.");
        return policy.suggestion("DENY_WITH_IF_EXISTS", at, details);
    }
    // The documented way to let requests without the key through is together with a second key of its kind.
    if statement.denies() && !operator.negated && !demanded(statement, condition) && statement.conditions.len() == 1 {
        let details = format!(
            "This denies every request that does not have {} at all. Without IfExists it denies only those whose value matches.",
            condition.key
        );
        policy.warning("DENY_WITH_IF_EXISTS", at, details);
    }
}

/// An Allow all of whose conditions hold for a request that has none of the keys.
fn only_if_exists(policy: &mut Policy<'_>, statement: &Statement<'_>) {
    let lax = |c: &Condition<'_>| c.reading.is_some_and(|o| o.if_exists && !o.negated && o.holds.is_some());
    if statement.allows() && !statement.conditions.is_empty() && statement.conditions.iter().all(lax) {
        let keys: Vec<&str> = statement.conditions.iter().map(|c| c.key).collect();
        let details = format!(
            "With IfExists alone this also allows requests that lack {}. Leave IfExists out, or demand the key with Null.",
            keys.join(", ")
        );
        policy.warning("ALLOW_WITH_IF_EXISTS_ONLY", &statement.at("Condition"), details);
    }
}
