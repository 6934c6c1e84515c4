//! GenerateMac and VerifyMac.

use super::{base64, keys};
use crate::desk::{By, Desk, Named};
use crate::spec::Usage;
use postern_call::Refusal;
use serde_json::{Value, json};

fn subject<'a>(desk: &Desk<'a>, operation: &str) -> Result<(Named, &'a str, Vec<u8>), Refusal> {
    desk.plain_use()?;
    let algorithm = desk.input.required("MacAlgorithm")?;
    let named = desk.key(operation, By::Anything, keys([("macalgorithm", algorithm)]))?;
    let record = &named.key.record;
    record.is_for(Usage::Mac, operation)?;
    record.usable()?;
    if !record.spec.algorithms(Usage::Mac).contains(&algorithm) {
        let message = format!("Algorithm {algorithm} is incompatible with key spec {}.", record.spec.word());
        return Err(Refusal::new("InvalidKeyUsageException", message));
    }
    desk.dry_run()?;
    let message = desk.input.bytes("Message")?.unwrap_or_default();
    Ok((named, algorithm, message))
}

pub fn generate(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let (named, algorithm, message) = subject(desk, "GenerateMac")?;
    let mac = named.key.current()?.1.mac(&message, algorithm)?;
    Ok(json!({ "KeyId": named.key.record.arn(), "Mac": base64(&mac), "MacAlgorithm": algorithm }))
}

pub fn verify(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let (named, algorithm, message) = subject(desk, "VerifyMac")?;
    let mac = desk.input.bytes("Mac")?.unwrap_or_default();
    if !named.key.current()?.1.verifies_mac(&message, &mac, algorithm)? {
        return Err(Refusal::new("KMSInvalidMacException", ""));
    }
    Ok(json!({ "KeyId": named.key.record.arn(), "MacValid": true, "MacAlgorithm": algorithm }))
}
