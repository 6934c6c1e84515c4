//! UpdateSecret.

use super::{durable, value};
use crate::desk::{Desk, set};
use crate::refuse;
use crate::secret::CURRENT;
use postern_call::Refusal;
use postern_policy::Keys;
use serde_json::{Value, json};

pub async fn update(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let input = desk.input;
    let mut keys = Keys::new();
    set(&mut keys, "description", input.text("Description"));
    set(&mut keys, "kmskeyid", input.text("KmsKeyId"));
    let secret = desk.living("UpdateSecret", keys)?;
    if input.get("Type").is_some() {
        return Err(refuse::not_served("A managed external secret (Type)"));
    }
    let plain = value::read(desk)?;
    let (description, key) = (input.text("Description"), input.text("KmsKeyId"));
    let mut secret = secret;
    if description.is_some() || key.is_some() {
        let ((), pending) = desk.secrets.change(&secret, |change| {
            change.record.alive()?;
            if let Some(description) = description {
                change.record.description = Some(description.to_owned());
            }
            if let Some(key) = key {
                // The name of the service's own key means: no key of the customer's.
                let own = key.is_empty() || key == "alias/aws/secretsmanager";
                change.record.kms_key = Some(key.to_owned()).filter(|_| !own);
            }
            change.record.changed = desk.call.now;
            Ok(())
        })?;
        durable(pending).await?;
        secret = crate::secrets::Address::read(&secret.record.arn(), None, &secret.record.region)?
            .find(&desk.secrets.read())
            .ok_or_else(refuse::no_secret)?;
    }
    let mut reply = super::named(&secret.record);
    if let Some(plain) = plain {
        let version = value::add_version(desk, &secret, &plain, &[CURRENT.to_owned()]).await?;
        reply["VersionId"] = json!(version);
    }
    Ok(reply)
}
