//! What a change would open and close, a line a way.

use super::explain::{list, text};
use super::way::{GREEN, RED, YELLOW, paint};
use serde_json::Value;
use std::process::ExitCode;

pub fn print(answer: &Value) {
    for one in list(answer, "not_done") {
        println!("{}  {}", paint("left out", YELLOW), text(one, "written"));
        println!("          {}", text(one, "why"));
    }
    for one in list(answer, "opened") {
        println!("{}  {}", paint("opened", GREEN), opened(one));
    }
    for one in list(answer, "moved") {
        let way = format!("{}: from {} to {}", way(one), text(one, "before"), text(one, "after"));
        println!("{}   {way}{}", paint("moved", YELLOW), table(one));
    }
    for one in list(answer, "closed") {
        println!("{}  {}", paint("closed", RED), closed(one));
    }
    if ["opened", "moved", "closed"].iter().all(|how| list(answer, how).is_empty()) {
        println!("{} changes open and close nothing between what runs", text(answer, "done"));
    }
}

fn opened(one: &Value) -> String {
    let bar = match one.get("stop").and_then(Value::as_str) {
        Some(stop) => format!(", which {stop} barred"),
        None => format!(": {} is new", text(one, "new")),
    };
    format!("{}{bar}{}", way(one), table(one))
}

fn closed(one: &Value) -> String {
    let bar = match one.get("stop").and_then(Value::as_str) {
        Some(stop) => format!("{stop} closes it"),
        None => format!("{} is gone", text(one, "gone")),
    };
    format!("{}: {bar}{}", way(one), table(one))
}

/// Where the asker's route table leads to now, if it led elsewhere.
fn table(one: &Value) -> String {
    let Some(table) = one.get("table").and_then(Value::as_str) else { return String::new() };
    let Some(target) = one.get("leads_to").and_then(Value::as_str) else {
        return format!(" ({table} has no route any more)");
    };
    let is_new = list(one, "new").iter().any(|id| id == target);
    format!(" ({table} leads to {target}{})", if is_new { ", which is new" } else { "" })
}

fn way(one: &Value) -> String {
    format!("{} > {} {}", text(one, "from"), text(one, "to"), text(one, "what"))
}

/// An answer to a part of what was asked is no success.
pub fn code(answer: &Value) -> ExitCode {
    if list(answer, "not_done").is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
