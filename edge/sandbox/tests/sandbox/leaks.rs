//! What is left when the daemon is gone: nothing.

use std::io::{BufRead, BufReader};
use std::time::Duration;

use crate::bench::{Bench, alive, until};

/// Cases that only run as the child of another.
pub const DAEMONS: &[(&str, fn())] = &[("daemon", daemon), ("busy_daemon", busy_daemon)];

/// Where a daemon that will be killed keeps its data, so that its directory can be removed after it.
const PLACE: &str = "POSTERN_SANDBOX_PLACE";

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

/// Starts and ends instances, with commands in them, until it is killed.
fn busy_daemon() {
    let bench = Bench::at(std::env::var_os(PLACE).expect("a place").as_ref());
    for number in 1.. {
        let mut spec = bench.spec(number % 3 + 1);
        (spec.memory_max, spec.pids_max) = (Some(1 << 30), Some(100));
        let instance = bench.boot(spec);
        let handle = instance.exec(crate::bench::spec("root", &["sleep", "1000"], null_streams())).expect("exec");
        if number % 2 == 0 {
            drop(handle);
            instance.shutdown(Duration::from_millis(50)).expect("shutdown");
        }
    }
}

fn null_streams() -> [std::os::fd::OwnedFd; 3] {
    let null = || std::fs::File::open("/dev/null").expect("null").into();
    [null(), null(), null()]
}

/// Whatever step it was at: what a daemon leaves behind becomes this process's child, and there is none.
pub fn a_daemon_killed_at_any_moment_leaves_nothing() {
    rustix::process::set_child_subreaper(Some(rustix::process::getpid())).expect("become the reaper");
    let before = mounts();
    let seed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("time").subsec_nanos() as u64;
    let place = tempfile::tempdir().expect("directory");
    let one_was_up = || {
        (1..=3).any(|n| {
            let disk = place.path().join("data/instances").join(postern_names::InstanceId::from_bits(n).to_string());
            std::fs::read_to_string(disk.join("console")).unwrap_or_default().contains("is up")
        })
    };
    // A slow machine has no instance within the first rounds' time: later ones wait longer.
    for round in (0..60u64).take_while(|round| *round < 12 || !one_was_up()) {
        let patience = Duration::from_micros((seed + round * 104_729) % 1000 * 250) * (1 + round as u32 / 12);
        println!("round {round}: killed after {patience:?}");
        let mut child = crate::start("busy_daemon", None, &[(PLACE, place.path().to_str().expect("path"))]);
        let pid = child.id();
        std::thread::sleep(patience);
        child.kill().expect("kill -9");
        child.wait().expect("wait");
        until("every process is gone", || {
            loop {
                match rustix::process::wait(rustix::process::WaitOptions::NOHANG) {
                    Ok(Some(_)) => {}
                    Ok(None) => return false,
                    Err(_) => return true,
                }
            }
        });
        assert_eq!(mounts(), before);
        assert!(!std::path::Path::new(&format!("/proc/{pid}")).exists());
    }
    assert!(one_was_up(), "not one was killed while an instance ran");
    // Disks that were cut off at any moment boot again; the next daemon takes the dead ones' control groups away.
    let bench = Bench::at(place.path());
    let instances: Vec<_> = (1..=3).map(|number| bench.start(number)).collect();
    assert!(instances.iter().all(|i| crate::bench::sh(i, "true").exit == postern_sandbox::Exit::Code(0)));
    let groups = std::process::Command::new("find")
        .args(["/sys/fs/cgroup", "-maxdepth", "2", "-name", "postern-*"])
        .output()
        .expect("find");
    for line in String::from_utf8_lossy(&groups.stdout).lines() {
        let daemon = line.rsplit('/').next().and_then(|n| n.split('-').nth(1)).expect("a name with a number");
        assert!(std::path::Path::new("/proc").join(daemon).exists(), "{line} is left over");
    }
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
    let Bench { sandboxes, directory, .. } = bench;
    drop(sandboxes);
    until("the instance died with its owner", || !alive(pid));
    assert!(instance.wait(Duration::from_secs(5)).expect("wait").is_some());
    drop(instance);
    directory.close().expect("remove the data directory");
}
