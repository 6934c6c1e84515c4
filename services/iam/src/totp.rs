//! One-time codes of virtual MFA devices (RFC 6238: HMAC-SHA1, six digits, thirty seconds).

use data_encoding::BASE32;
use ring::hmac;

const STEP_SECONDS: i64 = 30;
const DIGITS: u32 = 1_000_000;

/// The number of the thirty seconds that this moment is in.
pub fn step(now: i64) -> i64 {
    now.div_euclid(STEP_SECONDS)
}

/// The code of a step; `None` if the seed is no Base32.
pub fn code(seed: &str, step: i64) -> Option<String> {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &BASE32.decode(seed.as_bytes()).ok()?);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let bytes = tag.as_ref();
    let offset = usize::from(bytes.last()? & 0x0f);
    let four: [u8; 4] = bytes.get(offset..offset + 4)?.try_into().ok()?;
    Some(format!("{:06}", (u32::from_be_bytes(four) & 0x7fff_ffff) % DIGITS))
}

/// The step among these whose code it is.
pub fn find(seed: &str, given: &str, mut steps: impl Iterator<Item = i64>) -> Option<i64> {
    steps.find(|step| code(seed, *step).is_some_and(|code| code == given))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_standard() {
        // The last six digits of RFC 6238's table for SHA-1.
        let seed = BASE32.encode(b"12345678901234567890");
        for (now, expected) in [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924")] {
            assert_eq!(code(&seed, step(now)).as_deref(), Some(expected));
        }
        assert_eq!(code("not base32", 1), None);
        assert_eq!(find(&seed, "287082", 0..4), Some(1));
        assert_eq!(find(&seed, "287082", 2..4), None);
    }
}
