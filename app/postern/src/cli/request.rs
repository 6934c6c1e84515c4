//! Requests that were made: a list of the refused ones, and one with everything that was decided about it.

use super::explain::{list, text};
use serde_json::Value;

pub fn print_list(answer: &Value) {
    let refused = list(answer, "refused");
    if refused.is_empty() {
        println!("no request has been refused");
    }
    for request in refused {
        println!(
            "{}  {}  {}:{}",
            text(request, "request_id"),
            text(request, "at"),
            text(request, "service"),
            named(request)
        );
        let why = request.get("decision").and_then(Value::as_str).map(str::to_owned);
        println!("    {}  {}", status(request), why.unwrap_or_else(|| refusal(request)));
    }
}

pub fn print_request(request: &Value) {
    println!("request   {} at {}", text(request, "request_id"), text(request, "at"));
    println!("call      {}:{}", text(request, "service"), named(request));
    println!("who       {}", text(request, "caller"));
    println!("way       {}", origin(request.get("via").unwrap_or(&Value::Null)));
    println!("answer    {} {}", status(request), refusal(request));
    let asked = list(request, "asked");
    if asked.is_empty() {
        println!("asked     nothing: it was answered before any policy was looked at");
    }
    for (number, one) in asked.iter().enumerate() {
        let label = if number == 0 { "asked" } else { "" };
        println!("{label:<9} {} on {}: {}", text(one, "action"), text(one, "resource"), text(one, "decision"));
        for statement in list(one, "by") {
            println!("            by {}", place(statement));
        }
        if let Some(missing) = one.get("missing").and_then(Value::as_str) {
            println!("            no {missing} policy allows it");
        }
        for miss in list(one, "near_misses") {
            println!("            nearly by {}", place(miss.get("statement").unwrap_or(&Value::Null)));
            println!("              {}", failed(miss.get("failed").unwrap_or(&Value::Null)));
        }
        for (key, values) in one.get("keys").and_then(Value::as_object).into_iter().flatten() {
            println!("            {key} = {}", joined(values));
        }
    }
    for (number, advice) in list(request, "advice").iter().enumerate() {
        println!("{:<9} {}", if number == 0 { "change" } else { "" }, advice.as_str().unwrap_or_default());
    }
}

pub(super) fn origin(via: &Value) -> String {
    match via.get("way").and_then(Value::as_str) {
        Some("host") => format!("from this machine's shell ({})", text(via, "address")),
        Some("internet") => format!("from the internet, as {}", text(via, "address")),
        Some("endpoint") => {
            format!("through {} in {}, from {}", text(via, "endpoint"), text(via, "vpc"), text(via, "address"))
        }
        _ => format!("from the service {}", text(via, "service")),
    }
}

pub(super) fn place(statement: &Value) -> String {
    let at = statement.get("sid").and_then(Value::as_str).map(|sid| format!("`{sid}`"));
    let at = at.unwrap_or_else(|| text(statement, "index"));
    format!("statement {at} of {} policy {}", text(statement, "kind"), text(statement, "policy"))
}

pub(super) fn failed(failed: &Value) -> String {
    let found = failed.get("found").filter(|found| !found.is_null()).map_or_else(|| "nothing".to_owned(), joined);
    match failed.get("test").and_then(Value::as_str) {
        Some("condition") => {
            let wanted = joined(failed.get("wanted").unwrap_or(&Value::Null));
            format!("wanted {} {} {wanted}, found {found}", text(failed, "operator"), text(failed, "key"))
        }
        _ => format!("its {} does not cover {found}", text(failed, "test")),
    }
}

fn named(request: &Value) -> String {
    let name = text(request, "operation");
    if name.is_empty() { "(unknown operation)".to_owned() } else { name }
}

fn refusal(request: &Value) -> String {
    match request.get("refusal").filter(|refusal| !refusal.is_null()) {
        Some(refusal) => format!("{}: {}", text(refusal, "code"), text(refusal, "message")),
        None => String::new(),
    }
}

fn status(request: &Value) -> String {
    text(request, "status")
}

pub(super) fn joined(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(joined).collect::<Vec<_>>().join(" or "),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}
