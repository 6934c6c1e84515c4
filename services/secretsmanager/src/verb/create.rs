//! CreateSecret.

use super::{durable, tags, value};
use crate::desk::{Desk, set};
use crate::random;
use crate::refuse;
use crate::secret::{CURRENT, Content, Record, Version};
use postern_call::Refusal;
use postern_kit::request_tag_keys;
use postern_names::{AccountId, Arn};
use postern_policy::Keys;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const NAME_MAX: usize = 512;

fn check_name(name: &str) -> Result<(), Refusal> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "/_+=.@-!".contains(c);
    if name.is_empty() || name.len() > NAME_MAX || !name.chars().all(allowed) {
        let rule =
            "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!";
        return Err(Refusal::new("ValidationException", rule));
    }
    Ok(())
}

pub async fn create(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let input = desk.input;
    let (account, name) = (desk.account()?, input.required("Name")?);
    check_name(name)?;
    let suffix = random::suffix()?;
    let new_tags = tags::read(desk)?;
    let arn = arn_of(desk, account, name, &suffix);
    let mut keys = Keys::new();
    set(&mut keys, "name", Some(name));
    set(&mut keys, "description", input.text("Description"));
    set(&mut keys, "kmskeyid", input.text("KmsKeyId"));
    request_tag_keys(new_tags.iter().map(|(key, value)| (key.as_str(), value.as_str())), &mut keys);
    desk.ask("CreateSecret", &arn, account, None, keys.clone())?;
    if !new_tags.is_empty() {
        desk.ask("TagResource", &arn, account, None, keys)?;
    }
    if !input.list("AddReplicaRegions").is_empty() || input.get("CrossAccountPrimaryARN").is_some() {
        return Err(refuse::not_served("Replication"));
    }
    if input.get("Type").is_some() {
        return Err(refuse::not_served("A managed external secret (Type)"));
    }
    let plain = value::read(desk)?;
    let token = value::token(desk)?;
    if let Some(existing) = again(desk, name, &token, plain.as_ref()).await? {
        return Ok(existing);
    }
    let mut record = Record {
        account,
        region: desk.call.region.as_str().to_owned(),
        name: name.to_owned(),
        suffix,
        description: input.text("Description").map(str::to_owned),
        kms_key: input.text("KmsKeyId").map(str::to_owned),
        created: desk.call.now,
        changed: desk.call.now,
        accessed: None,
        deleted: None,
        policy: None,
        tags: new_tags,
        versions: BTreeMap::new(),
    };
    let mut reply = json!({ "ARN": arn, "Name": name });
    let first = match plain {
        None => None,
        Some(plain) => {
            let envelope = value::enclose(desk, &arn, &token, record.kms_key.as_deref(), &plain.bytes).await?;
            let version = Version {
                created: desk.call.now,
                accessed: None,
                stages: vec![CURRENT.to_owned()],
                key: envelope.data_key.key.clone(),
            };
            record.versions.insert(token.clone(), version);
            reply["VersionId"] = json!(token);
            Some((token, Content::of(plain.binary, &envelope)))
        }
    };
    durable(desk.secrets.add(record, first, desk.call.now)?).await?;
    Ok(reply)
}

/// The ARN that the secret is to have.
fn arn_of(desk: &Desk<'_>, account: AccountId, name: &str, suffix: &str) -> String {
    Arn::new("secretsmanager", desk.call.region.as_str(), account, format!("secret:{name}-{suffix}")).to_string()
}

/// The answer to a request that was done before: same name, token and content.
async fn again(
    desk: &Desk<'_>,
    name: &str,
    token: &str,
    plain: Option<&crate::secret::Plain>,
) -> Result<Option<Value>, Refusal> {
    let place = desk.place()?;
    let known = desk.secrets.read().get(&place).and_then(|own| own.get(name)).cloned();
    let known = known.filter(|secret| secret.record.deleted.is_none() && secret.record.versions.contains_key(token));
    let (Some(secret), Some(plain)) = (known, plain) else { return Ok(None) };
    value::same_content(desk, &secret, token, plain).await?;
    Ok(Some(json!({ "ARN": secret.record.arn(), "Name": name, "VersionId": token })))
}
