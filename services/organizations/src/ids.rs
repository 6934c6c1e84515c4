//! Fresh ids in AWS's patterns, from the system's randomness.

use postern_call::Refusal;
use postern_names::AccountId;

const LETTERS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// `o-` and ten letters or digits.
pub fn organization() -> Result<String, Refusal> {
    Ok(format!("o-{}", word::<10>()?))
}
/// `r-` and four.
pub fn root() -> Result<String, Refusal> {
    Ok(format!("r-{}", word::<4>()?))
}
/// `ou-`, what follows the root's `r-`, and eight more.
pub fn unit(root: &str) -> Result<String, Refusal> {
    Ok(format!("ou-{}-{}", root.strip_prefix("r-").unwrap_or(root), word::<8>()?))
}
/// `p-` and ten.
pub fn policy() -> Result<String, Refusal> {
    Ok(format!("p-{}", word::<10>()?))
}
/// `h-` and ten.
pub fn handshake() -> Result<String, Refusal> {
    Ok(format!("h-{}", word::<10>()?))
}
/// `car-` and 32.
pub fn request() -> Result<String, Refusal> {
    Ok(format!("car-{}", word::<32>()?))
}

/// Twelve digits that do not begin with a zero.
pub fn account() -> Result<AccountId, Refusal> {
    let number = u64::from_le_bytes(random::<8>()?) % 900_000_000_000 + 100_000_000_000;
    number.to_string().parse().map_err(Refusal::internal)
}

fn word<const N: usize>() -> Result<String, Refusal> {
    Ok(random::<N>()?.iter().filter_map(|byte| LETTERS.get(usize::from(byte % 36))).map(|b| char::from(*b)).collect())
}

fn random<const N: usize>() -> Result<[u8; N], Refusal> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| Refusal::internal(format!("draw random bytes: {error}")))?;
    Ok(bytes)
}
