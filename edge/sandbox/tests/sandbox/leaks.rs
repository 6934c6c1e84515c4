//! What is left when the daemon is gone: nothing.

use std::io::{BufRead, BufReader};
use std::time::Duration;

use crate::bench::{Bench, alive, until};

/// Cases that only run as the child of another.
pub const DAEMONS: &[(&str, fn())] = &[("daemon", daemon)];

/// A daemon with two instances, a command in each; says the process ids and waits to be killed.
fn daemon() {
    let bench = Bench::new();
    let instances = [bench.start(1), bench.start(2)];
    let null = || std::fs::File::open("/dev/null").expect("null").into();
    let commands: Vec<_> = instances
        .iter()
        .map(|i| i.exec(crate::bench::spec("root", &["sleep", "1000"], [null(), null(), null()])).expect("exec"))
        .collect();
    println!("{} {}", bench.directory.path().display(), commands.len());
    println!("ready");
    std::thread::sleep(Duration::from_secs(50));
}

fn mounts() -> Vec<String> {
    let table = std::fs::read_to_string("/proc/1/mounts").or_else(|_| std::fs::read_to_string("/proc/mounts"));
    table.expect("mounts").lines().map(str::to_owned).collect()
}

/// Processes whose parent chain leads to `root`, by one look at /proc.
fn descendants(root: i32) -> Vec<i32> {
    let parents: Vec<(i32, i32)> = std::fs::read_dir("/proc")
        .expect("proc")
        .flatten()
        .filter_map(|entry| {
            let pid: i32 = entry.file_name().to_str()?.parse().ok()?;
            let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
            let parent = stat.rsplit(')').next()?.split_whitespace().nth(1)?.parse().ok()?;
            Some((pid, parent))
        })
        .collect();
    let mut found = vec![root];
    let mut place = 0;
    while let Some(parent) = found.get(place).copied() {
        found.extend(parents.iter().filter(|(_, p)| *p == parent).map(|(pid, _)| *pid));
        place += 1;
    }
    found
}

pub fn a_killed_daemon_leaves_nothing() {
    let before = mounts();
    let mut child = crate::start("daemon", None, &[]);
    let mut lines = BufReader::new(child.stdout.take().expect("stdout")).lines();
    let first = lines.next().expect("a line").expect("text");
    let directory = first.split(' ').next().expect("a path").to_owned();
    assert_eq!(lines.next().expect("a line").expect("text"), "ready");
    let all = descendants(child.id() as i32);
    assert!(all.len() >= 7, "the daemon, two inits, two commands and their helpers: {all:?}");
    assert_eq!(mounts(), before, "the host sees no mount while instances run");
    child.kill().expect("kill -9");
    until("every process is gone", || all.iter().skip(1).all(|pid| !alive(*pid)));
    child.wait().expect("wait");
    assert_eq!(mounts(), before);
    // Nothing holds the directory: it can be removed, and nothing was mounted in it.
    std::fs::remove_dir_all(&directory).unwrap_or_else(|e| panic!("{directory}: {e}"));
}

pub fn a_dropped_owner_leaves_nothing() {
    let bench = Bench::new();
    let instance = bench.start(1);
    let pid = instance.pid();
    assert!(alive(pid));
    let Bench { sandboxes, directory } = bench;
    drop(sandboxes);
    until("the instance died with its owner", || !alive(pid));
    assert!(instance.wait(Duration::from_secs(5)).expect("wait").is_some());
    drop(instance);
    directory.close().expect("remove the data directory");
}
