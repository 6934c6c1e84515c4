//! The operations, each with the function that does it.

mod alias;
mod crypt;
mod data_key;
mod describe;
mod grant;
mod life;
mod mac;
mod make;
mod policy;
mod rotation;
mod sign;
mod tags;

use crate::blob::Context;
use crate::desk::Desk;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use postern_call::Refusal;
use postern_policy::Keys;
use serde_json::{Map, Value};

pub use crypt::{decrypt_blob, seal};

/// An operation and how it is done.
pub struct Verb {
    pub operation: &'static str,
    pub run: fn(&Desk<'_>) -> Result<Value, Refusal>,
    /// Takes long (RSA): not for a thread of the runtime.
    pub slow: bool,
}

const fn verb(operation: &'static str, run: fn(&Desk<'_>) -> Result<Value, Refusal>) -> Verb {
    Verb { operation, run, slow: false }
}
const fn slow(operation: &'static str, run: fn(&Desk<'_>) -> Result<Value, Refusal>) -> Verb {
    Verb { operation, run, slow: true }
}

/// Every operation that is served.
pub const VERBS: &[Verb] = &[
    verb("CancelKeyDeletion", life::cancel_deletion),
    verb("CreateAlias", alias::create),
    verb("CreateGrant", grant::create),
    slow("CreateKey", make::create),
    slow("Decrypt", crypt::decrypt),
    verb("DeleteAlias", alias::delete),
    verb("DescribeKey", describe::describe),
    verb("DisableKey", life::disable),
    verb("DisableKeyRotation", rotation::disable),
    verb("EnableKey", life::enable),
    verb("EnableKeyRotation", rotation::enable),
    verb("Encrypt", crypt::encrypt),
    verb("GenerateDataKey", data_key::key),
    slow("GenerateDataKeyPair", data_key::pair),
    slow("GenerateDataKeyPairWithoutPlaintext", data_key::pair_without_plaintext),
    verb("GenerateDataKeyWithoutPlaintext", data_key::key_without_plaintext),
    verb("GenerateMac", mac::generate),
    verb("GenerateRandom", data_key::random_bytes),
    verb("GetKeyPolicy", policy::get),
    verb("GetKeyRotationStatus", rotation::status),
    verb("GetPublicKey", describe::public_key),
    verb("ListAliases", alias::list),
    verb("ListGrants", grant::list),
    verb("ListKeyPolicies", policy::list),
    verb("ListKeyRotations", rotation::list),
    verb("ListKeys", describe::list),
    verb("ListResourceTags", tags::list),
    verb("ListRetirableGrants", grant::list_retirable),
    verb("PutKeyPolicy", policy::put),
    slow("ReEncrypt", crypt::re_encrypt),
    verb("RetireGrant", grant::retire),
    verb("RevokeGrant", grant::revoke),
    verb("RotateKeyOnDemand", rotation::on_demand),
    verb("ScheduleKeyDeletion", life::schedule_deletion),
    slow("Sign", sign::sign),
    verb("TagResource", tags::tag),
    verb("UntagResource", tags::untag),
    verb("UpdateAlias", alias::update),
    verb("UpdateKeyDescription", describe::update_description),
    verb("Verify", sign::verify),
    verb("VerifyMac", mac::verify),
];

fn nothing() -> Result<Value, Refusal> {
    Ok(Value::Object(Map::new()))
}

fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// One condition key of KMS's own, by its name in lower case.
fn keys<const N: usize>(given: [(&str, &str); N]) -> Keys {
    given.into_iter().map(|(name, value)| (format!("kms:{name}"), vec![value.to_owned()])).collect()
}

/// The condition keys that tell an encryption context.
pub fn context_keys(context: &Context, keys: &mut Keys) {
    for (name, value) in context {
        keys.insert(format!("kms:encryptioncontext:{}", name.to_lowercase()), vec![value.clone()]);
    }
    if !context.is_empty() {
        keys.insert("kms:encryptioncontextkeys".into(), context.keys().cloned().collect());
    }
}

fn context_of(desk: &Desk<'_>, member: &str) -> Context {
    desk.input.map(member).into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// A page of a list as KMS gives it: `Truncated`, and `NextMarker` when there is more.
fn page(
    desk: &Desk<'_>,
    member: &str,
    entries: impl IntoIterator<Item = (String, Value)>,
    most: usize,
) -> Result<Value, Refusal> {
    let limit = desk.input.number("Limit").and_then(|limit| usize::try_from(limit).ok()).unwrap_or(most);
    let page =
        postern_kit::page(entries, desk.input.text("Marker"), limit).map_err(|_| crate::refuse::invalid_marker())?;
    let mut reply = Map::new();
    reply.insert(member.to_owned(), Value::Array(page.entries));
    reply.insert("Truncated".to_owned(), Value::Bool(page.next.is_some()));
    if let Some(next) = page.next {
        reply.insert("NextMarker".to_owned(), Value::String(next));
    }
    Ok(Value::Object(reply))
}
