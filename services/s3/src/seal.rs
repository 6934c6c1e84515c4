//! Bodies at rest under a key of their own: AES-256-GCM over stretches of 64 KiB, each of which opens alone, so that a
//! range costs no more than the stretches it touches.
//!
//! The nonce is the file's number and the stretch's place in it: no file's number ever comes again, and a body in the
//! database, which has the number 0, has a key that seals nothing else.

use crate::error::Answer;
use postern_call::Refusal;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use std::fs::File;
use std::io::{self, Write};
use std::sync::Arc;

/// Bytes sealed together.
pub(crate) const STRETCH: usize = 64 * 1024;
/// What a sealed stretch has more.
pub(crate) const TAG: usize = 16;
/// The number of a body that lies in the database.
pub(crate) const NO_FILE: i64 = 0;

/// The key of one body, or of one upload's parts.
pub(crate) struct BodyKey(LessSafeKey);

impl BodyKey {
    /// From 32 bytes.
    pub fn new(bytes: &[u8]) -> Answer<Arc<Self>> {
        let key = UnboundKey::new(&AES_256_GCM, bytes)
            .map_err(|_| Refusal::internal("the key of a body is not of 32 bytes"))?;
        Ok(Arc::new(Self(LessSafeKey::new(key))))
    }

    fn nonce(file: i64, at: u32) -> Nonce {
        let mut nonce = [0; NONCE_LEN];
        let (head, tail) = nonce.split_at_mut(8);
        head.copy_from_slice(&file.to_be_bytes());
        tail.copy_from_slice(&at.to_be_bytes());
        Nonce::assume_unique_for_key(nonce)
    }

    /// Seals one stretch in its place.
    pub fn seal(&self, file: i64, at: u32, bytes: &mut Vec<u8>) -> io::Result<()> {
        let sealed = self.0.seal_in_place_append_tag(Self::nonce(file, at), Aad::empty(), bytes);
        sealed.map_err(|_| io::Error::other("a body could not be sealed"))
    }

    /// Opens one stretch.
    pub fn open(&self, file: i64, at: u32, mut bytes: Vec<u8>) -> io::Result<Vec<u8>> {
        let opened = self.0.open_in_place(Self::nonce(file, at), Aad::empty(), &mut bytes);
        let length = opened.map_err(|_| io::Error::other("a body does not open with its own key"))?.len();
        bytes.truncate(length);
        Ok(bytes)
    }
}

/// A file being filled, in the clear or under a key.
pub(crate) enum Filling {
    Clear(File),
    Sealed { file: File, number: i64, key: Arc<BodyKey>, waiting: Vec<u8>, at: u32 },
}

impl Filling {
    pub fn new(file: File, number: i64, key: Option<Arc<BodyKey>>) -> Self {
        match key {
            None => Self::Clear(file),
            Some(key) => Self::Sealed { file, number, key, waiting: Vec::with_capacity(STRETCH + TAG), at: 0 },
        }
    }

    pub fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        loop {
            let waiting = match self {
                Self::Clear(file) => return file.write_all(bytes),
                Self::Sealed { waiting, .. } => waiting,
            };
            let (now, later) = bytes.split_at(bytes.len().min(STRETCH - waiting.len()));
            waiting.extend_from_slice(now);
            if waiting.len() < STRETCH {
                return Ok(());
            }
            bytes = later;
            self.flush()?;
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        let Self::Sealed { file, number, key, waiting, at } = self else { return Ok(()) };
        if waiting.is_empty() {
            return Ok(());
        }
        key.seal(*number, *at, waiting)?;
        file.write_all(waiting)?;
        waiting.clear();
        *at += 1;
        Ok(())
    }

    /// The file with all its bytes.
    pub fn finish(mut self) -> io::Result<File> {
        self.flush()?;
        match self {
            Self::Clear(file) | Self::Sealed { file, .. } => Ok(file),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_opens_in_its_own_place_only() {
        let key = BodyKey::new(&[7; 32]).unwrap();
        let mut bytes = b"some bytes".to_vec();
        key.seal(5, 1, &mut bytes).unwrap();
        assert_eq!(bytes.len(), 10 + TAG);
        assert_ne!(&bytes[..10], b"some bytes");
        assert_eq!(key.open(5, 1, bytes.clone()).unwrap(), b"some bytes");
        for (file, at) in [(5, 0), (6, 1)] {
            assert!(key.open(file, at, bytes.clone()).is_err());
        }
        assert!(BodyKey::new(&[8; 32]).unwrap().open(5, 1, bytes.clone()).is_err());
        bytes[3] ^= 1;
        assert!(key.open(5, 1, bytes).is_err());
        assert!(BodyKey::new(&[7; 16]).is_err());
    }

    #[test]
    fn a_file_is_sealed_stretch_by_stretch_however_its_bytes_come() {
        let dir = tempfile::tempdir().unwrap();
        let key = BodyKey::new(&[7; 32]).unwrap();
        let bytes: Vec<u8> = (0..STRETCH * 2 + 5).map(|n| n as u8).collect();
        for (name, step) in [("a", 1000), ("b", STRETCH), ("c", STRETCH * 3)] {
            let path = dir.path().join(name);
            let mut filling = Filling::new(File::create(&path).unwrap(), 9, Some(key.clone()));
            bytes.chunks(step).for_each(|chunk| filling.write(chunk).unwrap());
            filling.finish().unwrap();
            let sealed = std::fs::read(&path).unwrap();
            assert_eq!(sealed.len(), bytes.len() + 3 * TAG);
            let opened: Vec<u8> = sealed
                .chunks(STRETCH + TAG)
                .zip(0..)
                .flat_map(|(stretch, at)| key.open(9, at, stretch.to_vec()).unwrap())
                .collect();
            assert!(opened == bytes);
        }
    }
}
