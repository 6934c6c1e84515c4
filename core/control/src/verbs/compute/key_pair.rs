//! CreateKeyPair, ImportKeyPair, DescribeKeyPairs, DeleteKeyPair.

use super::Whole;
use super::word::word;
use crate::verbs::is_visible;
use crate::{Context, Draft, KeyMaterial, Request, refuse, select, tags, view};
use base64::Engine;
use postern_call::Refusal;
use postern_model::{KeyPair, World};
use postern_names::KeyPairId;
use serde_json::{Value, json};

pub(super) const VERBS: &[(&str, Whole)] = &[
    ("CreateKeyPair", create),
    ("ImportKeyPair", import),
    ("DescribeKeyPairs", describe_key_pairs),
    ("DeleteKeyPair", delete),
];

/// The private half is in this reply and nowhere else.
fn create(draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let name = free_name(draft, context, request)?;
    let key_type = word(request, "KeyType", &["rsa", "ed25519"])?.unwrap_or("rsa");
    if word(request, "KeyFormat", &["pem", "ppk"])? == Some("ppk") {
        return Err(refuse::not_served("CreateKeyPair with KeyFormat ppk").hint("convert the PEM file with puttygen"));
    }
    let tags = tags::specified(request, "key-pair", &[])?;
    let material = context.outside.make_key(key_type, name).map_err(Refusal::internal)?;
    let private = material.private_pem.clone();
    let mut reply = store(draft, context, name, material, tags);
    reply["KeyMaterial"] = json!(private);
    Ok(reply)
}

/// `PublicKeyMaterial` is base64 of an OpenSSH public key.
fn import(draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let name = free_name(draft, context, request)?;
    let given = request.required_text("PublicKeyMaterial")?;
    let tags = tags::specified(request, "key-pair", &[])?;
    let bytes = base64::engine::general_purpose::STANDARD.decode(given.trim()).map_err(|_| bad_format())?;
    let line = String::from_utf8(bytes).map_err(|_| bad_format())?;
    let material = context.outside.read_public_key(line.trim()).ok_or_else(bad_format)?;
    Ok(store(draft, context, name, material, tags))
}

fn bad_format() -> Refusal {
    Refusal::new("InvalidKey.Format", "Key is not in valid OpenSSH public key format")
        .hint("AWS takes RSA and ED25519 keys: a line such as `ssh-ed25519 AAAA... comment`")
}

fn store(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    name: &str,
    material: KeyMaterial,
    tags: postern_model::Tags,
) -> Value {
    let key = KeyPair {
        id: KeyPairId::from_bits(context.outside.bits()),
        owner: context.account,
        region: context.region.clone(),
        name: name.to_owned(),
        key_type: material.key_type,
        fingerprint: material.fingerprint,
        public_key: material.public_line,
        created: context.now,
        tags,
    };
    let reply = json!({
        "KeyPairId": key.id.to_string(),
        "Tags": tags::view(&key.tags),
        "KeyName": key.name,
        "KeyFingerprint": key.fingerprint,
    });
    draft.put(key);
    reply
}

/// `KeyName`, checked: at most 255 ASCII characters and not taken.
fn free_name<'r>(world: &World, context: &Context<'_>, request: &Request<'r>) -> Result<&'r str, Refusal> {
    let name = request.required_text("KeyName")?;
    if name.is_empty() {
        return Err(refuse::missing_parameter("KeyName"));
    }
    if name.chars().count() > 255 || !name.is_ascii() || name != name.trim() {
        return Err(refuse::invalid_value(
            "KeyName",
            name,
            "Must be at most 255 ASCII characters without spaces around",
        ));
    }
    match by_name(world, context, name) {
        None => Ok(name),
        Some(_) => {
            let message = format!("The keypair '{name}' already exists.");
            Err(Refusal::new("InvalidKeyPair.Duplicate", message))
        }
    }
}

fn by_name<'w>(world: &'w World, context: &Context<'_>, name: &str) -> Option<&'w KeyPair> {
    world.key_pairs.values().find(|key| key.name == name && is_visible(context, key.owner, &key.region))
}

fn describe_key_pairs(draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let mut keys: Vec<&KeyPair> = select(draft, context, request, "KeyPairIds")?;
    let names = request.texts("KeyNames");
    if let Some(missing) = names.iter().find(|name| by_name(draft, context, name).is_none()) {
        let message = format!("The key pair '{missing}' does not exist");
        return Err(Refusal::new("InvalidKeyPair.NotFound", message));
    }
    keys.retain(|key| names.is_empty() || names.contains(&key.name.as_str()));
    let with_public_key = request.flag("IncludePublicKey").unwrap_or(false);
    let items: Vec<Value> = keys.into_iter().map(|key| view::key_pair::key_pair(key, with_public_key)).collect();
    Ok(json!({ "KeyPairs": items }))
}

/// A key that is not there is no error, as in AWS.
fn delete(draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let id: Option<KeyPairId> = request.optional_id("KeyPairId")?;
    let found = match (id, request.text("KeyName")) {
        (Some(id), _) => draft.key_pairs.get(&id).filter(|key| is_visible(context, key.owner, &key.region)),
        (None, Some(name)) => by_name(draft, context, name),
        (None, None) => return Err(refuse::missing_parameter("KeyName or KeyPairId")),
    };
    let mut reply = json!({ "Return": true });
    if let Some(id) = found.map(|key| key.id) {
        draft.remove(id);
        reply["KeyPairId"] = json!(id.to_string());
    }
    Ok(reply)
}
