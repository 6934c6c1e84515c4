//! The engines of all accounts and regions, each opened when it is first needed.

use crate::engine::Engine;
use postern_call::Refusal;
use postern_names::{AccountId, Region};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};

type Place = (AccountId, Region);

pub struct Engines {
    dir: PathBuf,
    open: RwLock<HashMap<Place, Arc<Engine>>>,
    /// One file is opened at a time, and none twice.
    opening: tokio::sync::Mutex<()>,
}

impl Engines {
    /// Opens every engine that has a file. Blocks.
    pub fn open(dir: &Path) -> Result<Self, Refusal> {
        let failed = |error: std::io::Error| Refusal::internal(format!("read {}: {error}", dir.display()));
        std::fs::create_dir_all(dir).map_err(failed)?;
        let mut open = HashMap::new();
        for entry in std::fs::read_dir(dir).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let Some(account) = word(&path).and_then(|name| name.parse().ok()) else { continue };
            for file in std::fs::read_dir(&path).map_err(failed)? {
                let file = file.map_err(failed)?.path();
                if file.extension().is_some_and(|kind| kind == "db")
                    && let Some(region) = word(&file)
                {
                    open.insert((account, Region::new(region)), Arc::new(Engine::open(&file)?));
                }
            }
        }
        Ok(Self { dir: dir.to_owned(), open: RwLock::new(open), opening: tokio::sync::Mutex::default() })
    }

    /// The engine if it is open; what is not open has no tables.
    pub fn there(&self, account: AccountId, region: &Region) -> Option<Arc<Engine>> {
        self.open.read().unwrap_or_else(|e| e.into_inner()).get(&(account, region.clone())).cloned()
    }

    pub fn all(&self) -> Vec<Arc<Engine>> {
        self.open.read().unwrap_or_else(|e| e.into_inner()).values().cloned().collect()
    }

    /// The engine, made if need be.
    pub async fn make(&self, account: AccountId, region: &Region) -> Result<Arc<Engine>, Refusal> {
        if let Some(engine) = self.there(account, region) {
            return Ok(engine);
        }
        let _alone = self.opening.lock().await;
        if let Some(engine) = self.there(account, region) {
            return Ok(engine);
        }
        // The region comes from the client's signature, and becomes a file's name.
        if !region.as_str().bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
            return Err(crate::refuse::validation(format!("'{region}' is not a valid region")));
        }
        let dir = self.dir.join(account.to_string());
        let file = dir.join(format!("{region}.db"));
        let opened = tokio::task::spawn_blocking(move || {
            let failed = |error| Refusal::internal(format!("make {}: {error}", dir.display()));
            std::fs::create_dir_all(&dir).map_err(failed)?;
            Engine::open(&file)
        });
        let engine = Arc::new(opened.await.map_err(Refusal::internal)??);
        let mut open = self.open.write().unwrap_or_else(|e| e.into_inner());
        open.insert((account, region.clone()), Arc::clone(&engine));
        Ok(engine)
    }
}

/// A file's name without its ending.
fn word(path: &Path) -> Option<&str> {
    path.file_stem()?.to_str()
}
