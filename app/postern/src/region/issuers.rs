//! Where the keys of identity providers come from: the files that the configuration names. Nothing is fetched.

use crate::config::Oidc;
use async_trait::async_trait;
use postern_iam::Issuers;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// More than any provider has keys.
const BYTES_MAX: u64 = 1024 * 1024;

/// Each issuer's file, read anew for every token: a provider may change its keys at any time.
pub struct Files(BTreeMap<String, PathBuf>);

impl Files {
    pub fn new(configured: &[Oidc]) -> Arc<Self> {
        Arc::new(Self(configured.iter().map(|one| (one.issuer.clone(), one.jwks.clone())).collect()))
    }
}

#[async_trait]
impl Issuers for Files {
    async fn key_set(&self, issuer: &str) -> Result<Option<String>, String> {
        let Some(file) = self.0.get(issuer).cloned() else { return Ok(None) };
        let read =
            tokio::task::spawn_blocking(move || read(&file).map_err(|word| format!("{}: {word}", file.display())));
        read.await.map_err(|error| error.to_string())?.map(Some)
    }
}

fn read(file: &Path) -> Result<String, String> {
    let size = std::fs::metadata(file).map_err(|error| error.to_string())?.len();
    if size > BYTES_MAX {
        return Err(format!("larger than {BYTES_MAX} bytes"));
    }
    std::fs::read_to_string(file).map_err(|error| error.to_string())
}
