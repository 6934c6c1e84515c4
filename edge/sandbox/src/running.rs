//! A running instance and the commands in it, as the daemon holds them.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::process::{Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, pidfd_open, pidfd_send_signal, waitid};

use crate::cgroup;
use crate::channel::Channel;
use crate::error::{SandboxError, Step};
use crate::spec::{ExecOrder, ExecReport, ExecRequest, Exit, InstanceSpec, Order, Window};

/// GetConsoleOutput gives this much.
const CONSOLE_BYTES: usize = 64 * 1024;

/// An instance. When this is dropped it dies.
pub struct Running {
    instance: InstanceSpec,
    pid: i32,
    pidfd: OwnedFd,
    channel: Option<Channel>,
    ended: Mutex<Option<Exit>>,
}

/// A command to be run in an instance.
pub struct ExecSpec {
    /// The program, looked up in the login PATH, and its arguments.
    pub argv: Vec<String>,
    /// A user of the instance, by name or number; `root` usually.
    pub user: String,
    /// Run it on a terminal of the instance's own; stderr is then unused.
    pub tty: bool,
    /// The caller's TERM, the one variable that is taken over.
    pub term: Option<String>,
    /// The terminal's first size.
    pub window: Option<Window>,
    pub stdin: OwnedFd,
    pub stdout: OwnedFd,
    pub stderr: OwnedFd,
}

impl Running {
    pub(crate) fn hold(pid: i32, instance: InstanceSpec) -> Result<Self, SandboxError> {
        let process = Pid::from_raw(pid).ok_or_else(|| SandboxError::plain("hold the instance", "no process id"))?;
        // Init is this process's child and not collected yet: the number cannot have been given to another.
        let pidfd = pidfd_open(process, PidfdFlags::empty()).step("hold the instance", "pidfd_open")?;
        Ok(Self { instance, pid, pidfd, channel: None, ended: Mutex::new(None) })
    }

    pub(crate) fn with_channel(mut self, channel: Channel) -> Self {
        self.channel = Some(channel);
        self
    }

