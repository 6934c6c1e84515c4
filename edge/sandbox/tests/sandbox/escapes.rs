//! Ways out that must be shut.

use std::time::Duration;

use postern_sandbox::Exit;

use crate::bench::{Bench, out, run_as, sh};

pub fn escapes_fail() {
    let bench = Bench::new();
    let instance = bench.start(1);
    let attempts = [
        "umount /proc",
        "umount -l /proc",
        "mount -t proc proc /mnt",
        "mount -t tmpfs none /mnt",
        "mount -o remount,rw /sys",
        "mount --bind / /mnt",
        "unshare -Urm true",
        "unshare -m true",
        "unshare -U true",
        "nsenter -t 1 -m true",
        "nsenter -t 1 -a true",
        "mknod /tmp/disk b 254 0",
        "mknod /root/mem c 1 1",
        "echo x > /proc/sys/kernel/core_pattern",
        "echo b > /proc/sysrq-trigger",
        "echo 1 > /proc/sys/kernel/modprobe",
        "dmesg",
        "date -s 2020-01-01",
        "swapoff -a && swapon /nothing",
        "kill -9 1 && sleep 1 && false",
        "strace -p 1",
        "cat /proc/kcore",
        "ls /sys/fs/cgroup/memory",
        "test -w /sys/kernel",
    ];
    for script in attempts {
        assert_ne!(sh(&instance, script).exit, Exit::Code(0), "{script}");
    }
    assert!(instance.exited().expect("exited").is_none(), "it still runs");
    // Calls that programs could make themselves.
    let calls = "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\n\
        def call(*a):\n  r = libc.syscall(*a)\n  return r if r >= 0 else -ctypes.get_errno()\n\
        print(call(321, 0, 0, 0), call(323, 0), call(298, 0, 0, -1, -1, 0), call(246, 0, 0, 0, 0), call(435, 0, 0),\
        call(425, 1, 0), call(310 + 0x40000000, 0))";
    if cfg!(target_arch = "x86_64") {
        let said = run_as(&instance, "root", &["/usr/bin/python3", "-c", calls], b"");
        // bpf, userfaultfd, perf_event_open, kexec_load; clone3, io_uring_setup and x32 are not there.
        assert_eq!(said.out.trim(), "-1 -1 -1 -1 -38 -38 -38", "{said:?}");
    }
    let bounds = out(&instance, "grep CapBnd /proc/self/status | cut -f2");
    let bounds = u64::from_str_radix(&bounds, 16).expect("hex");
    for (name, number) in [("SYS_MODULE", 16), ("SYS_RAWIO", 17), ("SYS_ADMIN", 21), ("SYS_BOOT", 22), ("SYS_TIME", 25)]
    {
        assert_eq!(bounds >> number & 1, 0, "{name}");
    }
    for (name, number) in [("NET_ADMIN", 12), ("NET_RAW", 13), ("SETUID", 7), ("CHOWN", 0)] {
        assert_eq!(bounds >> number & 1, 1, "{name}");
    }
    assert_eq!(out(&instance, "grep NoNewPrivs /proc/self/status | cut -f2"), "0", "sudo must work");
    assert_eq!(out(&instance, "grep -w Seccomp /proc/self/status | cut -f2"), "2");
}

pub fn processes_are_limited() {
    let bench = Bench::new();
    let mut spec = bench.spec(1);
    spec.pids_max = Some(64);
    spec.memory_max = Some(512 << 20);
    let instance = bench.boot(spec);
    let script = "import os, time\nn = 0\ntry:\n  while n < 200:\n    if os.fork() == 0: os.close(1); os.close(2); time.sleep(100)\n    n += 1\n\
                  except BlockingIOError: pass\nprint(n)";
    let said = run_as(&instance, "root", &["/usr/bin/python3", "-c", script], b"");
    let count: u32 = said.out.trim().parse().unwrap_or(0);
    assert!((40..64).contains(&count), "{said:?}: this test needs the pids controller of control groups");
    instance.shutdown(Duration::from_millis(100)).expect("shutdown");
    let left = std::process::Command::new("find")
        .args(["/sys/fs/cgroup", "-maxdepth", "2", "-name", &format!("postern-{}-*", std::process::id())])
        .output()
        .expect("find");
    assert_eq!(String::from_utf8_lossy(&left.stdout), "", "control groups");
}
