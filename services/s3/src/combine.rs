//! The CRC of bytes put one after the other, from the CRCs of the pieces: full-object checksums of multipart uploads.
//!
//! S3's three CRCs are reflected with all ones before and after, for which the CRC of `a` followed by `b` is
//! `crc(a) * x^(8 * len(b)) + crc(b)`, polynomials over GF(2) modulo the CRC's own.

use crate::store::records::{Algorithm, Sum};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A reflected CRC: its polynomial and its width in bits.
#[derive(Clone, Copy)]
struct Field {
    poly: u64,
    bits: u32,
}

impl Field {
    fn of(algorithm: Algorithm) -> Option<Self> {
        match algorithm {
            Algorithm::Crc32 => Some(Self { poly: 0xedb8_8320, bits: 32 }),
            Algorithm::Crc32c => Some(Self { poly: 0x82f6_3b78, bits: 32 }),
            Algorithm::Crc64Nvme => Some(Self { poly: 0x9a6c_9329_ac4b_c9b5, bits: 64 }),
            Algorithm::Sha1 | Algorithm::Sha256 => None,
        }
    }

    /// The product of two polynomials, the highest bit being the lowest power.
    fn multiply(self, a: u64, mut b: u64) -> u64 {
        let mut product = 0;
        for at in (0..self.bits).rev() {
            if a >> at & 1 == 1 {
                product ^= b;
            }
            b = if b & 1 == 1 { b >> 1 ^ self.poly } else { b >> 1 };
        }
        product
    }

    /// `x` to this power.
    fn power(self, mut exponent: u128) -> u64 {
        let mut result = 1 << (self.bits - 1);
        let mut base = 1 << (self.bits - 2);
        while exponent > 0 {
            if exponent & 1 == 1 {
                result = self.multiply(base, result);
            }
            base = self.multiply(base, base);
            exponent >>= 1;
        }
        result
    }

    fn append(self, first: u64, second: u64, second_size: u64) -> u64 {
        self.multiply(self.power(u128::from(second_size) * 8), first) ^ second
    }
}

/// The CRC of the whole from those of the parts, in base64, with the parts' sizes. `None` for what cannot be combined.
pub(crate) fn crcs(algorithm: Algorithm, parts: &[(String, u64)]) -> Option<Sum> {
    let field = Field::of(algorithm)?;
    let mut whole = 0;
    for (value, size) in parts {
        let bytes = STANDARD.decode(value).ok()?;
        let crc = bytes.iter().fold(0_u64, |crc, byte| crc << 8 | u64::from(*byte));
        whole = field.append(whole, crc, *size);
    }
    let bytes = whole.to_be_bytes();
    let value = STANDARD.encode(bytes.get(8 - field.bits as usize / 8..)?);
    Some(Sum { algorithm, value, composite: false })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Digests;

    fn crc(algorithm: Algorithm, bytes: &[u8]) -> String {
        let mut digests = Digests::new(algorithm);
        digests.update(bytes);
        digests.finish().sum.value
    }

    #[test]
    fn pieces_sum_up_to_the_whole() {
        let bytes: Vec<u8> = (0..50_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        for algorithm in [Algorithm::Crc32, Algorithm::Crc32c, Algorithm::Crc64Nvme] {
            let parts: Vec<(String, u64)> = [&bytes[..1], &bytes[1..777], &bytes[777..777], &bytes[777..]]
                .map(|p| (crc(algorithm, p), p.len() as u64))
                .into();
            assert_eq!(crcs(algorithm, &parts).unwrap().value, crc(algorithm, &bytes), "{algorithm:?}");
        }
        assert_eq!(crcs(Algorithm::Sha1, &[]), None);
    }
}
