//! The policies of tables.

use postern_call::Refusal;
use postern_kit::Kind;
use postern_policy::Document;
use postern_store::{Store, StoreError, Write};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::{Arc, RwLock};

/// A policy by its table's ARN.
const KEPT: Kind<Kept> = Kind::new("dynamodb.policy");

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Kept {
    text: String,
    revision: String,
}

/// One table's policy.
#[derive(Debug)]
pub struct Policy {
    pub text: String,
    /// Changes with every change of the policy.
    pub revision: String,
    pub document: Document,
}

impl Policy {
    /// `Err`: why the text is no policy.
    pub fn read(text: &str, revision: String) -> Result<Self, String> {
        let document = Document::parse(text).map_err(|error| error.to_string())?;
        Ok(Self { text: text.to_owned(), revision, document })
    }
}

pub struct Policies {
    by_arn: RwLock<HashMap<String, Arc<Policy>>>,
    /// Held from the look at the old policy until the new one is durable.
    changing: tokio::sync::Mutex<()>,
    store: Arc<Store>,
}

impl Policies {
    pub fn load(store: Arc<Store>) -> Result<Self, StoreError> {
        let mut by_arn = HashMap::new();
        for (arn, kept) in KEPT.load(&store)? {
            let read = Policy::read(&kept.text, kept.revision);
            let policy =
                read.map_err(|word| StoreError { step: "read a table's policy", word: format!("{arn}: {word}") })?;
            by_arn.insert(arn, Arc::new(policy));
        }
        Ok(Self { by_arn: RwLock::new(by_arn), changing: tokio::sync::Mutex::default(), store })
    }

    pub fn get(&self, arn: &str) -> Option<Arc<Policy>> {
        self.by_arn.read().unwrap_or_else(|e| e.into_inner()).get(arn).cloned()
    }

    /// Puts the policy or, with `None`, takes it away, if the old one is as the caller expects. Durable when it returns.
    pub async fn change(
        &self,
        arn: &str,
        new: Option<Policy>,
        expects: impl FnOnce(Option<&Policy>) -> Result<(), Refusal>,
    ) -> Result<Option<Arc<Policy>>, Refusal> {
        let _alone = self.changing.lock().await;
        let old = self.get(arn);
        expects(old.as_deref())?;
        if old.is_none() && new.is_none() {
            return Ok(None);
        }
        self.store.write(vec![write(arn, new.as_ref())?]).await.map_err(Refusal::internal)?;
        let mut by_arn = self.by_arn.write().unwrap_or_else(|e| e.into_inner());
        match new {
            Some(policy) => by_arn.insert(arn.to_owned(), Arc::new(policy)),
            None => by_arn.remove(arn),
        };
        Ok(old)
    }
}

fn write(arn: &str, policy: Option<&Policy>) -> Result<Write, Refusal> {
    match policy {
        Some(policy) => KEPT.put(arn, &Kept { text: policy.text.clone(), revision: policy.revision.clone() }),
        None => Ok(KEPT.delete(arn)),
    }
}
