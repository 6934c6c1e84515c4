//! Versions of managed policies.

use super::attachment::policy_arn;
use super::policy::{POLICY_CHARACTERS_MAX, own};
use super::{Request, nothing, time_text};
use crate::entity::{Policy, Version};
use crate::iam::Desk;
use crate::page::page;
use crate::save::Touched;
use crate::{managed, refuse};
use postern_call::Refusal;
use postern_policy::Document;
use serde_json::{Value, json};

const VERSIONS_MAX: usize = 5;

pub fn create(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let arn = policy_arn(request)?;
    own(arn)?;
    desk.account().policy(arn)?;
    let document = request.input.document("PolicyDocument", Document::parse_identity)?;
    if document.size() > POLICY_CHARACTERS_MAX {
        return Err(refuse::quota("PolicySize", POLICY_CHARACTERS_MAX));
    }
    let policy = desk.account().policy_mut(arn)?;
    if policy.versions.len() >= VERSIONS_MAX {
        return Err(refuse::limit_exceeded(format!(
            "A managed policy can have up to {VERSIONS_MAX} versions. Before you create a new version, you must delete an existing version."
        )));
    }
    let version = Version { number: policy.next, document, created: request.now };
    policy.next += 1;
    policy.updated = request.now;
    if request.input.truth("SetAsDefault").unwrap_or(false) {
        policy.default = version.number;
    }
    policy.versions.push(version.clone());
    let reply = json!({ "PolicyVersion": shape(&version, policy.default, false) });
    desk.touch(Touched::Policy(arn.to_owned()));
    Ok(reply)
}

pub fn get(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let arn = policy_arn(request)?;
    let id = request.input.required("VersionId")?;
    if let Some(policy) = managed::find(arn) {
        if id != managed::VERSION {
            return Err(refuse::no_such_version(arn, id));
        }
        return Ok(json!({ "PolicyVersion": aws_shape(policy, true) }));
    }
    let policy = desk.account().policy(arn)?;
    Ok(json!({ "PolicyVersion": shape(version(policy, arn, id)?, policy.default, true) }))
}

pub fn list(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let arn = policy_arn(request)?;
    if let Some(policy) = managed::find(arn) {
        return page(request.input, "Versions", vec![(String::new(), aws_shape(policy, false))]);
    }
    let policy = desk.account().policy(arn)?;
    // Newest first.
    let sorted =
        |version: &Version| (format!("{:010}", u32::MAX - version.number), shape(version, policy.default, false));
    page(request.input, "Versions", policy.versions.iter().map(sorted).collect())
}

pub fn set_default(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let arn = policy_arn(request)?;
    own(arn)?;
    let id = request.input.required("VersionId")?;
    let policy = desk.account().policy_mut(arn)?;
    policy.default = version(policy, arn, id)?.number;
    policy.updated = request.now;
    desk.touch(Touched::Policy(arn.to_owned()));
    nothing()
}

pub fn delete(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let arn = policy_arn(request)?;
    own(arn)?;
    let id = request.input.required("VersionId")?;
    let policy = desk.account().policy_mut(arn)?;
    let number = version(policy, arn, id)?.number;
    if number == policy.default {
        return Err(refuse::delete_conflict("Cannot delete the default version of a policy.".into()));
    }
    policy.versions.retain(|version| version.number != number);
    desk.touch(Touched::Policy(arn.to_owned()));
    nothing()
}

pub fn shape(version: &Version, default: u32, with_document: bool) -> Value {
    super::compact(json!({
        "Document": with_document.then(|| version.document.encoded()),
        "VersionId": format!("v{}", version.number),
        "IsDefaultVersion": version.number == default,
        "CreateDate": time_text(version.created),
    }))
}

fn aws_shape(policy: &managed::AwsPolicy, with_document: bool) -> Value {
    super::compact(json!({
        "Document": with_document.then(|| policy.document.encoded()),
        "VersionId": managed::VERSION,
        "IsDefaultVersion": true,
        "CreateDate": time_text(managed::CREATED),
    }))
}

fn version<'p>(policy: &'p Policy, arn: &str, id: &str) -> Result<&'p Version, Refusal> {
    let number = id.strip_prefix('v').and_then(|digits| digits.parse().ok());
    number.and_then(|number| policy.version(number)).ok_or_else(|| refuse::no_such_version(arn, id))
}
