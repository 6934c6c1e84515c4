//! Coming and going: removal leaves nothing, death leaves nothing, a guest may vanish, rootless is the same.

use crate::support::*;
use postern_linux::{Host, new_namespace};
use postern_program::*;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

fn links(host: &Host, ns: Namespace) -> Vec<String> {
    let text = host.in_namespace(ns, || std::fs::read_to_string("/proc/thread-self/net/dev").unwrap()).unwrap();
    let mut names: Vec<String> =
        text.lines().filter_map(|l| l.split_once(':')).map(|(name, _)| name.trim().to_owned()).collect();
    names.sort();
    names
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(5);
    while !holds() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn removal_leaves_nothing_and_the_same_comes_again() {
    privileged("life::removal_leaves_nothing_and_the_same_comes_again", || {
        let mut lab = Lab::new();
        let whole = lab.parts.clone();
        for _ in 0..2 {
            lab.serve(guest(2), 80, "b");
            assert_eq!(lab.ask(guest(1), B, 80), Ok(format!("b to {A}")));
            assert_eq!(links(&lab.host, vpc(1)), ["eni1", "eni2", "eni3", "lo"]);
            lab.remove(&whole.parts.keys().cloned().collect::<Vec<_>>());
            assert_eq!(links(&lab.host, guest(1)), ["lo"]);
            assert!(lab.host.in_namespace(vpc(1), || ()).is_err());
            lab.host.forget(guest(2)).unwrap();
            lab.host.adopt(guest(2), new_namespace().unwrap()).unwrap();
            lab.add(whole.parts.clone().into_iter().collect());
        }
    });
}

#[test]
fn steps_may_be_taken_twice() {
    privileged("life::steps_may_be_taken_twice", || {
        let lab = Lab::new();
        let again: Vec<Step> = lab.parts.parts.iter().map(|(k, p)| Step::Add(k.clone(), p.clone())).collect();
        lab.host.apply(&again).unwrap();
        lab.serve(guest(2), 80, "b");
        assert_eq!(lab.ask(guest(1), B, 80), Ok(format!("b to {A}")));
        let gone = [
            Step::Remove(Key::Route(vpc(1), NEAR, cidr("10.9.0.0/16"))),
            Step::Remove(Key::Link(vpc(1), "eni9".into())),
            Step::Remove(Key::Namespace(vpc(9))),
        ];
        lab.host.apply(&gone).unwrap();
        lab.host.apply(&gone).unwrap();
    });
}

#[test]
fn a_link_that_moves_keeps_the_routes_and_addresses_of_the_program() {
    privileged("life::a_link_that_moves_keeps_the_routes_and_addresses_of_the_program", || {
        let mut lab = Lab::new();
        lab.serve(guest(2), 80, "b");
        // In place: group and MTU of a living link.
        let mut changed = guest_link(vpc(1), "eni1", 7, guest(1));
        let Part::Link(link) = &mut changed.1 else { panic!() };
        link.mtu = 1400;
        lab.add(vec![changed]);
        assert_eq!(links(&lab.host, guest(1)), ["eth0", "lo"]);
        assert_eq!(lab.ask(guest(1), B, 80), Ok(format!("b to {A}")));
        // Made again: the far end has another name, so the near one is new too.
        let (key, mut part) = guest_link(vpc(1), "eni1", 7, guest(1));
        let Part::Link(link) = &mut part else { panic!() };
        link.far.name = "eth1".into();
        lab.remove(&[Key::Address(guest(1), "eth0".into(), ip(A)), Key::Route(guest(1), MAIN, cidr("0.0.0.0/0"))]);
        lab.add(vec![
            (key, part),
            address(guest(1), "eth1", &format!("{A}/24")),
            route(guest(1), MAIN, "0.0.0.0/0", via("10.0.1.1", "eth1")),
        ]);
        assert_eq!(links(&lab.host, guest(1)), ["eth1", "lo"]);
        assert_eq!(lab.ask(guest(1), B, 80), Ok(format!("b to {A}")));
    });
}

#[test]
fn a_guest_that_vanishes_takes_its_parts_along_and_may_come_again() {
    privileged("life::a_guest_that_vanishes_takes_its_parts_along_and_may_come_again", || {
        let lab = Lab::new();
        lab.host.forget(guest(2)).unwrap();
        assert_eq!(links(&lab.host, vpc(1)), ["eni1", "eni3", "lo"]);
        let left = lab.host.program().unwrap();
        assert!(left.parts.keys().all(|key| !format!("{key:?}").contains("eni2")), "{left:?}");
        let stale: Vec<Step> = lab.parts.parts.keys().rev().cloned().map(Step::Remove).collect();
        lab.host.adopt(guest(2), new_namespace().unwrap()).unwrap();
        lab.host.apply(&diff(&left, &lab.parts)).unwrap();
        assert_eq!(lab.host.program().unwrap(), lab.parts);
        lab.serve(guest(2), 80, "b");
        assert_eq!(lab.ask(guest(1), B, 80), Ok(format!("b to {A}")));
        lab.host.forget(guest(2)).unwrap();
        lab.host.apply(&stale).unwrap();
        assert_eq!(lab.host.program().unwrap(), Program::default());
    });
}

#[test]
fn a_guest_that_cuts_its_own_link_hinders_nobody() {
    privileged("life::a_guest_that_cuts_its_own_link_hinders_nobody", || {
        let mut lab = Lab::new();
        lab.serve(guest(2), 80, "b");
        let cut =
            || Command::new("ip").args(["link", "delete", "eth0"]).status().expect("`ip` from iproute2").success();
        assert!(lab.host.in_namespace(guest(1), cut).unwrap());
        assert_eq!(links(&lab.host, vpc(1)), ["eni2", "eni3", "lo"]);
        // A change that needs the link finds it missing, and mends it with all that belongs on it.
        lab.add(vec![
            route(vpc(1), NEAR, "198.51.100.0/24", via(A, "eni1")),
            route(vpc(1), NEAR, "203.0.113.0/24", via(B, "eni2")),
        ]);
        assert_eq!(lab.ask(guest(1), B, 80), Ok(format!("b to {A}")));
    });
}

#[test]
fn an_error_says_what_is_done_and_the_next_difference_goes_on() {
    privileged("life::an_error_says_what_is_done_and_the_next_difference_goes_on", || {
        let host = Host::new().unwrap();
        let wanted: Program = Program {
            parts: [
                namespace(vpc(1)),
                guest_link(vpc(1), "eni1", 1, guest(1)),
                address(vpc(1), "lo", "10.0.1.1/32"),
                address(vpc(1), "eni1", "10.0.9.1/32"),
            ]
            .into(),
        };
        let error = host.apply(&diff(&Program::default(), &wanted)).unwrap_err();
        assert_eq!(error.done, [0], "{error}");
        assert!(error.step.starts_with("add link eni1 in vpc-"), "{error}");
        assert!(error.word.contains("is not here"), "{error}");
        host.adopt(guest(1), new_namespace().unwrap()).unwrap();
        host.apply(&diff(&host.program().unwrap(), &wanted)).unwrap();
        assert_eq!(host.program().unwrap(), wanted);
        assert_eq!(links(&host, vpc(1)), ["eni1", "lo"]);
    });
}

const VICTIM: &str = "POSTERN_KERNEL_TEST_VICTIM";

/// Stands in for a daemon until it is killed.
fn be_the_victim() {
    let lab = Lab::new();
    lab.serve(guest(2), 80, "b");
    assert_eq!(lab.ask(guest(1), B, 80), Ok(format!("b to {A}")));
    let inode = |ns| lab.host.in_namespace(ns, || std::fs::read_link("/proc/thread-self/ns/net").unwrap()).unwrap();
    println!("ready {} {}", inode(vpc(1)).display(), inode(guest(1)).display());
    std::thread::sleep(Duration::from_secs(30));
}

#[test]
fn a_killed_process_leaves_nothing() {
    if std::env::var_os(VICTIM).is_some() {
        return be_the_victim();
    }
    privileged("life::a_killed_process_leaves_nothing", || {
        let before = std::fs::read_to_string("/proc/net/dev").unwrap().lines().count();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "life::a_killed_process_leaves_nothing", "--nocapture"])
            .env(VICTIM, "1")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let ready = lines.map_while(Result::ok).find_map(|l| l.split_once("ready ").map(|(_, r)| r.to_owned()));
        let namespaces: Vec<String> = ready.expect("the victim stands").split(' ').map(str::to_owned).collect();
        assert!(namespaces.iter().all(|ns| holders(ns) > 0), "{namespaces:?}");
        assert_eq!(std::fs::read_to_string("/proc/net/dev").unwrap().lines().count(), before, "no link in our view");
        child.kill().unwrap();
        child.wait().unwrap();
        until("no process holds its namespaces", || namespaces.iter().all(|ns| holders(ns) == 0));
        assert_eq!(std::fs::read_to_string("/proc/net/dev").unwrap().lines().count(), before);
        let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
        assert!(namespaces.iter().all(|ns| !mounts.contains(ns.as_str())), "{mounts}");
    });
}

