//! GenerateDataKey, GenerateDataKeyPair, both without plaintext too, and GenerateRandom.

use super::{base64, context_keys, context_of, crypt, keys};
use crate::blob::Context;
use crate::desk::{By, Desk, Named};
use crate::material::Material;
use crate::refuse;
use crate::spec::{Spec, Usage};
use postern_call::Refusal;
use postern_policy::Keys;
use serde_json::{Value, json};

/// Finds the key that encrypts a data key, asks, and looks whether it can.
fn wrapping(desk: &Desk<'_>, operation: &str, extra: Keys) -> Result<(Named, Context), Refusal> {
    desk.plain_use()?;
    let context = context_of(desk, "EncryptionContext");
    let mut asked = keys([("encryptionalgorithm", "SYMMETRIC_DEFAULT")]);
    context_keys(&context, &mut asked);
    asked.extend(extra);
    let named = desk.key(operation, By::Anything, asked)?;
    let record = &named.key.record;
    record.is_for(Usage::Encrypt, operation)?;
    record.usable()?;
    if !record.spec.is_symmetric() {
        let message =
            format!("{} key spec is {} which is not valid for {operation}.", record.arn(), record.spec.word());
        return Err(Refusal::new("InvalidKeyUsageException", message));
    }
    Ok((named, context))
}

/// The plaintext bytes of a data key and the reply with the encrypted ones.
fn data_key(desk: &Desk<'_>, operation: &str) -> Result<(Vec<u8>, Value), Refusal> {
    let (named, context) = wrapping(desk, operation, Keys::new())?;
    let length = match (desk.input.text("KeySpec"), desk.input.number("NumberOfBytes")) {
        (Some("AES_128"), None) => 16,
        (Some(_), None) => 32,
        (None, Some(bytes)) => usize::try_from(bytes).map_err(Refusal::internal)?,
        _ => return Err(refuse::validation("Please specify either number of bytes or key spec.")),
    };
    desk.dry_run()?;
    let mut plaintext = vec![0; length];
    getrandom::fill(&mut plaintext).map_err(|error| Refusal::internal(format!("draw random bytes: {error}")))?;
    let sealed = crypt::seal(desk, &named.key, &context, &plaintext)?;
    let reply = json!({ "CiphertextBlob": base64(&sealed), "KeyId": named.key.record.arn() });
    Ok((plaintext, reply))
}

pub fn key(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let (plaintext, mut reply) = data_key(desk, "GenerateDataKey")?;
    reply["Plaintext"] = json!(base64(&plaintext));
    Ok(reply)
}

pub fn key_without_plaintext(desk: &Desk<'_>) -> Result<Value, Refusal> {
    Ok(data_key(desk, "GenerateDataKeyWithoutPlaintext")?.1)
}

fn data_key_pair(desk: &Desk<'_>, operation: &str) -> Result<(Vec<u8>, Value), Refusal> {
    let word = desk.input.required("KeyPairSpec")?;
    let (named, context) = wrapping(desk, operation, keys([("datakeypairspec", word)]))?;
    let spec = Spec::read(word)?;
    desk.dry_run()?;
    let pair = Material::make(spec)?;
    let public = pair.public_key()?.ok_or_else(|| refuse::validation(format!("{word} is no key pair.")))?;
    let private = pair.to_bytes()?;
    let sealed = crypt::seal(desk, &named.key, &context, &private)?;
    let reply = json!({
        "PrivateKeyCiphertextBlob": base64(&sealed),
        "PublicKey": base64(&public),
        "KeyId": named.key.record.arn(),
        "KeyPairSpec": word,
    });
    Ok((private, reply))
}

pub fn pair(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let (private, mut reply) = data_key_pair(desk, "GenerateDataKeyPair")?;
    reply["PrivateKeyPlaintext"] = json!(base64(&private));
    Ok(reply)
}

pub fn pair_without_plaintext(desk: &Desk<'_>) -> Result<Value, Refusal> {
    Ok(data_key_pair(desk, "GenerateDataKeyPairWithoutPlaintext")?.1)
}

pub fn random_bytes(desk: &Desk<'_>) -> Result<Value, Refusal> {
    desk.ask_for("GenerateRandom", "*", desk.account()?, None, Keys::new())?;
    if desk.input.get("CustomKeyStoreId").is_some() || desk.input.get("Recipient").is_some() {
        return Err(refuse::unsupported("CustomKeyStoreId and Recipient are not supported."));
    }
    let count = desk.input.bounded("NumberOfBytes", 1, 1024)?;
    let count = count.ok_or_else(|| refuse::validation("NumberOfBytes is required."))?;
    let mut bytes = vec![0; usize::try_from(count).map_err(Refusal::internal)?];
    getrandom::fill(&mut bytes).map_err(|error| Refusal::internal(format!("draw random bytes: {error}")))?;
    Ok(json!({ "Plaintext": base64(&bytes) }))
}
