//! The write-ahead log of an SQLite database: kept longer than it need be, and written back when nobody waits for it.
//!
//! A commit that writes over what is there costs one write of the disk, one that makes the file longer costs another for the
//! file's own length, twice the time. SQLite never shortens the log while it is open and begins again at its start after
//! each checkpoint. Behind the last commit it takes anything for the rest of an older log, zeros too.
//!
//! SQLite itself would write the log back into the database within the commit that made it long.

use rusqlite::Connection;
use std::cell::Cell;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// How much the log is made longer at once.
const STEP: usize = 1 << 20;

thread_local! {
    /// The pages in the log that this thread committed to last; 0 once somebody has asked.
    static PAGES: Cell<u64> = const { Cell::new(0) };
}

/// The log of one database, in the hands of the only one that commits to it: nobody else may write to the file.
pub struct Log {
    path: PathBuf,
    file: Option<File>,
    /// The length that the file had, or was given, when it was last looked at.
    length: u64,
    /// With so many pages it is written back.
    most_pages: u64,
    /// It has so many, and has not been written back since: whoever tidies may be another thread than who committed.
    is_long: bool,
}

impl Log {
    /// Takes the log over from SQLite, which from now on writes it back only when the connection is closed.
    pub fn of(database: &Path, connection: &Connection, most_pages: u64) -> Self {
        connection.wal_hook(Some(|_, pages| {
            PAGES.set(u64::try_from(pages).unwrap_or(0));
            Ok(())
        }));
        let mut name = database.as_os_str().to_owned();
        name.push("-wal");
        Self { path: name.into(), file: None, length: 0, most_pages, is_long: false }
    }

    /// Whether there is something to tidy. To be asked after each commit on the thread that committed. What cannot be read
    /// is left to [`Log::tidy`] to tell.
    pub fn is_untidy(&mut self) -> bool {
        self.is_long |= PAGES.take() >= self.most_pages;
        self.is_long || self.has_grown().unwrap_or(true)
    }

    /// Between two commits: writes a log that is long back into the database, and makes one that has grown longer still, with
    /// what that costs, so that many commits to come need not. A refusal is told and changes nothing: commits work without.
    pub fn tidy(&mut self, connection: &Connection) {
        if std::mem::take(&mut self.is_long)
            && let Err(error) = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
        {
            tracing::warn!(%error, log = %self.path.display(), "a database's log could not be written back");
        }
        if let Err(error) = self.lengthen() {
            tracing::warn!(%error, log = %self.path.display(), "a database's log could not be made longer");
        }
    }

    fn has_grown(&mut self) -> io::Result<bool> {
        Ok(self.open()?.metadata()?.len() > self.length)
    }

    fn open(&mut self) -> io::Result<&File> {
        let file = match self.file.take() {
            Some(file) => file,
            None => File::options().write(true).open(&self.path)?,
        };
        Ok(self.file.insert(file))
    }

    fn lengthen(&mut self) -> io::Result<()> {
        let known = self.length;
        let file = self.open()?;
        let length = file.metadata()?.len();
        if length > known {
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
        let mut log = Log::of(&file, &connection, 1000);
        log.tidy(&connection);
        let long = size("some.db-wal");
        assert!(long > STEP as u64);
        for n in 0..20 {
            connection.execute("INSERT INTO t VALUES (?)", [n]).unwrap();
            assert!(!log.is_untidy());
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
        let mut log = Log::of(&file, &connection, 1000);
        log.tidy(&connection);
        let length = || std::fs::metadata(dir.path().join("some.db-wal")).unwrap().len();
        let before = length();
        connection.execute("INSERT INTO t VALUES (zeroblob(?))", [2 * STEP]).unwrap();
        let grown = length();
        assert!(log.is_untidy());
        log.tidy(&connection);
        assert!(grown > before && length() == grown + STEP as u64);
    }

    #[test]
    fn a_long_log_is_written_back_when_it_is_tidied_and_not_before() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("some.db");
        let connection = Connection::open(&file).unwrap();
        connection.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t (b BLOB)").unwrap();
        let mut log = Log::of(&file, &connection, 40);
        log.tidy(&connection);
        let database = || std::fs::metadata(&file).unwrap().len();
        let before = database();
        let mut commits = 0;
        while !log.is_untidy() {
            connection.execute("INSERT INTO t VALUES (zeroblob(16000))", []).unwrap();
            commits += 1;
        }
        assert!((5..20).contains(&commits), "{commits} commits of about five pages");
        assert_eq!(database(), before);
        let elsewhere = std::thread::scope(|scope| scope.spawn(|| log.is_untidy()).join().unwrap());
        assert!(elsewhere, "it is known until it is tidied, on any thread");
        log.tidy(&connection);
        assert!(database() > before + 100_000);
        connection.execute("INSERT INTO t VALUES (1)", []).unwrap();
        assert!(!log.is_untidy(), "it begins again at its start");
    }
}
