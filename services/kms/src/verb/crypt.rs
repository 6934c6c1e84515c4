//! Encrypt, Decrypt, ReEncrypt.

use super::{base64, context_keys, context_of, keys};
use crate::blob::{Context, Head};
use crate::desk::{By, Desk, Named};
use crate::key::{Key, Record};
use crate::refuse;
use crate::spec::Usage;
use postern_call::Refusal;
use postern_policy::Keys;
use serde_json::{Value, json};
use std::sync::Arc;

const SYMMETRIC: &str = "SYMMETRIC_DEFAULT";

fn asked(algorithm: &str, context: &Context) -> Keys {
    let mut asked = keys([("encryptionalgorithm", algorithm)]);
    context_keys(context, &mut asked);
    asked
}

/// The key's usage, its state and the algorithm, in AWS's order.
fn fits(record: &Record, algorithm: &str, operation: &str) -> Result<(), Refusal> {
    record.is_for(Usage::Encrypt, operation)?;
    record.usable()?;
    if record.spec.algorithms(Usage::Encrypt).contains(&algorithm) {
        return Ok(());
    }
    let message = format!("Algorithm {algorithm} is incompatible with key spec {}.", record.spec.word());
    Err(Refusal::new("InvalidKeyUsageException", message))
}

pub fn encrypt(desk: &Desk<'_>) -> Result<Value, Refusal> {
    desk.plain_use()?;
    let algorithm = desk.input.text("EncryptionAlgorithm").unwrap_or(SYMMETRIC);
    let context = context_of(desk, "EncryptionContext");
    let named = desk.key("Encrypt", By::Anything, asked(algorithm, &context))?;
    fits(&named.key.record, algorithm, "Encrypt")?;
    let plaintext = desk.input.bytes("Plaintext")?.unwrap_or_default();
    let sealed = close(desk, &named.key, algorithm, &context, &plaintext)?;
    Ok(json!({
        "CiphertextBlob": base64(&sealed),
        "KeyId": named.key.record.arn(),
        "EncryptionAlgorithm": algorithm,
    }))
}

fn close(
    desk: &Desk<'_>,
    key: &Arc<Key>,
    algorithm: &str,
    context: &Context,
    plaintext: &[u8],
) -> Result<Vec<u8>, Refusal> {
    if algorithm == SYMMETRIC {
        desk.dry_run()?;
        return seal(desk, key, context, plaintext);
    }
    let spec = key.record.spec;
    if !context.is_empty() {
        return Err(refuse::validation("EncryptionContext is not supported with asymmetric keys."));
    }
    let most = spec.plaintext_max(algorithm);
    if plaintext.len() > most {
        let spec = spec.word();
        let message =
            format!("Algorithm {algorithm} and key spec {spec} cannot encrypt data larger than {most} bytes.");
        return Err(refuse::validation(message));
    }
    desk.dry_run()?;
    key.current()?.1.rsa_encrypt(plaintext, algorithm)
}

/// Encrypts under the key's newest material.
pub fn seal(desk: &Desk<'_>, key: &Arc<Key>, context: &Context, plaintext: &[u8]) -> Result<Vec<u8>, Refusal> {
    let key = desk.up_to_date(key)?;
    let (number, material) = key.current()?;
    key.head(number)?.seal(material, context, plaintext)
}

pub fn decrypt(desk: &Desk<'_>) -> Result<Value, Refusal> {
    desk.plain_use()?;
    let algorithm = desk.input.text("EncryptionAlgorithm").unwrap_or(SYMMETRIC);
    let context = context_of(desk, "EncryptionContext");
    let Some(ciphertext) = desk.input.bytes("CiphertextBlob")? else {
        return Err(refuse::validation("CiphertextBlob must not be null."));
    };
    let opened = open(desk, "KeyId", ("Decrypt", "Decrypt"), algorithm, &context, &ciphertext, Keys::new())?;
    let mut reply = json!({
        "KeyId": opened.key.record.arn(),
        "Plaintext": base64(&opened.plaintext),
        "EncryptionAlgorithm": algorithm,
    });
    if let Some(material) = opened.material {
        reply["KeyMaterialId"] = json!(material);
    }
    Ok(reply)
}

struct Opened {
    key: Arc<Key>,
    plaintext: Vec<u8>,
    /// The id of the symmetric material.
    material: Option<String>,
}

