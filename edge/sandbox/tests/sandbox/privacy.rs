//! What an instance must not see and must not change.

use std::path::PathBuf;

use postern_sandbox::Exit;

use crate::bench::{Bench, out, run, sh};

pub fn nothing_private_is_visible() {
    let bench = Bench::new();
    let marker = format!("postern-secret-{}", std::process::id());
    let planted: Vec<PathBuf> =
        ["/tmp", "/var/tmp", "/dev/shm"].iter().map(|d| PathBuf::from(d).join(&marker)).collect();
    for place in &planted {
        std::fs::write(place, &marker).expect("plant");
    }
    std::fs::create_dir_all(bench.data_dir()).expect("mkdir");
    std::fs::write(bench.data_dir().join("credentials"), &marker).expect("plant");
    let instance = bench.start(1);
    let found = out(
        &instance,
        &format!(
            "find / -xdev -name '{marker}' 2>/dev/null; grep -rl {marker} /etc /tmp /var /root /home /dev/shm /run 2>/dev/null; true"
        ),
    );
    for place in &planted {
        std::fs::remove_file(place).expect("clean");
    }
    assert_eq!(found, "");
    let data = bench.data_dir();
    assert_eq!(sh(&instance, &format!("ls {}", data.display())).exit, Exit::Code(2), "the data directory");
    assert_eq!(out(&instance, "ls -A /root"), ".bashrc\n.profile");
    assert_eq!(
        out(&instance, "ls -A /home /tmp /mnt /media /srv"),
        "/home:\nec2-user\n\n/media:\n\n/mnt:\n\n/srv:\n\n/tmp:"
    );
    // Not one of the host's password hashes; locked accounts only.
    let shadow = out(&instance, "cut -d: -f2 /etc/shadow | sort -u; ls /etc/shadow- /etc/gshadow- 2>/dev/null; true");
    assert_eq!(shadow, "*");
    assert_eq!(out(&instance, "ls /etc/ssh/ssh_host_* /etc/ssl/private/* 2>/dev/null; true"), "");
    let top = out(&instance, "ls /");
    let known = [
        "bin", "dev", "etc", "home", "lib", "lib32", "lib64", "libx32", "media", "mnt", "opt", "proc", "root", "run",
        "sbin", "srv", "sys", "tmp", "usr", "var",
    ];
    assert!(top.lines().all(|name| known.contains(&name)), "{top}");
    // No process of the host, no environment of the daemon, no way to its files through init.
    assert_eq!(
        out(&instance, "cat /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n' | grep -c callers-secret; true"),
        "0"
    );
    for script in
        ["cat /proc/1/environ", "ls /proc/1/root/", "readlink /proc/1/fd/3", "readlink /proc/1/exe", "cat /proc/1/mem"]
    {
        assert_ne!(sh(&instance, script).exit, Exit::Code(0), "{script}");
    }
    let mounts = out(&instance, "cat /proc/self/mountinfo");
    assert!(!mounts.contains(data.to_str().expect("path")), "where the data directory lies: {mounts}");
    let people = out(&instance, "awk -F: '$3 >= 1000 && $3 < 65534 {print $1}' /etc/passwd");
    assert_eq!(people, "ec2-user");
}

pub fn nothing_of_the_host_is_written() {
    let bench = Bench::new();
    let instance = bench.start(1);
    let name = format!("postern-written-{}", std::process::id());
    for directory in [
        "/usr/bin",
        "/usr/lib",
        "/usr/local/bin",
        "/etc/ssh",
        "/etc",
        "/opt",
        "/tmp",
        "/var/lib",
        "/home",
        "/root",
        "/dev",
        "/",
    ] {
        assert_eq!(run(&instance, &["touch", &format!("{directory}/{name}")]).exit, Exit::Code(0), "{directory}");
        assert!(!PathBuf::from(directory).join(&name).exists(), "{directory} of the host");
    }
    let before = std::fs::read("/etc/passwd").expect("read");
    // Where the host's root has no id some of this is refused; what matters is what the host is after it.
    sh(
        &instance,
        "echo broken > /etc/passwd; rm -rf /usr/share/doc /etc/ssl; chmod 777 /usr/bin/env; echo x >> /usr/bin/env",
    );
    assert_eq!(std::fs::read("/etc/passwd").expect("read"), before);
    assert!(PathBuf::from("/usr/share/doc").exists() && PathBuf::from("/etc/ssl").exists());
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(std::fs::metadata("/usr/bin/env").expect("stat").permissions().mode() & 0o777, 0o755);
    // Devices are usable, and their nodes are not the instance's to change.
    assert_ne!(sh(&instance, "chmod 600 /dev/null").exit, Exit::Code(0));
    assert_eq!(
        out(&instance, "echo x > /dev/null; head -c 4 /dev/zero | wc -c; head -c 4 /dev/urandom | wc -c"),
        "4\n4"
    );
    assert_eq!(std::fs::metadata("/dev/null").expect("stat").permissions().mode() & 0o777, 0o666);
}

pub fn extra_paths_are_shown_read_only() {
    let place = tempfile::Builder::new().prefix("postern-extra-").tempdir_in("/tmp").expect("directory");
    let extra = place.path().join("venv");
    let packages = extra.join("lib/python3.99/site-packages/botocore");
    std::fs::create_dir_all(&packages).expect("mkdir");
    std::fs::create_dir_all(extra.join("bin")).expect("mkdir");
    std::fs::write(packages.join("cacert.pem"), "old bundle\n").expect("write");
    std::fs::write(extra.join("bin/tool"), "#!/bin/sh\necho tool\n").expect("write");
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(extra.join("bin/tool"), PermissionsExt::from_mode(0o755)).expect("chmod");
    std::fs::set_permissions(place.path(), PermissionsExt::from_mode(0o755)).expect("chmod");
    std::fs::write(place.path().join("beside"), "private").expect("write");
    let bench = Bench::with(std::slice::from_ref(&extra));
    let instance = bench.start(1);
    assert_eq!(out(&instance, "tool"), "tool", "first in PATH");
    let bundle = out(&instance, &format!("cat {}/cacert.pem", packages.display()));
    assert!(bundle.starts_with("old bundle\n-----BEGIN CERTIFICATE-----"), "{bundle}");
    assert_ne!(sh(&instance, &format!("touch {}/x", extra.display())).exit, Exit::Code(0), "read-only");
    assert_ne!(sh(&instance, &format!("cat {}/beside", place.path().display())).exit, Exit::Code(0));
    assert_eq!(std::fs::read_to_string(packages.join("cacert.pem")).expect("read"), "old bundle\n");
}
