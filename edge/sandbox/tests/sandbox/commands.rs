//! Commands in an instance.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use postern_sandbox::{Exit, Window};

use crate::bench::{Bench, on_terminal, out, run, run_as, sh, spec, until};

pub fn exit_statuses_come_back() {
    let bench = Bench::new();
    let instance = bench.start(1);
    for code in [0, 1, 7, 255] {
        assert_eq!(sh(&instance, &format!("exit {code}")).exit, Exit::Code(code));
    }
    assert_eq!(sh(&instance, "kill -TERM $$").exit, Exit::Signal(15));
    assert_eq!(Exit::Signal(15).status(), 143);
    let absent = run(&instance, &["no-such-command", "x"]);
    assert_eq!((absent.exit, absent.err.as_str()), (Exit::Code(127), "postern: no-such-command: command not found\n"));
    assert_eq!(run(&instance, &["/etc/hostname"]).exit, Exit::Code(126));
    let error = instance.exec(spec("mallory", &["id"], pipes())).map(|_| ()).expect_err("no such user");
    assert!(error.to_string().contains("no user `mallory`"), "{error}");
    assert!(instance.exec(spec("root", &[], pipes())).is_err(), "no command");
    let long = "x".repeat(100_000);
    assert_eq!(run(&instance, &["sh", "-c", "echo ${#1}", "sh", &long]).out, "100000\n");
    assert!(instance.exec(spec("root", &["echo", &long, &long], pipes())).is_err(), "too long");
    assert_eq!(sh(&instance, "exit 3").exit, Exit::Code(3), "and it still runs");
}

fn pipes() -> [std::os::fd::OwnedFd; 3] {
    let null = || std::fs::File::open("/dev/null").expect("null").into();
    [null(), null(), null()]
}

pub fn input_and_output_are_carried() {
    let bench = Bench::new();
    let instance = bench.start(1);
    let said = sh(&instance, "echo out; echo err >&2");
    assert_eq!((said.out.as_str(), said.err.as_str()), ("out\n", "err\n"));
    let input: String = (0..200_000).map(|n| format!("{n}\n")).collect();
    let said = run_as(&instance, "root", &["cat"], input.as_bytes());
    assert!(said.out == input, "{} of {} bytes", said.out.len(), input.len());
    // A reader that goes away ends the writer, as in any pipeline.
    assert_eq!(sh(&instance, "yes | head -1").out, "y\n");
}

pub fn files_are_relayed_not_handed_over() {
    let bench = Bench::new();
    let instance = bench.start(1);
    let (source, target) = (bench.directory.path().join("in"), bench.directory.path().join("out"));
    std::fs::write(&source, "from a file\n".repeat(10_000)).expect("write");
    let open = || std::fs::File::open(&source).expect("open").into();
    let create = || std::fs::File::create(&target).expect("create").into();
    let script = "cat; readlink /proc/self/fd/0 /proc/self/fd/1 >&2";
    let (mut err, stderr) = std::io::pipe().expect("pipe");
    let handle = instance.exec(spec("root", &["sh", "-c", script], [open(), create(), stderr.into()])).expect("exec");
    assert_eq!(handle.wait().expect("wait"), Exit::Code(0));
    let mut links = String::new();
    err.read_to_string(&mut links).expect("read");
    assert!(links.lines().all(|l| l.starts_with("pipe:")), "{links}");
    assert_eq!(std::fs::read_to_string(&target).expect("read"), "from a file\n".repeat(10_000));
}

pub fn a_terminal_is_the_instances_own() {
    let bench = Bench::new();
    let instance = bench.start(1);
    let script = "tty; stty size; echo $TERM; read line; echo got:$line; stty size; echo end; exec sleep 100";
    let (handle, mut feed, mut screen) = on_terminal(&instance, &["bash", "-c", script]);
    let mut shown = String::new();
    let mut wait_for = |words: &str| {
        let mut bytes = [0u8; 4096];
        let last = Instant::now() + Duration::from_secs(10);
        while !shown.contains(words) {
            assert!(Instant::now() < last, "{shown:?}");
            let count = screen.read(&mut bytes).expect("read");
            assert!(count > 0, "{shown:?}");
            shown += &String::from_utf8_lossy(&bytes[..count]);
        }
    };
    wait_for("/dev/pts/");
    wait_for("33 77\r\nvt100\r\n");
    handle.resize(Window { rows: 50, columns: 120 }).expect("resize");
    feed.write_all(b"typed\r").expect("type");
    wait_for("got:typed");
    wait_for("50 120\r\nend\r\n");
    feed.write_all(b"\x03").expect("interrupt");
    assert_eq!(handle.wait().expect("wait"), Exit::Signal(2));
}

pub fn the_environment_is_a_login_s() {
    let bench = Bench::new();
    let instance = bench.start(1);
    let said = run(&instance, &["env"]);
    let mut names: Vec<&str> = said.out.lines().filter_map(|l| Some(l.split_once('=')?.0)).collect();
    names.sort_unstable();
    let wanted = [
        "AWS_CA_BUNDLE",
        "HOME",
        "LANG",
        "LOGNAME",
        "NODE_EXTRA_CA_CERTS",
        "PATH",
        "REQUESTS_CA_BUNDLE",
        "SHELL",
        "SSL_CERT_FILE",
        "USER",
    ];
    assert_eq!(names, wanted, "{}", said.out);
    assert_eq!(out(&instance, "pwd; echo $HOME $USER; umask; id -u"), "/root\n/root root\n0022\n0");
    let login = run(&instance, &["bash", "-lc", "echo $AWS_CA_BUNDLE $PATH"]);
    assert!(login.out.contains("/usr/bin") && login.out.starts_with("/etc/"), "{login:?}");
    assert_eq!(out(&instance, "ls /proc/self/fd | wc -l"), "4", "no descriptor but the three, and ls's own");
}

pub fn signals_and_hanging_up() {
    let bench = Bench::new();
    let instance = bench.start(1);
    let handle = instance.exec(spec("root", &["sleep", "1000"], pipes())).expect("exec");
    handle.signal(10).expect("signal");
    assert_eq!(handle.wait().expect("wait"), Exit::Signal(10));
    drop(handle);
    let handle =
        instance.exec(spec("root", &["sh", "-c", "trap '' HUP TERM; sleep 1234 & wait"], pipes())).expect("exec");
    until("it runs", || sh(&instance, "pgrep -x sleep").exit == Exit::Code(0));
    drop(handle);
    until("it is killed with its caller", || sh(&instance, "pgrep -x sleep").exit == Exit::Code(1));
    let last = instance.exec(spec("root", &["sleep", "1000"], pipes())).expect("exec");
    instance.kill().expect("kill");
    assert_eq!(last.wait().expect("wait"), Exit::Signal(9));
    assert!(instance.exec(spec("root", &["true"], pipes())).is_err(), "the instance is gone");
}

pub fn ec2_user_is_nobody_special() {
    let bench = Bench::new();
    let instance = bench.start(1);
    let said = run_as(
        &instance,
        "ec2-user",
        &["sh", "-c", "id -u; pwd; touch ~/mine && echo ok; cat /etc/shadow; touch /etc/x"],
        b"",
    );
    assert_eq!(said.out, "1000\n/home/ec2-user\nok\n", "{said:?}");
    assert_eq!(out(&instance, "stat -c %U /home/ec2-user/mine /usr/bin/env /etc/passwd"), "ec2-user\nroot\nroot");
}
