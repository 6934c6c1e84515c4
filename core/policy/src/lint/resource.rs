//! `Resource` and `NotResource`: ARNs that are none, and ARNs that no listed action can be asked for.

use super::LintKind;
use super::view::{Found, Policy, Statement, pattern_covers};
use crate::table;

pub fn check(policy: &mut Policy<'_>) {
    for statement in policy.each() {
        for found in statement.resources().iter().chain(&statement.strings("NotResource")) {
            if let Some(fields) = fields(policy, found) {
                service_rules(policy, found, &fields);
            }
        }
        if statement.has("Resource") {
            fits(policy, &statement);
        }
    }
}

type Fields<'a> = [&'a str; 6];

/// The fields, where the ARN has six good ones.
fn fields<'a>(policy: &mut Policy<'_>, found: &Found<'a>) -> Option<Fields<'a>> {
    let text = found.text;
    let at = &found.spot;
    if text == "*" {
        return None;
    }
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    if parts.first() != Some(&"arn") {
        let details = format!("{text} is no ARN: begin with arn:, or use \"*\".");
        policy.error("INVALID_ARN_PREFIX", at, details);
        return None;
    }
    let Ok(fields) = <Fields<'a>>::try_from(parts) else {
        let details = "An ARN has six fields: arn:partition:service:region:account:resource.";
        policy.error("MISSING_ARN_FIELD", at, details);
        return None;
    };
    let [_, partition, service, region, account, resource] = fields;
    let open = |field: &str| field.contains(['*', '?']) || field.contains("${");
    if !open(partition) && !KNOWN_PARTITIONS.contains(&partition) {
        policy.error("INVALID_PARTITION", at, format!("{partition} is no partition; use aws."));
    }
    if service.chars().any(|c| c.is_ascii_uppercase()) {
        let details = format!("Write the service {service} in lower case: letters' case counts in an ARN.");
        policy.error("INVALID_ARN_SERVICE_CASE", at, details);
    } else if service.is_empty() || open(service) {
        policy.error("INVALID_SERVICE", at, "The service of an ARN must be written out.");
    }
    let all_in = |field: &str, good: fn(u8) -> bool| field.bytes().all(good);
    if !region.is_empty() && !open(region) && !is_region(region) {
        policy.error("INVALID_ARN_REGION", at, format!("{region} is no region."));
    }
    let is_account = account.is_empty()
        || matches!(account, "aws" | "cloudfront" | "aws-managed" | "third-party")
        || open(account)
        || (account.len() == 12 && all_in(account, |b| b.is_ascii_digit()));
    if !is_account {
        let details = format!("{account} is no account: it has twelve digits.");
        policy.error("INVALID_ARN_ACCOUNT", at, details);
    } else if open(account) && account != "*" && !account.contains("${") && policy.kind == LintKind::Endpoint {
        let details = "The account of an ARN is its number or \"*\", not a mixture.";
        policy.error("INVALID_ARN_ACCOUNT", at, details);
    }
    if resource.is_empty() {
        policy.error("INVALID_ARN_RESOURCE", at, "The ARN names no resource.");
        return None;
    }
    Some(fields)
}

const KNOWN_PARTITIONS: &[&str] =
    &["aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc"];

/// `us-east-1`, `us-gov-west-1`, `eusc-de-east-1`.
fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let letters = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase());
    match parts.split_last() {
        Some((number, words)) => {
            words.len() >= 2 && words.iter().all(letters) && number.len() <= 2 && number.parse::<u8>().is_ok()
        }
        None => false,
    }
}

