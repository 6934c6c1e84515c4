//! The ways that a Network Access Scope finds, a line a way.

use super::explain::{list, text};
use super::way::{GREEN, RED, YELLOW, paint};
use serde_json::Value;
use std::path::Path;
use std::process::ExitCode;

use crate::say::Trouble;

/// An id goes as it is; a file's text goes in its place.
pub fn words(given: &str) -> Result<String, Trouble> {
    if given.starts_with("nis-") && !Path::new(given).exists() {
        return Ok(given.to_owned());
    }
    std::fs::read_to_string(given).map_err(Trouble::at(format!("read {given}")))
}

pub fn print(answer: &Value) {
    let findings = list(answer, "findings");
    for one in findings {
        println!("{}  {} > {}", paint("found", RED), text(one, "from"), text(one, "to"));
        let components = list(one, "components");
        let ids: Vec<String> =
            components.iter().map(|c| c.pointer("/Component/Id").map(id).unwrap_or_default()).collect();
        println!("       {}", ids.join(" > "));
        let header = components.last().and_then(|last| last.get("InboundHeader"));
        if let Some(header) = header {
            let port = |edge: &str| header.pointer(&format!("/DestinationPortRanges/0/{edge}")).map(Value::to_string);
            let (first, last) = (port("From").unwrap_or_default(), port("To").unwrap_or_default());
            let ports = if first == last { first } else { format!("{first}-{last}") };
            let protocol = if header.get("Protocol").and_then(Value::as_str) == Some("17") { "udp" } else { "tcp" };
            println!(
                "       {protocol}:{ports} from {}",
                header.pointer("/SourceAddresses/0").map(id).unwrap_or_default()
            );
        }
    }
    if let Some(warning) = answer.get("warning").and_then(Value::as_str) {
        println!("{}  {warning}", paint("not whole", YELLOW));
    }
    if findings.is_empty() {
        println!("{}  no such way among {} interfaces", paint("none", GREEN), text(answer, "interfaces"));
    }
}

fn id(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A rule that is broken, or could not be looked at whole, is no success.
pub fn code(answer: &Value) -> ExitCode {
    let is_kept = list(answer, "findings").is_empty() && answer.get("warning").is_none_or(Value::is_null);
    if is_kept { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
