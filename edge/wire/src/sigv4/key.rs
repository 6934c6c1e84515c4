//! Signing keys: derived once per secret, day, region and service, then remembered.

use super::Scope;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{LazyLock, RwLock};

/// More than a lab has of keys, regions and services in a day. When full, the cache starts anew.
const CAPACITY: usize = 512;

type Key = [u8; 32];

struct Entry {
    secret: String,
    scope: Scope,
    key: Key,
}

static HASHER: LazyLock<RandomState> = LazyLock::new(RandomState::new);
static KEYS: LazyLock<RwLock<HashMap<u64, Entry>>> = LazyLock::new(Default::default);

/// The key with which a request in this scope is signed.
pub(crate) fn signing_key(secret: &str, scope: &Scope) -> Key {
    let slot = HASHER.hash_one((secret, &scope.date, &scope.region, &scope.service));
    let known = KEYS.read().unwrap_or_else(|poisoned| poisoned.into_inner());
    if let Some(entry) = known.get(&slot)
        && entry.secret == secret
        && entry.scope == *scope
    {
        return entry.key;
    }
    drop(known);
    let key = derive(secret, scope);
    let mut known = KEYS.write().unwrap_or_else(|poisoned| poisoned.into_inner());
    if known.len() >= CAPACITY {
        known.clear();
    }
    known.insert(slot, Entry { secret: secret.to_owned(), scope: scope.clone(), key });
    key
}

fn derive(secret: &str, scope: &Scope) -> Key {
    let date = hmac(format!("AWS4{secret}").as_bytes(), &scope.date);
    let region = hmac(&date, &scope.region);
    let service = hmac(&region, &scope.service);
    hmac(&service, "aws4_request")
}

fn hmac(key: &[u8], text: &str) -> Key {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_depends_on_each_part_and_is_the_same_when_remembered() {
        let scope = |date: &str, service: &str| Scope {
            date: date.to_owned(),
            region: "us-east-1".to_owned(),
            service: service.to_owned(),
        };
        let first = signing_key("s", &scope("20261121", "ec2"));
        assert_eq!(first, signing_key("s", &scope("20261121", "ec2")));
        assert_eq!(first, derive("s", &scope("20261121", "ec2")));
        assert_ne!(first, signing_key("t", &scope("20261121", "ec2")));
        assert_ne!(first, signing_key("s", &scope("20261122", "ec2")));
        assert_ne!(first, signing_key("s", &scope("20261121", "sts")));
    }
}