/// What the forms of a service's ARNs say about region, account and resource.
fn service_rules(policy: &mut Policy<'_>, found: &Found<'_>, fields: &Fields<'_>) {
    let [_, _, service, region, account, resource] = *fields;
    let Some(table) = table::service(service) else { return };
    let forms: Vec<Vec<&str>> =
        table.resource_types().iter().map(|one| one.arn.text().splitn(6, ':').collect()).collect();
    if forms.is_empty() {
        return;
    }
    let fitting: Vec<&Vec<&str>> =
        forms.iter().filter(|form| form.get(5).is_some_and(|form| may_overlap(form, resource))).collect();
    if fitting.is_empty() {
        let known: Vec<&str> = forms.iter().filter_map(|form| form.get(5).copied()).take(4).collect();
        let details = format!("{resource} is no resource of {service}. Its ARNs end in {}.", known.join(", "));
        return policy.error("INVALID_ARN_RESOURCE", &found.spot, details);
    }
    let at = &found.spot;
    let never = |field: usize| fitting.iter().all(|form| form.get(field).is_some_and(|text| text.is_empty()));
    let always = |field: usize| fitting.iter().all(|form| form.get(field).is_some_and(|text| !text.is_empty()));
    if never(3) && !matches!(region, "" | "*") {
        let details = format!("ARNs of {service} have no region here. Leave the field empty.");
        policy.error("ARN_REGION_NOT_ALLOWED", at, details);
    }
    if never(4) && !matches!(account, "" | "*") {
        let details = format!("ARNs of {service} have no account here. Leave the field empty.");
        policy.error("ARN_ACCOUNT_NOT_ALLOWED", at, details);
    }
    if always(3) && region.is_empty() {
        policy.error("MISSING_ARN_REGION", at, format!("Add a region, or *, to the ARN of {service}."));
    }
}

/// Whether a resource pattern of the policy may mean something of this form: compared up to the first wildcard or
/// placeholder of either.
fn may_overlap(form: &str, pattern: &str) -> bool {
    let literal = |text: &str| -> String {
        let end = text.find("${").into_iter().chain(text.find(['*', '?'])).min().unwrap_or(text.len());
        text.get(..end).unwrap_or_default().to_owned()
    };
    let (head, own) = (literal(form), literal(pattern));
    own.starts_with(&head) || head.starts_with(&own) && own.len() < pattern.len()
}

/// An object's action on a bucket's ARN and the like: nothing comes of it.
fn fits(policy: &mut Policy<'_>, statement: &Statement<'_>) {
    let (actions, resources) = (statement.actions(), statement.resources());
    for action in &actions {
        let Some((service, name)) = action.text.split_once(':') else { return };
        let Some(table) = table::service(&service.to_lowercase()) else { continue };
        if name.contains(['*', '?']) {
            continue;
        }
        let Some(known) = table.action(name) else { continue };
        let types: Vec<_> = known.resource_types().collect();
        let covered = resources.iter().any(|resource| {
            if resource.text == "*" {
                return true;
            }
            if types.is_empty() {
                return action.text.eq_ignore_ascii_case("s3:ListAllMyBuckets")
                    && resource.text.starts_with("arn:aws:s3:::*");
            }
            types.iter().any(|(one, _)| type_meets(one.word, one.arn.text(), resource.text))
        });
        if covered || resources.is_empty() {
            continue;
        }
        let wanted = match types.first() {
            None => "Its Resource can only be \"*\".".to_owned(),
            Some(_) => {
                let forms: Vec<&str> = types.iter().map(|(one, _)| one.arn.text()).take(3).collect();
                format!("It is asked for on {}.", forms.join(" or "))
            }
        };
        let details = format!("{} has no resource in this statement, so it has no effect. {wanted}", action.text);
        policy.find(
            super::FindingKind::Warning,
            "RESOURCE_FITS_NO_ACTION",
            &[&action.spot, &statement.at("Resource")],
            details,
        );
    }
}

/// Whether a resource of the policy may be of the type; buckets and objects are told apart by their slash.
fn type_meets(word: &str, form: &str, resource: &str) -> bool {
    let (form, own): (Vec<&str>, Vec<&str>) = (form.splitn(6, ':').collect(), resource.splitn(6, ':').collect());
    let (Some(form_resource), Some(own_resource)) = (form.get(5), own.get(5)) else { return true };
    if form.get(2) != own.get(2) {
        return false;
    }
    match (form.get(2), word) {
        (Some(&"s3"), "bucket") => !own_resource.contains('/') || pattern_covers(own_resource, "a"),
        (Some(&"s3"), "object") => own_resource.contains('/') || own_resource.ends_with('*'),
        _ => may_overlap(form_resource, own_resource),
    }
}
