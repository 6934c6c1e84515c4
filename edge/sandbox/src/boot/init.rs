//! Process 1 of an instance: waits for the network, runs user data once, answers port 22, reaps, keeps the console,
//! powers off when told, and ends when the daemon is gone.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{WaitOptions, wait};

use super::console::Console;
use super::devices::Terminal;
use super::ssh::Ssh;
use super::user_data::{self, Plan};
use crate::channel::Channel;
use crate::error::{SandboxError, Step};
use crate::exec;
use crate::spec::{BootRequest, InstanceSpec, Order, REBOOT_STATUS, Report};
use crate::sys;

/// The whole life. Returns the exit status.
pub(super) fn run(
    channel: &Channel,
    request: &BootRequest,
    mut console: Console,
    terminal: Terminal,
) -> Result<i32, SandboxError> {
    for complaint in super::files::write(&request.instance) {
        console.say(&complaint);
    }
    sys::default_signals();
    let signals = [libc::SIGCHLD, libc::SIGTERM, libc::SIGINT, libc::SIGPWR];
    let signals = sys::signal_fd(&signals).step("wait for the instance's processes", "signalfd")?;
    rustix::thread::set_name(c"init").step("name init", "prctl(PR_SET_NAME)")?;
    // This program goes without huge pages, and what it starts would too.
    rustix::thread::disable_transparent_huge_pages(false)
        .step("leave huge pages to the instance", "prctl(PR_SET_THP_DISABLE)")?;
    channel.send(&Report::Ready, &[])?;
    let environment = request.image.environment.clone();
    let mut init = Init {
        instance: &request.instance,
        ids: request.image.ids.count,
        environment,
        console,
        terminal,
        ssh: None,
        user_data: None,
        off: None,
        reboot: false,
    };
    init.live(channel, &signals)
}

struct Init<'a> {
    instance: &'a InstanceSpec,
    /// How many users there are.
    ids: u32,
    environment: Vec<(String, String)>,
    console: Console,
    terminal: Terminal,
    ssh: Option<Ssh>,
    user_data: Option<u32>,
    /// Once powering off has begun.
    off: Option<Off>,
    /// Whether it is to come up again after that.
    reboot: bool,
}

/// How powering off goes on.
#[derive(Clone, Copy)]
struct Off {
    /// Shells, deaf to the first signal, are told to hang up; None once they were.
    hang_up: Option<Instant>,
    /// What still runs then is killed.
    last: Instant,
}

/// How long programs have to end by the first signal before shells are hung up.
const HANG_UP_AFTER: Duration = Duration::from_millis(200);

/// How long processes have when the instance powers itself off.
const GRACE_INSIDE: Duration = Duration::from_secs(5);

/// Commands from outside are nobody's children here: their end is found by looking.
const LOOK_EVERY: Duration = Duration::from_millis(10);

