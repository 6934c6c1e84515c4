//! A command in a running instance: a helper process enters the instance's namespaces, starts the command with a fresh
//! login environment, carries its input and output, and tells how it ended.
//!
//! The helper stays outside the instance's pid namespace, where no process of the instance sees it.

mod account;
mod relay;

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use rustix::fs::{Mode, OFlags};
use rustix::process::{Pid, PidfdFlags, WaitOptions, pidfd_open, waitpid};
use rustix::pty::OpenptFlags;
use rustix::thread::{ThreadNameSpaceType, move_into_thread_name_spaces};

use crate::channel::Channel;
use crate::error::{SandboxError, Step};
use crate::spec::{ExecOrder, ExecReport, ExecRequest, Exit, Window};
use crate::sys::{self, Fork};
use account::Account;
use relay::{Pump, Relay};

/// The hidden subcommand `__sandbox-exec`.
pub(crate) fn helper(channel: &Channel) {
    let report = match run(channel) {
        Ok(Some(exit)) => ExecReport::Exited(exit),
        Ok(None) => return,
        Err(error) => ExecReport::Failed(error),
    };
    // A daemon that is gone needs no answer.
    let _ = channel.send(&report, &[]);
}

/// None when the daemon went away first.
fn run(channel: &Channel) -> Result<Option<Exit>, SandboxError> {
    let Some((request, fds)) = channel.receive::<ExecRequest>()? else { return Ok(None) };
    let [init, stdin, stdout, stderr]: [OwnedFd; 4] =
        fds.try_into().map_err(|_| SandboxError::plain("start a command", "descriptors are missing"))?;
    for group in &request.cgroups {
        crate::cgroup::Group::open(group)?.join(0)?;
    }
    enter(&init)?;
    drop(init);
    let account = Account::find(&request.user)?;
    let (streams, mut relay) = if request.tty {
        let terminal = Pty::open(request.window)?;
        let master = terminal.master.try_clone().step("relay the terminal", "dup")?;
        let master_again = terminal.master.try_clone().step("relay the terminal", "dup")?;
        let pumps = vec![Pump::input(stdin, master), Pump::output(master_again, stdout)];
        (Streams::Terminal(terminal.program), Relay::new(pumps, Some(terminal.master)))
    } else {
        pipes([stdin, stdout, stderr])?
    };
    // Closed by the successful exec: from then on the command is there to be signalled.
    let (began, begins) =
        rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).step("start the command", "pipe2")?;
    let child = match sys::fork().step("start the command", "fork")? {
        Fork::Child => become_command(&request, &account, streams),
        Fork::Parent(child) => child,
    };
    drop((streams, begins));
    // Nothing is ever written: the answer is the end, whichever way it comes.
    let _ = rustix::io::read(&began, &mut [0u8; 1][..]);
    channel.send(&ExecReport::Started, &[])?;
    attend(channel, child, &mut relay)
}

/// Enters every namespace of the instance as its root.
fn enter(init: &OwnedFd) -> Result<(), SandboxError> {
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)
        .step("keep the helper from being looked into", "prctl(PR_SET_DUMPABLE)")?;
    let all = ThreadNameSpaceType::USER
        | ThreadNameSpaceType::MOUNT
        | ThreadNameSpaceType::PROCESS_ID
        | ThreadNameSpaceType::NETWORK
        | ThreadNameSpaceType::HOST_NAME_AND_NIS_DOMAIN_NAME
        | ThreadNameSpaceType::INTER_PROCESS_COMMUNICATION
        | ThreadNameSpaceType::CONTROL_GROUP;
    move_into_thread_name_spaces(init.as_fd(), all).step("enter the instance", "setns(pidfd)")?;
    crate::boot::become_guest_root()?;
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)
        .step("keep the helper from being looked into", "prctl(PR_SET_DUMPABLE)")
}

/// Where the command's input comes from and its output goes.
enum Streams {
    Terminal(OwnedFd),
    Separate([OwnedFd; 3]),
}

/// A terminal of the instance's own, so that `tty`, `ssh` and `sudo` work in it.
struct Pty {
    master: OwnedFd,
    program: OwnedFd,
}

impl Pty {
    fn open(window: Option<Window>) -> Result<Self, SandboxError> {
        let step = "open a terminal in the instance";
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let master = rustix::fs::open("/dev/pts/ptmx", flags, Mode::empty()).step(step, "open(/dev/pts/ptmx)")?;
        rustix::pty::unlockpt(&master).step(step, "ioctl(TIOCSPTLCK)")?;
        let ours = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let program = rustix::pty::ioctl_tiocgptpeer(&master, ours).step(step, "ioctl(TIOCGPTPEER)")?;
        if let Some(window) = window {
            resize(&master, window)?;
        }
        Ok(Self { master, program })
    }
}

fn resize(master: &OwnedFd, window: Window) -> Result<(), SandboxError> {
    let size = rustix::termios::Winsize { ws_row: window.rows, ws_col: window.columns, ws_xpixel: 0, ws_ypixel: 0 };
    rustix::termios::tcsetwinsize(master, size).step("resize the terminal", "ioctl(TIOCSWINSZ)")
}

