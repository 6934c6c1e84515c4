//! Hosts that an ordinary user finds: containers with files mounted over, and users with subordinate ids.
//!
//! Made by root in a mount namespace of their own, in which the case then runs as `nobody`.

use std::process::Command;

use postern_sandbox::Exit;

use crate::bench::{Bench, console, out, run_as, sh, until};
use crate::{CASE, NOBODY};

/// Cases that only run as the child of another.
pub const INNER: &[(&str, fn())] =
    &[("within_a_container", within_a_container), ("with_subordinate_ids", with_ids), ("on_an_overlay", on_an_overlay)];

fn as_nobody_after(preparation: &str, case: &str) {
    after(preparation, &format!("setpriv --reuid {NOBODY} --regid {NOBODY} --clear-groups"), case);
}

fn after(preparation: &str, user: &str, case: &str) {
    let place = tempfile::tempdir().expect("directory");
    let own = std::env::current_exe().expect("own path");
    let script = format!("set -e; cd {}; {preparation}; cd /; exec {user} {}", place.path().display(), own.display());
    let output = Command::new("unshare").args(["-m", "sh", "-c", &script]).env(CASE, case).output().expect("unshare");
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}\n{words}", String::from_utf8_lossy(&output.stdout));
}

pub fn files_locked_by_a_container_do_not_matter() {
    let preparation = "echo theirs > file; mount --bind file /etc/resolv.conf; mkdir -p share/deep; echo x > share/marker; \
                       mount --bind share /usr/local/share; mount --bind file /usr/bin/env; chmod -R a+rX .";
    as_nobody_after(preparation, "within_a_container");
}

/// No overlay can be laid on /etc or /usr here.
fn within_a_container() {
    let bench = Bench::new();
    let instance = bench.start(1);
    assert!(out(&instance, "cat /etc/resolv.conf").starts_with("nameserver 10.0.0.2\n"));
    assert_eq!(out(&instance, "cat /usr/local/share/marker; head -1 /etc/shadow"), "x\nroot:*:19000:0:99999:7:::");
    for path in ["/usr/x", "/usr/lib/ssl/x", "/usr/local/share/deep/x"] {
        let touched = sh(&instance, &format!("touch {path}"));
        // What is mounted below has an overlay of its own.
        assert_eq!(touched.exit == Exit::Code(0), path.contains("deep"), "{path}: {touched:?}");
        assert!(!std::path::Path::new(path).exists(), "{path} of the host");
    }
    out(&instance, "echo mine > /etc/mine; echo mine >> /etc/profile");
    assert!(!std::fs::read_to_string("/etc/profile").unwrap_or_default().contains("mine"), "the host's /etc/profile");
    let bundle = out(&instance, "cat /etc/ssl/certs/ca-certificates.crt");
    assert!(bundle.contains(crate::bench::AUTHORITY.trim()));
}

pub fn subordinate_ids_give_users() {
    let needed = "/usr/bin/newuidmap";
    assert!(std::path::Path::new(needed).exists(), "this test needs {needed}: apt-get install uidmap");
    let preparation =
        "echo nobody:200000:65536 > ids; chmod a+r ids; mount --bind ids /etc/subuid; mount --bind ids /etc/subgid";
    as_nobody_after(preparation, "with_subordinate_ids");
}

fn with_ids() {
    let bench = Bench::new();
    let instance = bench.start(1);
    let said = run_as(&instance, "ec2-user", &["sh", "-c", "id -u; touch ~/mine; echo $HOME"], b"");
    assert_eq!(said.out, "1000\n/home/ec2-user\n", "{said:?}");
    assert_eq!(
        out(&instance, "stat -c %U /home/ec2-user/mine; chown 12:34 /tmp; stat -c %u:%g /tmp"),
        "ec2-user\n12:34"
    );
    until("init is up", || console(&instance).contains("is up"));
    let hello = run_as(&instance, "root", &["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/22; head -c 8 <&3"], b"");
    assert_eq!(hello.out, "SSH-2.0-", "{hello:?}: this test needs sshd: apt-get install openssh-server");
}

pub fn on_an_overlay_disks_are_in_memory() {
    let preparation = "mkdir m; mount -t tmpfs none m; cd m; mkdir u w; \
                       mount -t overlay -o lowerdir=/tmp,upperdir=$PWD/u,workdir=$PWD/w none /tmp";
    after(preparation, "env", "on_an_overlay");
}

/// /tmp, where the data directory will be, is an overlay as in a container.
fn on_an_overlay() {
    let bench = Bench::new();
    let instance = bench.start(1);
    out(&instance, "touch /etc/kept /kept /usr/share/kept");
    assert!(console(&instance).contains("kept in memory"), "{}", console(&instance));
    drop(instance);
    let again = bench.start(1);
    out(&again, "ls /etc/kept /kept /usr/share/kept");
    drop(again);
    std::fs::remove_dir_all(bench.spec(1).instance_dir).expect("terminate");
    drop(bench.start(2));
    let anew = bench.start(1);
    assert_ne!(sh(&anew, "ls /kept").exit, Exit::Code(0), "a terminated instance's disk is gone");
}
