//! Passwords of users: kept as salted hashes. There is no console that would take one; what IAM's API says of them holds.

use crate::ids;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use postern_call::Refusal;
use ring::pbkdf2;
use serde::{Deserialize, Serialize};
use std::num::NonZeroU32;

/// Few, since the state is locked meanwhile; the file they lie in is private.
const ROUNDS: NonZeroU32 = NonZeroU32::MIN.saturating_add(4_095);
const BYTES: usize = 32;

/// A user's password.
#[derive(Clone, Serialize, Deserialize)]
pub struct Password {
    /// Unix seconds.
    pub created: i64,
    pub changed: i64,
    pub reset_required: bool,
    current: Hash,
    /// Latest first.
    former: Vec<Hash>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Hash {
    salt: String,
    hash: String,
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Password").field("changed", &self.changed).finish_non_exhaustive()
    }
}

/// As many as a password policy may ask about.
const FORMER_MAX: usize = 24;

impl Password {
    pub fn new(text: &str, reset_required: bool, now: i64) -> Result<Self, Refusal> {
        Ok(Self { created: now, changed: now, reset_required, current: Hash::new(text)?, former: Vec::new() })
    }

    pub fn is(&self, text: &str) -> bool {
        self.current.is(text)
    }

    /// Whether it is one of the latest so many, the current one among them.
    pub fn was(&self, text: &str, latest: usize) -> bool {
        std::iter::once(&self.current).chain(&self.former).take(latest).any(|hash| hash.is(text))
    }

    pub fn change(&mut self, text: &str, now: i64) -> Result<(), Refusal> {
        let old = std::mem::replace(&mut self.current, Hash::new(text)?);
        self.former.insert(0, old);
        self.former.truncate(FORMER_MAX - 1);
        self.changed = now;
        Ok(())
    }
}

impl Hash {
    fn new(text: &str) -> Result<Self, Refusal> {
        let salt = ids::secret()?;
        let mut hash = [0; BYTES];
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, ROUNDS, salt.as_bytes(), text.as_bytes(), &mut hash);
        Ok(Self { salt, hash: STANDARD.encode(hash) })
    }

    fn is(&self, text: &str) -> bool {
        let Ok(hash) = STANDARD.decode(&self.hash) else { return false };
        pbkdf2::verify(pbkdf2::PBKDF2_HMAC_SHA256, ROUNDS, self.salt.as_bytes(), text.as_bytes(), &hash).is_ok()
    }
}
