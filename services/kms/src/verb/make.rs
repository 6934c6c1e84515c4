//! CreateKey.

use super::keys;
use crate::desk::Desk;
use crate::key::Record;
use crate::kms::Kms;
use crate::policy;
use crate::refuse;
use crate::spec::{Spec, Usage};
use postern_call::Refusal;
use postern_kit::request_tag_keys;
use serde_json::{Value, json};

pub fn create(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let input = desk.input;
    let account = desk.account()?;
    let word = input.text("KeySpec").or(input.text("CustomerMasterKeySpec")).unwrap_or("SYMMETRIC_DEFAULT");
    let usage_word = input.text("KeyUsage").unwrap_or("ENCRYPT_DECRYPT");
    let origin = input.text("Origin").unwrap_or("AWS_KMS");
    let multi_region = input.truth("MultiRegion").unwrap_or(false);
    let bypass = input.truth("BypassPolicyLockoutSafetyCheck").unwrap_or(false);
    let tags = super::tags::read(desk)?;
    let mut asked = keys([
        ("keyspec", word),
        ("customermasterkeyspec", word),
        ("keyusage", usage_word),
        ("customermasterkeyusage", usage_word),
        ("keyorigin", origin),
        ("multiregion", if multi_region { "true" } else { "false" }),
        ("bypasspolicylockoutsafetycheck", if bypass { "true" } else { "false" }),
    ]);
    request_tag_keys(tags.iter().map(|(key, value)| (key.as_str(), value.as_str())), &mut asked);
    desk.ask_for("CreateKey", "*", account, None, asked.clone())?;

    let spec = Spec::read(word)?;
    let usage = usage(desk, spec)?;
    if origin != "AWS_KMS" || input.get("CustomKeyStoreId").is_some() || input.get("XksKeyId").is_some() {
        return Err(refuse::unsupported(format!("Origin {origin} is not supported.")));
    }
    if multi_region {
        return Err(refuse::unsupported("Multi-Region keys are not supported."));
    }
    let mut record = Record {
        account,
        region: desk.call.region.as_str().to_owned(),
        id: Kms::fresh_id()?,
        created: desk.call.now,
        description: input.text("Description").unwrap_or_default().to_owned(),
        spec,
        usage,
        managed_for: None,
        enabled: true,
        deletion: None,
        policy: input.text("Policy").map_or_else(|| policy::default_policy(account), str::to_owned),
        tags,
        rotation: None,
        materials: Vec::new(),
    };
    let document = policy::read(&record.policy, &record.arn(), account, desk.call, bypass)?;
    if !record.tags.is_empty() {
        desk.ask_for("TagResource", &record.arn(), account, Some(&document), asked)?;
    }
    let first = desk.kms.make_material(&record, None, desk.call.now)?;
    record.materials.push(first);
    let (key, pending) = desk.kms.add(record)?;
    desk.wait_for([pending]);
    Ok(json!({ "KeyMetadata": key.record.metadata() }))
}

fn usage(desk: &Desk<'_>, spec: Spec) -> Result<Usage, Refusal> {
    let usage = match desk.input.text("KeyUsage") {
        Some(word) => Usage::read(word)?,
        None => spec.default_usage().ok_or_else(|| {
            refuse::validation(format!("You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys. KeySpec {} has no default.", spec.word()))
        })?,
    };
    if !spec.may(usage) {
        let message = format!("KeyUsage {} is not compatible with KeySpec {}", usage.word(), spec.word());
        return Err(refuse::validation(message));
    }
    Ok(usage)
}