    /// Init's process id on the host.
    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// The instance's network namespace, for moving a link into it. The instance's root owns it; the daemon's may act in it.
    pub fn netns(&self) -> Result<OwnedFd, SandboxError> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        rustix::fs::open(format!("/proc/{}/ns/net", self.pid), flags, Mode::empty())
            .step("open the instance's network namespace", "open(/proc/PID/ns/net)")
    }

    /// The file that holds the tail of the console output: at least the last 64 KiB, at most twice that.
    pub fn console_path(&self) -> PathBuf {
        self.instance.instance_dir.join("console")
    }

    /// What the instance said last, at most 64 KiB of it; nothing if it has not been started yet. Also right for an instance
    /// that does not run.
    pub fn console_output(instance_dir: &Path) -> std::io::Result<Vec<u8>> {
        match std::fs::read(instance_dir.join("console")) {
            Ok(all) => Ok(all.get(all.len().saturating_sub(CONSOLE_BYTES)..).unwrap_or_default().to_vec()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// The network is ready: `lo` comes up, port 22 answers, user data runs if this is the first boot.
    pub fn go(&self) -> Result<(), SandboxError> {
        self.order(&Order::Go)
    }

    /// Readable once the instance has ended: for an event loop.
    pub fn pidfd(&self) -> BorrowedFd<'_> {
        self.pidfd.as_fd()
    }

    /// How it ended, if it has. Never waits.
    pub fn exited(&self) -> Result<Option<Exit>, SandboxError> {
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        if ended.is_none() {
            let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG;
            let status =
                waitid(WaitId::PidFd(self.pidfd.as_fd()), options).step("look after the instance", "waitid")?;
            *ended = status.map(|s| match s.exit_status() {
                Some(code) => Exit::Code(code),
                None => Exit::Signal(s.terminating_signal().unwrap_or(libc::SIGKILL)),
            });
            if ended.is_some() {
                cgroup::remove(&self.instance, std::process::id());
            }
        }
        Ok(ended.clone())
    }

    /// Waits for its end, at most so long.
    pub fn wait(&self, patience: Duration) -> Result<Option<Exit>, SandboxError> {
        let last = Instant::now() + patience;
        loop {
            if let Some(exit) = self.exited()? {
                return Ok(Some(exit));
            }
            let left = last.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            let time = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: i64::from(left.subsec_nanos()) };
            let mut fds = [PollFd::new(&self.pidfd, PollFlags::IN)];
            match poll(&mut fds, Some(&time)) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(other) => return Err(other).step("wait for the instance", "poll"),
            }
        }
    }

    /// Powers off: processes are asked to end, and killed after `grace`. Returns when the instance is gone.
    pub fn shutdown(&self, grace: Duration) -> Result<Exit, SandboxError> {
        let order = Order::PowerOff { grace_ms: grace.as_millis() as u64 };
        // Refused when init is gone already or has stopped listening: then it is killed below.
        let _ = self.order(&order);
        if let Some(exit) = self.wait(grace + Duration::from_millis(500))? {
            return Ok(exit);
        }
        self.kill()?;
        self.wait(Duration::from_secs(10))?
            .ok_or_else(|| SandboxError::plain("power off the instance", "it does not die"))
    }

    /// Pulls the plug.
    pub fn kill(&self) -> Result<(), SandboxError> {
        match pidfd_send_signal(&self.pidfd, Signal::KILL) {
            Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
            Err(other) => Err(other).step("kill the instance", "pidfd_send_signal"),
        }
    }

    /// Runs a command in it. Returns when the command has been started, or could not be.
    pub fn exec(&self, command: ExecSpec) -> Result<ExecHandle, SandboxError> {
        if command.argv.is_empty() {
            return Err(SandboxError::plain("run a command", "there is no command"));
        }
        let (channel, theirs) = Channel::pair()?;
        let request = ExecRequest {
            argv: command.argv,
            user: command.user,
            tty: command.tty,
            term: command.term,
            window: command.window,
        };
        let fds = [theirs.as_fd(), command.stdin.as_fd(), command.stdout.as_fd(), command.stderr.as_fd()];
        self.order_with(&Order::Exec(request), &fds)?;
        // Ours alone from here on: its end is the helper's end.
        drop(theirs);
        match channel.receive::<ExecReport>()? {
            Some((ExecReport::Started, _)) => Ok(ExecHandle { channel }),
            Some((ExecReport::Failed(error), _)) => Err(error),
            _ => Err(SandboxError::plain("run a command", "the instance ended before it was started")),
        }
    }

    fn order(&self, order: &Order) -> Result<(), SandboxError> {
        self.order_with(order, &[])
    }

    fn order_with(&self, order: &Order, fds: &[BorrowedFd<'_>]) -> Result<(), SandboxError> {
        match &self.channel {
            Some(channel) => channel.send(order, fds),
            None => Err(SandboxError::plain("talk to the instance", "it is not ready")),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Nobody is left to tell of a failure; the kernel ends the instance with the daemon in any case.
        if let Ok(None) = self.exited() {
            let _ = self.kill();
            let _ = self.wait(Duration::from_secs(5));
        }
    }
}

/// A command that runs in an instance. When this is dropped the command is killed.
pub struct ExecHandle {
    // Closing it is the sign to end.
    channel: Channel,
}

impl ExecHandle {
    /// Waits for the command's end. Its output has been carried by then.
    pub fn wait(&self) -> Result<Exit, SandboxError> {
        let report = self.channel.receive::<ExecReport>()?;
        match report {
            Some((ExecReport::Exited(exit), _)) => Ok(exit),
            Some((ExecReport::Failed(error), _)) => Err(error),
            // The instance went down and took the command with it.
            _ => Ok(Exit::Signal(libc::SIGKILL)),
        }
    }

    /// The caller's terminal has a new size.
    pub fn resize(&self, window: Window) -> Result<(), SandboxError> {
        self.channel.send(&ExecOrder::Resize(window), &[])
    }

    /// Sends a signal by number to the command's process group.
    pub fn signal(&self, number: i32) -> Result<(), SandboxError> {
        self.channel.send(&ExecOrder::Signal(number), &[])
    }

    /// Readable when [`ExecHandle::wait`] would not block: for an event loop.
    pub fn readiness(&self) -> BorrowedFd<'_> {
        self.channel.as_fd()
    }
}
