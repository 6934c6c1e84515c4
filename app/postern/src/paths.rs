//! The data directory and what lies in it.

use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// One region's data directory; private to its user.
#[derive(Debug, Clone)]
pub struct DataDir(PathBuf);

impl DataDir {
    /// The given directory, or `postern` in the user's state directory.
    pub fn choose(given: Option<&Path>) -> Self {
        let chosen = given.map(Path::to_path_buf).unwrap_or_else(|| {
            let home = || std::env::var_os("HOME").map(PathBuf::from).unwrap_or_else(|| PathBuf::from("/"));
            let state = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|p| p.is_absolute());
            state.unwrap_or_else(|| home().join(".local/state")).join("postern")
        });
        Self(std::path::absolute(&chosen).unwrap_or(chosen))
    }

    /// Makes the directory, mode 0700, if it is not there.
    pub fn make(&self) -> io::Result<()> {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.0)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
    /// What runs in it: see [`crate::control::Running`].
    pub fn running(&self) -> PathBuf {
        self.file("daemon.json")
    }
    pub fn socket(&self) -> PathBuf {
        self.file("control.sock")
    }
    pub fn lock(&self) -> PathBuf {
        self.file("lock")
    }
    pub fn log(&self) -> PathBuf {
        self.file("postern.log")
    }
    /// The administrator's key: mode 0600.
    pub fn administrator(&self) -> PathBuf {
        self.file("administrator.json")
    }
    /// The key of encoded authorization messages: mode 0600.
    pub fn message_key(&self) -> PathBuf {
        self.file("message-key")
    }
    /// What KMS's keys are sealed by at rest: mode 0600.
    pub fn kms_key(&self) -> PathBuf {
        self.file("kms-key")
    }
    pub fn authority(&self) -> PathBuf {
        self.file("ca.pem")
    }
    pub fn authority_key(&self) -> PathBuf {
        self.file("ca-key.pem")
    }
    pub fn instances(&self) -> PathBuf {
        self.file("instances")
    }
}

/// The 32 random bytes in a file of this region's own, made at the first start.
pub fn private_key(file: &Path) -> io::Result<[u8; 32]> {
    match std::fs::read(file) {
        Ok(bytes) => bytes.try_into().map_err(|_| io::Error::other("not a key of 32 bytes")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let mut key = [0; 32];
            getrandom::fill(&mut key).map_err(io::Error::other)?;
            write_private(file, &key)?;
            Ok(key)
        }
        Err(error) => Err(error),
    }
}

/// Writes a file that only its owner may read, whole or not at all.
pub fn write_private(file: &Path, contents: &[u8]) -> io::Result<()> {
    use std::io::Write;
    let temporary = file.with_extension("new");
    let mut out = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
    out.write_all(contents)?;
    out.sync_all()?;
    std::fs::rename(&temporary, file)
}
