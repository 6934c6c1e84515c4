//! What the disk itself allows: each of some threads writes a few bytes to a file of its own and waits until they are
//! durable, again and again.

use crate::Trouble;
use crate::arguments::Arguments;
use crate::clock::summary;
use serde_json::{Value, json};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

/// The files have this size from the start and are written over in turn, as a database's log is: a file that grows
/// would make the file system's own journal the thing that is measured.
const FILE_BYTES: u64 = 4 << 20;

pub fn run(arguments: &Arguments) -> Result<Value, Trouble> {
    let dir = PathBuf::from(arguments.text("dir")?);
    let (threads, bytes, time) =
        (arguments.number::<usize>("threads")?, arguments.number("bytes")?, arguments.seconds()?);
    let barrier = Arc::new(Barrier::new(threads + 1));
    let writers: Vec<_> = (0..threads)
        .map(|number| {
            let file = dir.join(format!("fsync-{}-{number}", std::process::id()));
            let barrier = Arc::clone(&barrier);
            std::thread::spawn(move || write(&file, bytes, time, &barrier))
        })
        .collect();
    barrier.wait();
    let began = Instant::now();
    let mut nanos = Vec::new();
    for writer in writers {
        nanos.extend(writer.join().map_err(|_| "a writer panicked")??);
    }
    let rate = nanos.len() as f64 / began.elapsed().as_secs_f64();
    Ok(json!({ "per_second": rate, "latency": summary(nanos) }))
}

fn write(path: &Path, bytes: usize, time: Duration, barrier: &Barrier) -> Result<Vec<u64>, Trouble> {
    let ready = prepare(path, FILE_BYTES);
    barrier.wait();
    let file = ready?;
    let block = vec![0xa5; bytes];
    let mut nanos = Vec::new();
    let mut at = 0;
    let began = Instant::now();
    while began.elapsed() < time {
        let sent = Instant::now();
        file.write_all_at(&block, at)?;
        file.sync_data()?;
        nanos.push(u64::try_from(sent.elapsed().as_nanos()).unwrap_or(u64::MAX));
        at = (at + bytes as u64) % FILE_BYTES;
    }
    drop(file);
    std::fs::remove_file(path)?;
    Ok(nanos)
}

/// A file of that size, all of it on the disk.
pub fn prepare(path: &Path, bytes: u64) -> Result<File, Trouble> {
    let file = File::options().create(true).truncate(true).write(true).open(path)?;
    file.write_all_at(&vec![0x5a; usize::try_from(bytes)?], 0)?;
    file.sync_all()?;
    Ok(file)
}
