//! The sealed text that EC2 gives with a denial and `sts:DecodeAuthorizationMessage` opens: JSON, compressed, under a MAC.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::Compression;
use flate2::read::{ZlibDecoder, ZlibEncoder};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::io::Read;
use std::path::Path;

/// What DecodeAuthorizationMessage takes at most.
pub const CHARACTERS_MAX: usize = 10_240;
/// What a text may unpack to.
const OPENED_MAX: u64 = 1 << 20;
const MAC: usize = 32;

/// The region's key for such texts.
pub struct Seal([u8; 32]);

impl Seal {
    /// The key in this file, made at the first start.
    pub fn load(file: &Path) -> std::io::Result<Self> {
        crate::paths::private_key(file).map(Self)
    }

    /// `None` when it would be longer than can be given back.
    pub fn close(&self, text: &str) -> Option<String> {
        let mut packed = Vec::new();
        ZlibEncoder::new(text.as_bytes(), Compression::best()).read_to_end(&mut packed).ok()?;
        let mut bytes = self.mac(&packed)?.finalize().into_bytes().to_vec();
        bytes.extend(packed);
        Some(URL_SAFE_NO_PAD.encode(bytes)).filter(|text| text.len() <= CHARACTERS_MAX)
    }

    /// `None`: not closed with this key.
    pub fn open(&self, text: &str) -> Option<String> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (mac, packed) = bytes.split_at_checked(MAC)?;
        self.mac(packed)?.verify_slice(mac).ok()?;
        let mut opened = String::new();
        ZlibDecoder::new(packed).take(OPENED_MAX).read_to_string(&mut opened).ok()?;
        Some(opened)
    }

    fn mac(&self, bytes: &[u8]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).ok()?;
        mac.update(bytes);
        Some(mac)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_sealed_here_opens() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("message-key");
        let sealed = Seal::load(&file).unwrap().close("{\"allowed\":false}").unwrap();
        assert_eq!(Seal::load(&file).unwrap().open(&sealed).as_deref(), Some("{\"allowed\":false}"));
        assert_eq!(Seal([7; 32]).open(&sealed), None);
        let at = sealed.len() - 3;
        let other = if sealed.as_bytes()[at] == b'A' { "B" } else { "A" };
        let mut bent = sealed.clone();
        bent.replace_range(at..=at, other);
        assert_eq!(Seal::load(&file).unwrap().open(&bent), None);
        for nonsense in ["", "A", "!!", "AAAA"] {
            assert_eq!(Seal([7; 32]).open(nonsense), None);
        }
    }

    #[test]
    fn what_cannot_be_given_back_is_not_sealed() {
        let mut state = 1_u32;
        let noise: String = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            char::from(b'!' + (state >> 26) as u8)
        })
        .take(40_000)
        .collect();
        assert_eq!(Seal([7; 32]).close(&noise), None);
    }
}
