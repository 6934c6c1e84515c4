//! A command in a running instance: init forks a helper, which starts the command with a fresh login environment, carries
//! its input and output, and tells the daemon how it ended.
//!
//! Being init's child, a command is under the instance's limits and filters from its first moment, and costs no start of a
//! program. Processes of the instance may see the helper and kill it, which ends their own command; into it they cannot look.

mod account;
mod relay;

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use rustix::fs::{Mode, OFlags};
use rustix::process::{Pid, PidfdFlags, WaitOptions, pidfd_open, waitpid};
use rustix::pty::OpenptFlags;

use crate::channel::Channel;
use crate::error::{SandboxError, Step};
use crate::spec::{ExecOrder, ExecReport, ExecRequest, Exit, Window};
use crate::sys::{self, Fork};
use account::Account;
use relay::{Pump, Relay};

/// What came with a request: the channel to its caller, and the command's input and outputs.
pub(crate) struct Request {
    pub channel: Channel,
    pub command: ExecRequest,
    pub streams: [OwnedFd; 3],
}

impl Request {
    /// None when the daemon sent something else than it should, which it does not.
    pub(crate) fn new(command: ExecRequest, fds: Vec<OwnedFd>) -> Option<Self> {
        let [channel, stdin, stdout, stderr]: [OwnedFd; 4] = fds.try_into().ok()?;
        Some(Self { channel: Channel::from_fd(channel), command, streams: [stdin, stdout, stderr] })
    }
}

/// Forks the helper for a command. Called by init; returns in init alone.
pub(crate) fn start(request: Request, environment: &[(String, String)]) {
    match sys::fork().step("start the command", "fork") {
        Ok(Fork::Parent(_)) => {}
        Ok(Fork::Child) => help(request, environment),
        Err(error) => {
            // A caller that is gone needs no answer.
            let _ = request.channel.send(&ExecReport::Failed(error), &[]);
        }
    }
}

/// The helper's life.
fn help(request: Request, environment: &[(String, String)]) -> ! {
    let Request { channel, command, streams } = request;
    let [stdin, stdout, stderr] = &streams;
    let keep = [channel.as_fd(), stdin.as_fd(), stdout.as_fd(), stderr.as_fd()];
    let alone = sys::close_all_but(&keep).step("let go of init's descriptors", "close_range");
    let report = match alone.and_then(|()| run(&channel, &command, streams, environment)) {
        Ok(Some(exit)) => Some(ExecReport::Exited(exit)),
        Ok(None) => None,
        Err(error) => Some(ExecReport::Failed(error)),
    };
    // As above.
    let _ = report.map(|report| channel.send(&report, &[]));
    std::process::exit(0)
}

/// None when the daemon went away first.
fn run(
    channel: &Channel,
    request: &ExecRequest,
    [stdin, stdout, stderr]: [OwnedFd; 3],
    environment: &[(String, String)],
) -> Result<Option<Exit>, SandboxError> {
    sys::block_signals(&[libc::SIGHUP, libc::SIGTERM, libc::SIGINT, libc::SIGQUIT, libc::SIGPIPE])
        .step("outlive the command", "sigprocmask")?;
    rustix::thread::set_name(c"exec").step("name the helper", "prctl(PR_SET_NAME)")?;
    // This program goes without huge pages, and what it starts would too.
    rustix::thread::disable_transparent_huge_pages(false)
        .step("leave huge pages to the command", "prctl(PR_SET_THP_DISABLE)")?;
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
        Fork::Child => become_command(request, &account, streams, environment),
        Fork::Parent(child) => child,
    };
    drop((streams, begins));
    // Nothing is ever written: the answer is the end, whichever way it comes.
    let _ = rustix::io::read(&began, &mut [0u8; 1][..]);
    channel.send(&ExecReport::Started, &[])?;
    attend(channel, child, &mut relay)
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
fn become_command(request: &ExecRequest, account: &Account, streams: Streams, environment: &[(String, String)]) -> ! {
    let status = match prepare(request, account, streams, environment) {
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
    environment: &[(String, String)],
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
    match log_in(account, is_terminal.then_some(&stdin)) {
        Ok(()) => {}
        Err(error) => return Err((error, complain)),
    }
    let mut arguments = request.argv.iter();
    let mut command = Command::new(arguments.next().map_or("", String::as_str));
    command.args(arguments).env_clear().envs(environment.iter().cloned()).envs(account.environment());
    if let Some(term) = &request.term {
        command.env("TERM", term);
    }
    command.stdin(Stdio::from(stdin)).stdout(Stdio::from(stdout)).stderr(Stdio::from(stderr));
    Ok((command, complain))
}

/// Makes the process the account's, in a session of its own.
fn log_in(account: &Account, terminal: Option<&OwnedFd>) -> Result<(), SandboxError> {
    sys::default_signals();
    rustix::process::setsid().step("start a session", "setsid")?;
    if let Some(terminal) = terminal {
        rustix::process::ioctl_tiocsctty(terminal).step("take the terminal", "ioctl(TIOCSCTTY)")?;
        let own = rustix::fs::Uid::from_raw(account.uid);
        rustix::fs::fchown(terminal, Some(own), None).step("own the terminal", "fchown")?;
    }
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
