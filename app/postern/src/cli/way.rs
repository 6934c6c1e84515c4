//! A way through the network, drawn in the terminal: outward, back, what bars it and what to change.

use super::explain::{list, text};
use serde_json::Value;
use std::io::IsTerminal;

const STOP_WIDTH: usize = 19;

pub fn print(answer: &Value) {
    steps(answer);
    println!("{}", verdict(answer));
    changes(answer);
}

/// What is met on the way.
pub fn steps(answer: &Value) {
    println!("{} > {} {}", text(answer, "from"), text(answer, "to"), text(answer, "what"));
    if let Some(name) = answer.get("name").filter(|name| !name.is_null()) {
        println!("  {}", text(name, "why"));
    }
    let mut is_barred = false;
    let mut last = String::new();
    for step in list(answer, "steps") {
        let way = text(step, "way");
        if way != last {
            println!("{}", if way == "outward" { "out" } else { "back" });
            last = way;
        }
        let passes = step.get("passes").and_then(Value::as_bool).unwrap_or_default();
        let (mark, colour) = match (passes, is_barred) {
            (false, false) => ("\u{2717}", RED),
            (false, true) => ("\u{2717}", YELLOW),
            (true, false) => ("\u{2502}", GREEN),
            // Behind the first bar nothing has come yet.
            (true, true) => ("\u{250a}", FAINT),
        };
        is_barred |= !passes;
        let stop = format!("{:<STOP_WIDTH$}", text(step, "stop"));
        println!("  {} {stop} {}", paint(mark, colour), text(step, "why"));
    }
}

/// What would open the way.
pub fn changes(answer: &Value) {
    for (number, commands) in list(answer, "change").iter().enumerate() {
        println!("{}", if number == 0 { "to open the way:" } else { "or:" });
        for command in commands.as_array().into_iter().flatten().filter_map(Value::as_str) {
            println!("  {command}");
        }
    }
}

fn verdict(answer: &Value) -> String {
    if answer.get("answered").and_then(Value::as_bool) == Some(true) {
        return paint("answered", GREEN);
    }
    let first = answer.get("barred_by").unwrap_or(&Value::Null);
    let all = list(answer, "steps").iter().filter(|s| s.get("passes").and_then(Value::as_bool) == Some(false));
    let mut rest: Vec<String> = all.skip(1).map(|step| text(step, "stop")).collect();
    rest.dedup();
    let then = if rest.is_empty() { String::new() } else { format!("; after that {} would", rest.join(", ")) };
    format!("{}: {} bars the way{then}", paint("not answered", RED), text(first, "stop"))
}

/// One line an instance: `yes`, or the stop that bars the way.
pub fn print_matrix(answer: &Value) {
    let targets: Vec<&str> = list(answer, "to").iter().filter_map(Value::as_str).collect();
    for row in list(answer, "rows") {
        println!("{} reaches on tcp {}", text(row, "from"), text(answer, "port"));
        for (to, cell) in targets.iter().zip(list(row, "reaches")) {
            let cell = cell.as_str().unwrap_or_default();
            println!("  {to}  {}", paint(cell, if cell == "yes" { GREEN } else { FAINT }));
        }
    }
}

pub(super) const RED: &str = "31";
pub(super) const GREEN: &str = "32";
pub(super) const YELLOW: &str = "33";
pub(super) const FAINT: &str = "2";

/// In colour if standard output is a terminal and the user does not object.
pub(super) fn paint(text: &str, code: &str) -> String {
    let is_plain = !std::io::stdout().is_terminal() || std::env::var_os("NO_COLOR").is_some();
    if is_plain { text.to_owned() } else { format!("\x1b[{code}m{text}\x1b[0m") }
}
