//! Tries a sandbox by hand: `sandbox_shell DIR [CMD...]` boots an instance with its disk under DIR and runs CMD in it
//! (default: an interactive shell), without any network but `lo`. SANDBOX_EXTRA names directories to show, with colons.

use std::os::fd::AsFd;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use postern_sandbox::{ExecSpec, InstanceSpec, SandboxConfig, SandboxError, Sandboxes, Window};

fn main() -> ExitCode {
    postern_sandbox::hidden_main();
    if postern_sandbox::rootless_needed()
        && let Err(error) = postern_sandbox::enter_rootless(&[])
    {
        eprintln!("error: {error}");
        return ExitCode::FAILURE;
    }
    match run() {
        Ok(status) => ExitCode::from(status as u8),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<i32, SandboxError> {
    let mut arguments = std::env::args().skip(1);
    let data_dir = PathBuf::from(arguments.next().unwrap_or_else(|| "sandbox-data".to_owned()));
    let mut argv: Vec<String> = arguments.collect();
    if argv.is_empty() {
        argv = vec!["bash".to_owned(), "-l".to_owned()];
    }
    let id = "i-00000000000000001".parse().map_err(|_| SandboxError::plain("name the instance", "id"))?;
    let instance = InstanceSpec {
        id,
        hostname: "ip-10-0-1-5".to_owned(),
        fqdn: "ip-10-0-1-5.ec2.internal".to_owned(),
        address: [10, 0, 1, 5].into(),
        resolver: [10, 0, 0, 2].into(),
        search_domain: "ec2.internal".to_owned(),
        authorized_key: None,
        user_data: Some(b"#!/bin/sh\necho user data ran as $(id -un)\n".to_vec()),
        first_boot: true,
        instance_dir: data_dir.join("instances").join(id.to_string()),
        memory_max: Some(1 << 30),
        pids_max: Some(512),
    };
    let began = Instant::now();
    let sandboxes = Sandboxes::new(SandboxConfig {
        data_dir,
        ca_pem: "-----BEGIN CERTIFICATE-----\nexample\n-----END CERTIFICATE-----\n".to_owned(),
        extra_read_only_paths: std::env::var_os("SANDBOX_EXTRA")
            .map(|v| std::env::split_paths(&v).collect())
            .unwrap_or_default(),
        helper: None,
    })?;
    eprintln!("owner ready after {:?}", began.elapsed());
    let running = sandboxes.start(instance.clone())?;
    eprintln!("first instance ready after {:?}", began.elapsed());
    running.go()?;
    let terminal = rustix::termios::isatty(std::io::stdin());
    let size = rustix::termios::tcgetwinsize(std::io::stdin()).ok();
    let own = |fd: std::os::fd::BorrowedFd<'_>| {
        fd.try_clone_to_owned().map_err(|e| SandboxError::plain("take the terminal", e.to_string()))
    };
    let before = raw(terminal);
    let asked = Instant::now();
    let handle = running.exec(ExecSpec {
        argv,
        user: "root".to_owned(),
        tty: terminal,
        term: std::env::var("TERM").ok(),
        window: size.map(|s| Window { rows: s.ws_row, columns: s.ws_col }),
        stdin: own(std::io::stdin().as_fd())?,
        stdout: own(std::io::stdout().as_fd())?,
        stderr: own(std::io::stderr().as_fd())?,
    })?;
    let started = asked.elapsed();
    let exit = handle.wait();
    if let Some(before) = before {
        let _ = rustix::termios::tcsetattr(std::io::stdin(), rustix::termios::OptionalActions::Now, &before);
    }
    eprintln!("command started after {started:?}, ended after {:?}: {exit:?}", asked.elapsed());
    let stopped = Instant::now();
    running.shutdown(Duration::from_secs(2))?;
    eprintln!("powered off in {:?}", stopped.elapsed());
    Ok(exit?.status())
}

/// The terminal as it was, once it is raw.
fn raw(terminal: bool) -> Option<rustix::termios::Termios> {
    let before = rustix::termios::tcgetattr(std::io::stdin()).ok().filter(|_| terminal)?;
    let mut wanted = before.clone();
    wanted.make_raw();
    rustix::termios::tcsetattr(std::io::stdin(), rustix::termios::OptionalActions::Now, &wanted).ok()?;
    Some(before)
}
