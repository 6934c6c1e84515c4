//! Sign and Verify.

use super::{base64, keys};
use crate::desk::{By, Desk, Named};
use crate::material::{digest, digest_length};
use crate::refuse;
use crate::spec::Usage;
use postern_call::Refusal;
use serde_json::{Value, json};

/// The key and the digest that the request is about.
fn subject<'a>(desk: &Desk<'a>, operation: &str) -> Result<(Named, &'a str, Vec<u8>), Refusal> {
    desk.plain_use()?;
    let algorithm = desk.input.required("SigningAlgorithm")?;
    let kind = desk.input.text("MessageType").unwrap_or("RAW");
    let named = desk.key(operation, By::Anything, keys([("signingalgorithm", algorithm), ("messagetype", kind)]))?;
    let record = &named.key.record;
    record.is_for(Usage::Sign, operation)?;
    record.usable()?;
    if !record.spec.algorithms(Usage::Sign).contains(&algorithm) {
        let message = format!("Algorithm {algorithm} is incompatible with key spec {}.", record.spec.word());
        return Err(Refusal::new("InvalidKeyUsageException", message));
    }
    let message = desk.input.bytes("Message")?.unwrap_or_default();
    let digest = match kind {
        "RAW" => digest(algorithm, &message),
        "DIGEST" if message.len() == digest_length(algorithm) => message,
        "DIGEST" => {
            return Err(refuse::validation(format!("Digest is invalid length for algorithm {algorithm}.")));
        }
        other => return Err(refuse::unsupported(format!("MessageType {other} is not supported."))),
    };
    desk.dry_run()?;
    Ok((named, algorithm, digest))
}

pub fn sign(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let (named, algorithm, digest) = subject(desk, "Sign")?;
    let signature = named.key.current()?.1.sign(&digest, algorithm)?;
    Ok(json!({
        "KeyId": named.key.record.arn(),
        "Signature": base64(&signature),
        "SigningAlgorithm": algorithm,
    }))
}

pub fn verify(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let (named, algorithm, digest) = subject(desk, "Verify")?;
    let signature = desk.input.bytes("Signature")?.unwrap_or_default();
    if !named.key.current()?.1.verifies(&digest, &signature, algorithm) {
        return Err(Refusal::new("KMSInvalidSignatureException", ""));
    }
    Ok(json!({ "KeyId": named.key.record.arn(), "SignatureValid": true, "SigningAlgorithm": algorithm }))
}
