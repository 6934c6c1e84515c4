//! Policies dealt from the pools, as texts: each is a good document.

use crate::deal::Deal;
use crate::pools::{ACTIONS, AWS, CANONICAL, FAMILIES, KEYS, PATTERN_PIECES, PROVIDERS, RESOURCES, SERVICES};
use serde_json::{Map, Value, json};

/// A document's text; `principals`: whether its kind names them. Most documents allow something, one in three all.
pub fn document(deal: &mut Deal<'_>, principals: bool) -> String {
    let mut statements: Vec<Value> = (0..1 + deal.number(3)).map(|place| statement(deal, principals, place)).collect();
    if deal.number(3) == 0 {
        let mut all = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
        if principals {
            all["Principal"] = json!("*");
        }
        statements.push(all);
    }
    let version = deal.one(&["2012-10-17", "2012-10-17", "2012-10-17", "2008-10-17"]);
    let one = statements.len() == 1 && deal.chance(2);
    let statement = if one { statements.swap_remove(0) } else { Value::Array(statements) };
    let text = json!({"Version": version, "Statement": statement}).to_string();
    // Without variables that is no ARN, and refused.
    if version == "2008-10-17" { text.replace("\"${x:arn}\"", "\"*\"") } else { text }
}

fn statement(deal: &mut Deal<'_>, principals: bool, place: usize) -> Value {
    let mut members = Map::new();
    let deny = deal.chance(5);
    if deal.chance(3) {
        members.insert("Sid".into(), json!(format!("S{place}")));
    }
    members.insert("Effect".into(), json!(if deny { "Deny" } else { "Allow" }));
    let actions = deal.some(ACTIONS, 1, 3);
    members.insert(either(deal, "Action", 7), listed(actions));
    let mut resources: Vec<String> = deal.some(RESOURCES, 1, 3).into_iter().map(str::to_owned).collect();
    if deal.chance(5) {
        resources.push(format!("arn:aws:s3:::{}", deal.text(PATTERN_PIECES)));
    }
    members.insert(either(deal, "Resource", 7), listed(resources));
    if principals {
        let name = if deny { either(deal, "Principal", 3) } else { "Principal".to_owned() };
        members.insert(name, who(deal));
    }
    let conditions = deal.number(4);
    if conditions > 0 {
        members.insert("Condition".into(), element(deal, conditions - 1));
    }
    Value::Object(members)
}

/// The element's name, or one time in so many its opposite's.
fn either(deal: &mut Deal<'_>, name: &str, in_all: usize) -> String {
    if deal.chance(in_all) { format!("Not{name}") } else { name.to_owned() }
}

/// A list of one may stand without brackets.
fn listed<T: Into<Value> + Clone>(mut values: Vec<T>) -> Value {
    if values.len() == 1 { values.swap_remove(0).into() } else { values.into() }
}

fn who(deal: &mut Deal<'_>) -> Value {
    match deal.number(8) {
        0 => json!("*"),
        1 => json!({"Service": deal.some(SERVICES, 1, 2), "AWS": deal.some(AWS, 1, 2)}),
        2 => json!({"Service": deal.one(SERVICES)}),
        3 => json!({"CanonicalUser": deal.one(CANONICAL), "Federated": deal.one(PROVIDERS)}),
        _ => json!({"AWS": listed(deal.some(AWS, 1, 4))}),
    }
}

fn element(deal: &mut Deal<'_>, more: usize) -> Value {
    let mut element = Map::new();
    for _ in 0..=more {
        let (operator, key, values) = condition(deal);
        let pairs = element.entry(operator).or_insert_with(|| json!({}));
        pairs[key] = values;
    }
    Value::Object(element)
}

fn condition(deal: &mut Deal<'_>) -> (String, &'static str, Value) {
    // Strings are what policies compare most.
    let strings = deal.number(2) == 0;
    let family = if strings { &FAMILIES[0] } else { &FAMILIES[deal.number(FAMILIES.len())] };
    let word = deal.one(family.words);
    let key = if deal.chance(6) { deal.one(KEYS) } else { deal.one(family.keys) };
    let mut values: Vec<Value> = deal.some(family.values, 1, 2).into_iter().map(|value| scalar(deal, value)).collect();
    if word.starts_with("String") && deal.chance(3) {
        values.push(json!(deal.text(PATTERN_PIECES)));
    }
    if word == "Null" {
        return (word.to_owned(), key, listed(values));
    }
    let set = deal.one(&["", "", "", "ForAllValues:", "ForAnyValue:"]);
    let suffix = deal.one(&["", "", "IfExists"]);
    (format!("{set}{word}{suffix}"), key, listed(values))
}

/// Numbers and truths may stand without quotation marks.
fn scalar(deal: &mut Deal<'_>, text: &str) -> Value {
    let bare: Option<Value> = if deal.chance(3) { serde_json::from_str(text).ok() } else { None };
    match bare {
        Some(value @ (Value::Number(_) | Value::Bool(_))) => value,
        _ => json!(text),
    }
}
