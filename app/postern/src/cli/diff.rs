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
        println!("{}  {}, which {} barred", paint("opened", GREEN), way(one), text(one, "stop"));
    }
    for one in list(answer, "closed") {
        println!("{}  {}: {} closes it", paint("closed", RED), way(one), text(one, "stop"));
    }
    if list(answer, "opened").is_empty() && list(answer, "closed").is_empty() {
        println!("{} changes open and close nothing between what runs", text(answer, "done"));
    }
}

fn way(one: &Value) -> String {
    format!("{} > {} {}", text(one, "from"), text(one, "to"), text(one, "what"))
}

/// An answer to a part of what was asked is no success.
pub fn code(answer: &Value) -> ExitCode {
    if list(answer, "not_done").is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
