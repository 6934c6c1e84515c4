//! `postern status`: what runs.

use super::Common;
use crate::control::{self, Running};
use crate::say::Trouble;
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Status {
    #[command(flatten)]
    common: Common,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Status {
    pub fn run(self) -> Result<ExitCode, Trouble> {
        let dir = self.common.data_dir();
        if Running::find(&dir)?.is_none() {
            if self.json {
                println!("{}", serde_json::json!({ "running": false, "data_dir": dir.path() }));
            } else {
                println!("nothing runs on {}", dir.path().display());
            }
            return Ok(ExitCode::FAILURE);
        }
        let status = control::ask(&dir, &control::Request::Status)?;
        if self.json {
            println!("{status}");
        } else {
            print(&status);
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn print(status: &serde_json::Value) {
    let text = |name: &str| match status.get(name) {
        Some(serde_json::Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    for (label, name) in [
        ("endpoint", "endpoint"),
        ("region", "region"),
        ("account", "account"),
        ("data", "data_dir"),
        ("process", "pid"),
        ("mode", "mode"),
        ("VPCs", "vpcs"),
        ("instances", "instances_running"),
        ("VPC endpoints", "vpc_endpoints"),
        ("buckets", "buckets"),
    ] {
        println!("{label:<14} {}", text(name));
    }
    let down = status.get("zones_down").and_then(|zones| zones.as_array()).into_iter().flatten();
    let down: Vec<&str> = down.filter_map(|zone| zone.as_str()).collect();
    if !down.is_empty() {
        println!("{:<14} {}", "zones down", down.join(" "));
    }
}