impl Init<'_> {
    fn live(&mut self, channel: &Channel, signals: &OwnedFd) -> Result<i32, SandboxError> {
        loop {
            let event = self.wait(channel, signals)?;
            if event.console {
                self.drain_console();
            }
            if event.signal {
                let asked = self.read_signals(signals);
                self.reap();
                if let (Some(signal), None) = (asked, self.off) {
                    self.power_off(GRACE_INSIDE);
                    self.reboot = signal == libc::SIGINT as u32;
                }
            }
            if event.order {
                match channel.receive::<Order>()? {
                    None => return Ok(0),
                    Some((Order::Go, _)) => self.go(),
                    Some((Order::PowerOff { grace_ms }, _)) => self.power_off(Duration::from_millis(grace_ms)),
                    Some((Order::Exec(command), fds)) => match exec::Request::new(command, fds) {
                        Some(request) => exec::start(request, &self.environment),
                        None => self.console.say("a command came without its descriptors"),
                    },
                }
            }
            if event.connection
                && let Some(ssh) = &mut self.ssh
                && let Err(error) = self.terminal.program.try_clone().and_then(|fd| ssh.ready(fd.into()))
                && error.kind() != std::io::ErrorKind::WouldBlock
            {
                self.console.say(&format!("cannot start sshd: {error}"));
            }
            if self.off.is_some() && (self.goes_down() || sys::alone()) {
                return Ok(self.end());
            }
        }
    }

    fn wait(&self, channel: &Channel, signals: &OwnedFd) -> Result<Event, SandboxError> {
        let listener = self.ssh.as_ref().and_then(Ssh::watched);
        let mut fds: Vec<PollFd<'_>> =
            vec![watch(channel.as_fd()), watch(signals.as_fd()), watch(self.terminal.master.as_fd())];
        fds.extend(listener.as_ref().map(|l| watch(l.as_fd())));
        let patience = self.off.map(|off| {
            let left = off.hang_up.unwrap_or(off.last).saturating_duration_since(Instant::now()).min(LOOK_EVERY);
            Timespec { tv_sec: left.as_secs() as i64, tv_nsec: i64::from(left.subsec_nanos()) }
        });
        match poll(&mut fds, patience.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(other) => return Err(other).step("wait for something to do", "poll"),
        }
        let at = |place: usize| fds.get(place).is_some_and(|fd| !fd.revents().is_empty());
        Ok(Event { order: at(0), signal: at(1), console: at(2), connection: at(3) })
    }

    /// The network is there.
    fn go(&mut self) {
        self.console.say(&format!("{} {} is up", self.instance.id, self.instance.hostname));
        if let Err(error) = loopback() {
            self.console.say(&format!("cannot bring lo up: {error}"));
        }
        match Ssh::listen(self.ids) {
            Ok(ssh) => self.ssh = ssh,
            Err(error) => self.console.say(&format!("cannot listen on port 22: {error}")),
        }
        let Some(data) = self.instance.user_data.as_ref().filter(|d| self.instance.first_boot && !d.is_empty()) else {
            return;
        };
        match user_data::plan(data) {
            Plan::Unsupported(reason) => self.console.say(&reason),
            Plan::Script(script) => match self.start_user_data(data, &script) {
                Ok(pid) => self.user_data = pid,
                Err(error) => self.console.say(&format!("cannot run user data: {error}")),
            },
        }
    }

    fn start_user_data(&self, data: &[u8], script: &[u8]) -> std::io::Result<Option<u32>> {
        let Some(program) = user_data::install(data, script)? else { return Ok(None) };
        let mut command = Command::new(program);
        command.env_clear().envs(self.environment.iter().cloned());
        command.envs([("HOME", "/root"), ("USER", "root"), ("LOGNAME", "root"), ("SHELL", "/bin/bash")]);
        let output = || self.terminal.program.try_clone().map(Stdio::from);
        command.current_dir("/").stdin(Stdio::null()).stdout(output()?).stderr(output()?);
        Ok(Some(command.spawn()?.id()))
    }

    fn drain_console(&mut self) {
        let mut bytes = [0u8; 4096];
        while let Ok(count) = rustix::io::read(&self.terminal.master, &mut bytes[..]) {
            let Some(bytes) = bytes.get(..count).filter(|b| !b.is_empty()) else { return };
            self.console.write(bytes);
        }
    }

    /// The last signal that asks to power off, if any does.
    fn read_signals(&self, signals: &OwnedFd) -> Option<u32> {
        let mut asked = None;
        let mut bytes = [0u8; size_of::<libc::signalfd_siginfo>()];
        while let Ok(count) = rustix::io::read(signals, &mut bytes[..]) {
            let number = bytes.first_chunk::<4>().map(|b| u32::from_ne_bytes(*b)).filter(|_| count == bytes.len());
            asked = number.filter(|n| *n != libc::SIGCHLD as u32).or(asked);
        }
        asked
    }

    /// Collects the ended.
    fn reap(&mut self) {
        while let Ok(Some((pid, status))) = wait(WaitOptions::NOHANG) {
            let pid = pid.as_raw_nonzero().get() as u32;
            if self.user_data == Some(pid) {
                self.user_data = None;
                self.drain_console();
                let how = match (status.exit_status(), status.terminating_signal()) {
                    (Some(code), _) => format!("status {code}"),
                    (None, signal) => format!("signal {}", signal.unwrap_or(0)),
                };
                self.console.say(&format!("user data finished with {how}"));
            }
            if let Some(ssh) = &mut self.ssh {
                ssh.ended(pid);
            }
        }
    }

    fn power_off(&mut self, grace: Duration) {
        self.console.say("powering off");
        self.ssh = None;
        let now = Instant::now();
        self.off = Some(Off { hang_up: Some(now + HANG_UP_AFTER.min(grace / 2)), last: now + grace });
        sys::signal_all(libc::SIGTERM);
        sys::signal_all(libc::SIGCONT);
    }

    /// Takes the next step down when its time has come; true when the last has.
    fn goes_down(&mut self) -> bool {
        let Some(off) = &mut self.off else { return false };
        let now = Instant::now();
        if off.hang_up.is_some_and(|at| now >= at) {
            off.hang_up = None;
            sys::signal_all(libc::SIGHUP);
        }
        now >= off.last
    }

    /// What still runs is killed by the kernel when process 1 ends.
    fn end(&mut self) -> i32 {
        self.drain_console();
        self.console.say(if self.reboot { "reboot" } else { "power down" });
        if self.reboot { REBOOT_STATUS } else { 0 }
    }
}

struct Event {
    order: bool,
    signal: bool,
    console: bool,
    connection: bool,
}

fn watch(fd: BorrowedFd<'_>) -> PollFd<'_> {
    PollFd::from_borrowed_fd(fd, PollFlags::IN)
}

fn loopback() -> Result<(), rustix::io::Errno> {
    use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};
    let socket = socket_with(AddressFamily::INET, SocketType::DGRAM, SocketFlags::CLOEXEC, None)?;
    sys::loopback_up(socket)
}
