//! `Action` and `NotAction`: services and actions that do not exist, and those that do not belong here.

use super::LintKind;
use super::keys::distance;
use super::view::{Found, Policy, pattern_covers};
use crate::table;

pub fn check(policy: &mut Policy<'_>) {
    for statement in policy.each() {
        for found in statement.actions().iter().chain(&statement.strings("NotAction")) {
            one(policy, found);
        }
    }
}

fn one(policy: &mut Policy<'_>, found: &Found<'_>) {
    if found.text == "*" || found.text == "*:*" {
        if policy.kind == LintKind::Trust {
            policy.error("UNSUPPORTED_ACTION_IN_POLICY", &found.spot, "A trust policy holds actions of STS only.");
        }
        return;
    }
    let Some((service, name)) = found.text.split_once(':') else {
        let details = format!("{} has no service before it: write service:Action, or \"*\" alone.", found.text);
        return policy.error("INVALID_ACTION", &found.spot, details);
    };
    let service = service.to_lowercase();
    if service.contains(['*', '?']) {
        let details = "The service of an action cannot have wildcards.";
        return policy.error("INVALID_SERVICE_IN_ACTION", &found.spot, details);
    }
    if !table::is_prefix(&service) {
        let near = table::prefixes().filter(|known| distance(known, &service) == 1).min();
        let hint = near.map_or_else(String::new, |near| format!(" Did you mean {near}?"));
        let details = format!("The service {service} of the action does not exist.{hint}");
        return policy.error("INVALID_SERVICE_IN_ACTION", &found.spot, details);
    }
    if policy.kind == LintKind::Trust && service != "sts" {
        let details = format!("{} cannot stand in a trust policy; it holds actions of STS only.", found.text);
        return policy.error("UNSUPPORTED_ACTION_IN_POLICY", &found.spot, details);
    }
    exists(policy, found, &service, name);
}

/// Only services with a table can be asked.
fn exists(policy: &mut Policy<'_>, found: &Found<'_>, service: &str, name: &str) {
    let Some(table) = table::service(service) else { return };
    if name.contains(['*', '?']) {
        if !table.actions().any(|action| pattern_covers(name, action.name)) {
            let details = format!("{} covers no action that exists.", found.text);
            policy.error("INVALID_ACTION", &found.spot, details);
        }
        return;
    }
    if table.action(name).is_some() {
        return;
    }
    let lower = name.to_lowercase();
    let scored = table.actions().map(|action| (distance(&action.name.to_lowercase(), &lower), action.name));
    let near = scored.filter(|(distance, _)| *distance <= 3).min();
    let hint = match (service, name) {
        ("s3", "ListObjects" | "ListObjectsV2" | "HeadBucket") => " The permission is s3:ListBucket.".to_owned(),
        ("s3", "ListBuckets") => " The permission is s3:ListAllMyBuckets.".to_owned(),
        ("s3", "HeadObject") => " The permission is s3:GetObject.".to_owned(),
        ("s3", "CopyObject" | "CreateMultipartUpload" | "UploadPart") => " The permission is s3:PutObject.".to_owned(),
        _ => near.map_or_else(String::new, |(_, near)| format!(" Did you mean {service}:{near}?")),
    };
    policy.error("INVALID_ACTION", &found.spot, format!("The action {} does not exist.{hint}", found.text));
}