/// Opens a ciphertext. `member` may name the key; for an asymmetric one it must. `how` is the action and the operation.
fn open(
    desk: &Desk<'_>,
    member: &str,
    how: (&str, &str),
    algorithm: &str,
    context: &Context,
    ciphertext: &[u8],
    extra: Keys,
) -> Result<Opened, Refusal> {
    let mut keys = asked(algorithm, context);
    keys.extend(extra);
    if algorithm == SYMMETRIC {
        let named = match desk.input.text(member) {
            Some(reference) => Some(desk.key_of(reference, how.0, By::Anything, keys.clone())?),
            None => None,
        };
        return open_symmetric(desk, named, how, keys, context, ciphertext);
    }
    let named = desk.key_of(desk.input.required(member)?, how.0, By::Anything, keys)?;
    fits(&named.key.record, algorithm, how.1)?;
    desk.dry_run()?;
    let plaintext = named.key.current()?.1.rsa_decrypt(ciphertext, algorithm).map_err(|_| refuse::not_opened())?;
    Ok(Opened { key: named.key, plaintext, material: None })
}

fn open_symmetric(
    desk: &Desk<'_>,
    named: Option<Named>,
    how: (&str, &str),
    keys: Keys,
    context: &Context,
    ciphertext: &[u8],
) -> Result<Opened, Refusal> {
    if let Some(named) = &named {
        fits(&named.key.record, SYMMETRIC, how.1)?;
    }
    let (head, _) = Head::read(ciphertext).ok_or_else(refuse::not_opened)?;
    let id = hex::encode(head.key);
    let key = match named {
        Some(named) if named.key.record.id == id => named.key,
        Some(_) => return Err(refuse::wrong_key()),
        None => {
            let known = desk.kms.read().keys.get(&id).cloned();
            let here =
                |key: &Arc<Key>| key.record.region == desk.call.region.as_str() && !key.record.is_gone(desk.call.now);
            let key = known.filter(here).ok_or_else(refuse::ciphertext_of_no_key)?;
            desk.ask(how.0, &key, None, keys)?;
            fits(&key.record, SYMMETRIC, how.1)?;
            key
        }
    };
    desk.dry_run()?;
    let plaintext = decrypt_blob(&key, context, ciphertext)?;
    let material = usize::try_from(head.material).map(|at| key.record.material_id(at)).ok();
    Ok(Opened { key, plaintext, material })
}

/// Opens a symmetric ciphertext of this key.
pub fn decrypt_blob(key: &Key, context: &Context, ciphertext: &[u8]) -> Result<Vec<u8>, Refusal> {
    let (head, sealed) = Head::read(ciphertext).ok_or_else(refuse::not_opened)?;
    let material = usize::try_from(head.material).ok().and_then(|at| key.materials.get(at));
    let material = material.ok_or_else(refuse::not_opened)?;
    head.open(material, context, sealed).map_err(|_| refuse::not_opened())
}

pub fn re_encrypt(desk: &Desk<'_>) -> Result<Value, Refusal> {
    desk.plain_use()?;
    let input = desk.input;
    let from = input.text("SourceEncryptionAlgorithm").unwrap_or(SYMMETRIC);
    let to = input.text("DestinationEncryptionAlgorithm").unwrap_or(SYMMETRIC);
    let (old, new) = (context_of(desk, "SourceEncryptionContext"), context_of(desk, "DestinationEncryptionContext"));
    let ciphertext =
        input.bytes("CiphertextBlob")?.ok_or_else(|| refuse::validation("CiphertextBlob must not be null."))?;
    let reference = input.required("DestinationKeyId")?;
    let source = match (from, input.text("SourceKeyId")) {
        (_, Some(reference)) => desk.find(reference, By::Anything)?.ok().map(|named| named.key.record.id.clone()),
        (SYMMETRIC, None) => Head::read(&ciphertext).map(|(head, _)| hex::encode(head.key)),
        _ => None,
    };
    let target = desk.find(reference, By::Anything)?.ok().map(|named| named.key.record.id.clone());
    let same = if source.is_some() && source == target { "true" } else { "false" };
    let on_same = keys([("reencryptonsamekey", same)]);

    let mut to_keys = asked(to, &new);
    to_keys.extend(on_same.clone());
    let destination = desk.key_of(reference, "ReEncryptTo", By::Anything, to_keys)?;
    fits(&destination.key.record, to, "ReEncrypt")?;
    let opened = open(desk, "SourceKeyId", ("ReEncryptFrom", "ReEncrypt"), from, &old, &ciphertext, on_same)?;
    let sealed = close(desk, &destination.key, to, &new, &opened.plaintext)?;
    Ok(json!({
        "CiphertextBlob": base64(&sealed),
        "SourceKeyId": opened.key.record.arn(),
        "KeyId": destination.key.record.arn(),
        "SourceEncryptionAlgorithm": from,
        "DestinationEncryptionAlgorithm": to,
    }))
}
