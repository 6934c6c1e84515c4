//! A daemon with instances, for one case.

use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use postern_sandbox::{ExecHandle, ExecSpec, Exit, InstanceSpec, Running, SandboxConfig, Sandboxes, Window};

pub const AUTHORITY: &str = include_str!("authority.pem");

pub struct Bench {
    pub sandboxes: Sandboxes,
    data_dir: PathBuf,
    pub directory: tempfile::TempDir,
}

fn owner(data_dir: &Path, extra: &[PathBuf]) -> Sandboxes {
    let config = SandboxConfig {
        data_dir: data_dir.to_owned(),
        ca_pem: AUTHORITY.to_owned(),
        extra_read_only_paths: extra.to_vec(),
        helper: None,
    };
    Sandboxes::new(config).expect("owner")
}

/// What a command wrote and how it ended.
#[derive(Debug)]
pub struct Said {
    pub out: String,
    pub err: String,
    pub exit: Exit,
}

impl Bench {
    pub fn new() -> Self {
        Self::with(&[])
    }

    pub fn with(extra: &[PathBuf]) -> Self {
        let directory = tempfile::Builder::new().prefix("postern-sandbox-").tempdir_in("/tmp").expect("directory");
        let data_dir = directory.path().join("data");
        Self { sandboxes: owner(&data_dir, extra), data_dir, directory }
    }

    /// Everything in a directory that is not this bench's own, and stays.
    pub fn at(place: &Path) -> Self {
        let directory = tempfile::tempdir_in(place).expect("directory");
        let data_dir = place.join("data");
        Self { sandboxes: owner(&data_dir, &[]), data_dir, directory }
    }

    pub fn data_dir(&self) -> PathBuf {
        self.data_dir.clone()
    }

    pub fn spec(&self, number: u64) -> InstanceSpec {
        let id = postern_names::InstanceId::from_bits(number);
        InstanceSpec {
            id,
            hostname: format!("ip-10-0-1-{number}"),
            fqdn: format!("ip-10-0-1-{number}.ec2.internal"),
            address: [10, 0, 1, number as u8].into(),
            resolver: [10, 0, 0, 2].into(),
            search_domain: "ec2.internal".to_owned(),
            authorized_key: None,
            user_data: None,
            first_boot: true,
            instance_dir: self.data_dir().join("instances").join(id.to_string()),
            memory_max: None,
            pids_max: None,
        }
    }

    pub fn start(&self, number: u64) -> Running {
        self.boot(self.spec(number))
    }

    pub fn boot(&self, spec: InstanceSpec) -> Running {
        let running = self.sandboxes.start(spec).unwrap_or_else(|e| panic!("{e}"));
        running.go().expect("go");
        running
    }
}

/// One command with its output in pipes.
pub fn run(instance: &Running, argv: &[&str]) -> Said {
    run_as(instance, "root", argv, b"")
}

pub fn sh(instance: &Running, script: &str) -> Said {
    run(instance, &["sh", "-c", script])
}

/// The output of a script that must succeed.
pub fn out(instance: &Running, script: &str) -> String {
    let said = sh(instance, script);
    assert_eq!(said.exit, Exit::Code(0), "{script}: {said:?}");
    said.out.trim_end().to_owned()
}

pub fn run_as(instance: &Running, user: &str, argv: &[&str], input: &[u8]) -> Said {
    let (stdin, mut feed) = std::io::pipe().expect("pipe");
    let (out, stdout) = std::io::pipe().expect("pipe");
    let (err, stderr) = std::io::pipe().expect("pipe");
    let handle = instance.exec(spec(user, argv, [stdin.into(), stdout.into(), stderr.into()])).expect("exec");
    let (out, err) = (gather(out), gather(err));
    feed.write_all(input).expect("feed");
    drop(feed);
    let exit = handle.wait().expect("wait");
    Said { out: out.join().expect("out"), err: err.join().expect("err"), exit }
}

fn gather(mut from: std::io::PipeReader) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes).expect("read");
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

pub fn spec(user: &str, argv: &[&str], [stdin, stdout, stderr]: [OwnedFd; 3]) -> ExecSpec {
    ExecSpec {
        argv: argv.iter().map(|a| (*a).to_owned()).collect(),
        user: user.to_owned(),
        tty: false,
        term: None,
        window: None,
        stdin,
        stdout,
        stderr,
    }
}

/// A command on a terminal: the handle, what to type into, what to read from.
pub fn on_terminal(instance: &Running, argv: &[&str]) -> (ExecHandle, std::io::PipeWriter, std::io::PipeReader) {
    let (stdin, feed) = std::io::pipe().expect("pipe");
    let (out, stdout) = std::io::pipe().expect("pipe");
    let stderr = stdout.try_clone().expect("dup");
    let mut command = spec("root", argv, [stdin.into(), stdout.into(), stderr.into()]);
    command.tty = true;
    command.term = Some("vt100".to_owned());
    command.window = Some(Window { rows: 33, columns: 77 });
    (instance.exec(command).expect("exec"), feed, out)
}

/// Waits until something holds, at most ten seconds.
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let last = Instant::now() + Duration::from_secs(10);
    while !holds() {
        assert!(Instant::now() < last, "never: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

pub fn console(instance: &Running) -> String {
    std::fs::read_to_string(instance.console_path()).unwrap_or_default()
}

/// Whether a process of this number exists and is not a zombie.
pub fn alive(pid: i32) -> bool {
    let state = std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("stat")).unwrap_or_default();
    state.rsplit(')').next().and_then(|rest| rest.split_whitespace().next()).is_some_and(|s| s != "Z" && s != "X")
}
