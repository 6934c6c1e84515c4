//! What an instance says while it boots and runs, kept on the host: the last 64 KiB.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::error::{SandboxError, Step};

/// GetConsoleOutput gives this much.
const KEPT_BYTES: u64 = 64 * 1024;

pub(super) struct Console {
    file: File,
    length: u64,
}

impl Console {
    pub(super) fn open(path: &Path) -> Result<Self, SandboxError> {
        let step = "open the console file";
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .custom_flags(libc::O_NOFOLLOW)
            .open(path)
            .step(step, "open")?;
        let length = file.seek(SeekFrom::End(0)).step(step, "lseek")?;
        Ok(Self { file, length })
    }

    /// Adds bytes; what is older than the last 64 KiB goes when twice as much has come.
    pub(super) fn write(&mut self, bytes: &[u8]) {
        // A full disk of the host must not stop an instance: its words are lost, it runs on.
        if self.file.write_all(bytes).is_ok() {
            self.length += bytes.len() as u64;
        }
        if self.length > 2 * KEPT_BYTES
            && let Ok(kept) = self.compact()
        {
            self.length = kept;
        }
    }

    /// One line of init's own.
    pub(super) fn say(&mut self, line: &str) {
        self.write(format!("postern: {line}\n").as_bytes());
    }

    fn compact(&mut self) -> std::io::Result<u64> {
        self.file.seek(SeekFrom::End(-(KEPT_BYTES as i64)))?;
        let mut tail = Vec::with_capacity(KEPT_BYTES as usize);
        self.file.read_to_end(&mut tail)?;
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(&tail)?;
        self.file.set_len(tail.len() as u64)?;
        self.file.seek(SeekFrom::End(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_tail_is_kept() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("console");
        let mut console = Console::open(&path).unwrap();
        for number in 0..20_000 {
            console.say(&format!("line {number}"));
        }
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.len() as u64 <= 2 * KEPT_BYTES && text.len() as u64 >= KEPT_BYTES, "{}", text.len());
        assert!(text.ends_with("postern: line 19999\n"));
    }
}
