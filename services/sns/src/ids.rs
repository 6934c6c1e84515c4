//! Random ids.

use postern_call::Refusal;

/// A UUID of version 4.
pub fn uuid() -> Result<String, Refusal> {
    let mut bytes = [0u8; 16];
    fill(&mut bytes)?;
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let text = hex::encode(bytes);
    Ok(format!("{}-{}-{}-{}-{}", &text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]))
}

/// What confirms a subscription.
pub fn token() -> Result<String, Refusal> {
    let mut bytes = [0u8; 64];
    fill(&mut bytes)?;
    Ok(hex::encode(bytes))
}

fn fill(bytes: &mut [u8]) -> Result<(), Refusal> {
    getrandom::fill(bytes).map_err(|error| Refusal::internal(format!("draw random bytes: {error}")))
}
