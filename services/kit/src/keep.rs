//! Typed values in the store: JSON by kind and key.

use postern_call::Refusal;
use postern_store::{Store, StoreError, Write};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::marker::PhantomData;

/// Everything of one type in the store, below one word: `Kind::new("sqs.queue")`.
pub struct Kind<T> {
    word: &'static str,
    of: PhantomData<fn() -> T>,
}

impl<T: Serialize + DeserializeOwned> Kind<T> {
    pub const fn new(word: &'static str) -> Self {
        Self { word, of: PhantomData }
    }

    pub fn put(&self, key: impl Into<String>, value: &T) -> Result<Write, Refusal> {
        let (kind, key) = (self.word.to_owned(), key.into());
        match serde_json::to_vec(value) {
            Ok(value) => Ok(Write::Put { kind, key, value }),
            Err(error) => Err(Refusal::internal(format!("write {kind} {key}: {error}"))),
        }
    }

    pub fn delete(&self, key: impl Into<String>) -> Write {
        Write::Delete { kind: self.word.to_owned(), key: key.into() }
    }

    /// Everything, by key in order. Blocks; meant for the start.
    pub fn load(&self, store: &Store) -> Result<Vec<(String, T)>, StoreError> {
        let read = |(key, value): (String, Vec<u8>)| match serde_json::from_slice(&value) {
            Ok(value) => Ok((key, value)),
            Err(error) => Err(StoreError { step: "read a value", word: format!("{} {key}: {error}", self.word) }),
        };
        store.load(self.word)?.into_iter().map(read).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NUMBERS: Kind<u32> = Kind::new("test.number");

    #[test]
    fn what_is_put_is_loaded_and_what_is_deleted_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("state.db")).unwrap();
        let writes = vec![NUMBERS.put("a", &1).unwrap(), NUMBERS.put("b", &2).unwrap(), NUMBERS.delete("a")];
        store.submit(writes).durable_blocking().unwrap();
        assert_eq!(NUMBERS.load(&store).unwrap(), [("b".to_owned(), 2)]);
        let text: Kind<String> = Kind::new("test.number");
        assert!(text.load(&store).unwrap_err().word.starts_with("test.number b:"));
    }
}
