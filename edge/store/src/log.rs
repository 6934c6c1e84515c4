//! The write-ahead log of an SQLite database, kept longer than it need be: a commit that writes over what is there costs one
//! write of the disk, one that makes the file longer costs another for the file's own length, twice the time.
//!
//! SQLite never shortens the log while it is open and begins again at its start after each checkpoint. Behind the last commit
//! it takes anything for the rest of an older log, zeros too.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// How much the log is made longer at once.
const STEP: usize = 1 << 20;

/// The log of one database, in the hands of the only thread that commits to it: nobody else may write to the file.
pub struct Log {
    path: PathBuf,
    file: Option<File>,
    /// The length that the file had, or was given, when it was last looked at.
    length: u64,
}

impl Log {
    pub fn of(database: &Path) -> Self {
        let mut name = database.as_os_str().to_owned();
        name.push("-wal");
        Self { path: name.into(), file: None, length: 0 }
    }

    /// Looks at the log between two commits. One that has grown is made longer still, with what that costs, so that many
    /// commits to come need not. A refusal is told and changes nothing: the log grows by itself too.
    pub fn look(&mut self) {
        if let Err(error) = self.lengthen() {
            tracing::warn!(%error, log = %self.path.display(), "a database's log could not be made longer");
        }
    }

    fn lengthen(&mut self) -> io::Result<()> {
        let file = match self.file.take() {
            Some(file) => file,
            None => File::options().write(true).open(&self.path)?,
        };
        let file = self.file.insert(file);
        let length = file.metadata()?.len();
        if length > self.length {
            file.write_all_at(&vec![0; STEP], length)?;
            file.sync_data()?;
            self.length = length + STEP as u64;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::Connection;

    #[test]
    fn commits_write_over_what_is_there_and_survive_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("some.db");
        let size = |name: &str| std::fs::metadata(dir.path().join(name)).unwrap().len();
        let open = || {
            let connection = Connection::open(&file).unwrap();
            connection.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE IF NOT EXISTS t (n INTEGER)").unwrap();
            connection
        };
        let connection = open();
        let mut log = Log::of(&file);
        log.look();
        let long = size("some.db-wal");
        assert!(long > STEP as u64);
        for n in 0..20 {
            connection.execute("INSERT INTO t VALUES (?)", [n]).unwrap();
            log.look();
        }
        assert_eq!(size("some.db-wal"), long, "twenty commits fit into what is there");
        // A crash leaves both files as they are.
        for name in ["some.db", "some.db-wal"] {
            std::fs::copy(dir.path().join(name), dir.path().join(name.replace("some", "left"))).unwrap();
        }
        let left = Connection::open(dir.path().join("left.db")).unwrap();
        let count: i64 = left.query_row("SELECT count(*) FROM t", [], |row| row.get(0)).unwrap();
        assert_eq!(count, 20);
    }

    #[test]
    fn what_does_not_fit_makes_it_longer_again() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("some.db");
        let connection = Connection::open(&file).unwrap();
        connection.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t (b BLOB)").unwrap();
        let mut log = Log::of(&file);
        log.look();
        let length = || std::fs::metadata(dir.path().join("some.db-wal")).unwrap().len();
        let before = length();
        connection.execute("INSERT INTO t VALUES (zeroblob(?))", [2 * STEP]).unwrap();
        let grown = length();
        log.look();
        assert!(grown > before && length() == grown + STEP as u64);
    }
}
