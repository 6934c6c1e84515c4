//! Fresh ids, secrets and tokens, from the system's randomness.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use postern_call::Refusal;
use sha2::{Digest, Sha256};

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// A unique id: the four letters of its kind (`AIDA`, `AROA`, `AGPA`, `ANPA`, `AIPA`) and 17 more.
pub fn unique(prefix: &str) -> Result<String, Refusal> {
    Ok(format!("{prefix}{}", base32(&random::<17>()?)))
}

/// An access key id: `AKIA` or `ASIA` and 16 more.
pub fn access_key(prefix: &str) -> Result<String, Refusal> {
    Ok(format!("{prefix}{}", base32(&random::<16>()?)))
}

/// 40 characters, 240 random bits.
pub fn secret() -> Result<String, Refusal> {
    Ok(STANDARD.encode(random::<30>()?))
}

/// A session token: 1,056 random bits.
pub fn token() -> Result<String, Refusal> {
    Ok(STANDARD.encode(random::<132>()?))
}

/// The seed of a virtual MFA device: 64 characters of Base32.
pub fn seed() -> Result<String, Refusal> {
    Ok(data_encoding::BASE32.encode(&random::<40>()?))
}

/// The id of a job or a task: a random UUID.
pub fn job() -> Result<String, Refusal> {
    let hex = data_encoding::HEXLOWER.encode(&random::<16>()?);
    let mut parts =
        [(0, 8), (8, 12), (12, 16), (16, 20), (20, 32)].map(|(from, to)| hex.get(from..to).unwrap_or_default());
    let third = format!("4{}", parts[2].get(1..).unwrap_or_default());
    let fourth = format!("a{}", parts[3].get(1..).unwrap_or_default());
    (parts[2], parts[3]) = (&third, &fourth);
    Ok(parts.join("-"))
}

/// The id of something that AWS owns: always the same for the same name.
pub fn of_name(prefix: &str, name: &str) -> String {
    let digest = Sha256::digest(name.as_bytes());
    let bytes: Vec<u8> = digest.iter().copied().take(17).collect();
    format!("{prefix}{}", base32(&bytes))
}

fn base32(bytes: &[u8]) -> String {
    bytes.iter().filter_map(|byte| BASE32.get(usize::from(byte % 32))).map(|byte| char::from(*byte)).collect()
}

fn random<const N: usize>() -> Result<[u8; N], Refusal> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| Refusal::internal(format!("draw random bytes: {error}")))?;
    Ok(bytes)
}