/// Pipes and sockets are handed over; anything else (a file, a terminal of the host's) is relayed through a pipe, so
/// that the instance holds no descriptor by which it could reach the thing itself.
fn pipes(fds: [OwnedFd; 3]) -> Result<(Streams, Relay), SandboxError> {
    let step = "connect the command's input and output";
    let mut pumps = Vec::new();
    let mut given = Vec::new();
    for (number, fd) in fds.into_iter().enumerate() {
        let kind = rustix::fs::fstat(&fd).step(step, "fstat")?.st_mode & libc::S_IFMT;
        if kind == libc::S_IFIFO || kind == libc::S_IFSOCK {
            given.push(fd);
            continue;
        }
        let (read, write) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).step(step, "pipe2")?;
        if number == 0 {
            pumps.push(Pump::input(fd, write));
            given.push(read);
        } else {
            pumps.push(Pump::output(read, fd));
            given.push(write);
        }
    }
    let given = given.try_into().map_err(|_| SandboxError::plain(step, "three descriptors are needed"))?;
    Ok((Streams::Separate(given), Relay::new(pumps, None)))
}

/// The child: never returns.
fn become_command(request: &ExecRequest, account: &Account, streams: Streams) -> ! {
    let status = match prepare(request, account, streams) {
        Ok((mut command, mut complain)) => {
            let error = command.exec();
            let name = request.argv.first().map_or("", String::as_str);
            let (words, status) = match error.kind() {
                io::ErrorKind::NotFound => ("command not found".to_owned(), 127),
                _ => (error.to_string(), 126),
            };
            // Nothing is left to tell it to if this fails.
            let _ = io::Write::write_all(&mut complain, format!("postern: {name}: {words}\n").as_bytes());
            status
        }
        Err((error, mut complain)) => {
            let _ = io::Write::write_all(&mut complain, format!("postern: {error}\n").as_bytes());
            126
        }
    };
    std::process::exit(status)
}

type Complain = std::fs::File;

fn prepare(
    request: &ExecRequest,
    account: &Account,
    streams: Streams,
) -> Result<(Command, Complain), (SandboxError, Complain)> {
    let is_terminal = matches!(streams, Streams::Terminal(_));
    let [stdin, stdout, stderr] = match streams {
        Streams::Separate(all) => all,
        Streams::Terminal(program) => match (program.try_clone(), program.try_clone()) {
            (Ok(one), Ok(two)) => [one, two, program],
            _ => std::process::exit(126),
        },
    };
    let Ok(complain) = stderr.try_clone().map(Complain::from) else { std::process::exit(126) };
    match confine(account, is_terminal.then_some(&stdin)) {
        Ok(()) => {}
        Err(error) => return Err((error, complain)),
    }
    let mut arguments = request.argv.iter();
    let mut command = Command::new(arguments.next().map_or("", String::as_str));
    command.args(arguments).env_clear().envs(request.environment.iter().cloned()).envs(account.environment());
    if let Some(term) = &request.term {
        command.env("TERM", term);
    }
    command.stdin(Stdio::from(stdin)).stdout(Stdio::from(stdout)).stderr(Stdio::from(stderr));
    Ok((command, complain))
}

fn confine(account: &Account, terminal: Option<&OwnedFd>) -> Result<(), SandboxError> {
    sys::default_signals();
    rustix::process::setsid().step("start a session", "setsid")?;
    if let Some(terminal) = terminal {
        rustix::process::ioctl_tiocsctty(terminal).step("take the terminal", "ioctl(TIOCSCTTY)")?;
        let own = rustix::fs::Uid::from_raw(account.uid);
        rustix::fs::fchown(terminal, Some(own), None).step("own the terminal", "fchown")?;
    }
    crate::privilege::confine()?;
    sys::become_user(account.uid, account.gid, account.groups())
        .step(format!("become the user {}", account.name), "setresuid")
        .map_err(
            |e| if account.uid == 0 { e } else { e.with("other users need subordinate ids: see `postern doctor`") },
        )?;
    rustix::process::umask(Mode::from_bits_truncate(0o022));
    rustix::process::chdir(&account.home).or_else(|_| rustix::process::chdir("/")).step("go home", "chdir")
}

/// Carries bytes and orders until the command has ended.
fn attend(channel: &Channel, child: Pid, relay: &mut Relay) -> Result<Option<Exit>, SandboxError> {
    let pidfd = pidfd_open(child, PidfdFlags::empty()).step("watch the command", "pidfd_open")?;
    loop {
        let events = relay.wait(&[channel.as_fd(), pidfd.as_fd()])?;
        if events.get(1).copied().unwrap_or(false) {
            let status = waitpid(Some(child), WaitOptions::empty()).step("collect the command", "waitpid")?;
            relay.drain();
            let exit = status.map(|(_, status)| match (status.exit_status(), status.terminating_signal()) {
                (Some(code), _) => Exit::Code(code),
                (None, signal) => Exit::Signal(signal.unwrap_or(libc::SIGKILL)),
            });
            return Ok(exit);
        }
        if events.first().copied().unwrap_or(false) {
            match channel.receive::<ExecOrder>()? {
                None => {
                    // Nobody waits for it any more. It fails only when the command has just ended by itself.
                    let _ = sys::signal_process(child, libc::SIGKILL, true);
                    return Ok(None);
                }
                Some((ExecOrder::Resize(window), _)) => {
                    if let Some(master) = relay.terminal() {
                        resize(master, window)?;
                    }
                }
                // As above.
                Some((ExecOrder::Signal(number), _)) => drop(sys::signal_process(child, number, true)),
            }
        }
    }
}