/// Processes that are in the namespace or hold a descriptor of it.
fn holders(namespace: &str) -> usize {
    let is_it = |path: std::path::PathBuf| std::fs::read_link(path).is_ok_and(|to| to.as_os_str() == namespace);
    let entries = |path: std::path::PathBuf| std::fs::read_dir(path).into_iter().flatten().flatten();
    entries("/proc".into())
        .filter(|process| process.file_name().to_string_lossy().bytes().all(|b| b.is_ascii_digit()))
        .filter(|process| {
            entries(process.path().join("fd")).any(|fd| is_it(fd.path()))
                || entries(process.path().join("task")).any(|task| is_it(task.path().join("ns/net")))
        })
        .count()
}

/// Runs everything else as an ordinary user in a user namespace.
#[test]
fn everything_is_the_same_rootless() {
    if !rustix::process::geteuid().is_root() || std::env::var_os("POSTERN_KERNEL_TEST_ROOTLESS").is_some() {
        return;
    }
    let folder = tempfile::Builder::new().permissions(mode(0o755)).tempdir().unwrap();
    let exe = folder.path().join("kernel");
    std::fs::copy(std::env::current_exe().unwrap(), &exe).unwrap();
    std::fs::set_permissions(&exe, mode(0o755)).unwrap();
    let ran = Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups", "--", "unshare", "-Urnm", "--"])
        .arg(&exe)
        .env("POSTERN_KERNEL_TEST_ROOTLESS", "1")
        .current_dir(folder.path())
        .output()
        .expect("`setpriv` and `unshare` from util-linux are needed to become an ordinary user");
    let words = format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "{words}");
    assert!(words.contains("test routing::guests_reach_each_other_within_and_across_subnets ... ok"), "{words}");
}

fn mode(bits: u32) -> std::fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(bits)
}
