//! Random ids.

use postern_call::Refusal;

/// A UUID of version 4.
pub fn uuid() -> Result<String, Refusal> {
    let mut bytes = [0u8; 16];
    getrandom::fill(&mut bytes).map_err(|error| Refusal::internal(format!("draw random bytes: {error}")))?;
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let text = hex::encode(bytes);
    Ok(format!("{}-{}-{}-{}-{}", &text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]))
}

/// The number of a new queue.
pub fn number() -> Result<u64, Refusal> {
    getrandom::u64().map_err(|error| Refusal::internal(format!("draw random bytes: {error}")))
}
