//! Postern without root: the program starts itself again inside a user namespace where it is.

use std::convert::Infallible;
use std::ffi::OsString;
use std::fs;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::Command;

use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{WaitOptions, waitpid};
use rustix::thread::UnshareFlags;

use crate::error::{SandboxError, Step};
use crate::sys::{self, Fork};

/// Set in the second life; its value is the list of descriptors kept, `name=number` separated by commas.
const MARK: &str = "POSTERN_ROOTLESS";
const INIT_MAP: &str = "0 0 4294967295";

/// Whether the calling process is in a user namespace other than the host's first.
pub fn within() -> bool {
    let map = fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    map.split_whitespace().collect::<Vec<_>>().join(" ") != INIT_MAP
}

/// Whether this process has to call [`enter_rootless`] before it can hold instances: it may not mount.
pub fn needed() -> bool {
    let own = rustix::thread::capabilities(None);
    !own.is_ok_and(|sets| sets.effective.contains(rustix::thread::CapabilitySet::SYS_ADMIN))
}

/// A descriptor that was kept over [`enter_rootless`], by its name. Once each.
pub fn inherited(name: &str) -> Option<OwnedFd> {
    let list = std::env::var(MARK).ok()?;
    let number = list.split(',').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
    let fd = sys::adopt(number.parse().ok()?).ok()?;
    // Failing leaves it open to programs this one starts, of which all that are instances close what they inherit.
    let _ = rustix::io::fcntl_setfd(&fd, rustix::io::FdFlags::CLOEXEC);
    Some(fd)
}

/// Starts this program again, same arguments, as root of a new user and mount namespace. Returns only on failure.
///
/// Must be called before any thread exists. `keep` are descriptors to find again with [`inherited`]: the host-facing
/// listening socket, which must be opened before. All of the caller's subordinate ids are mapped where `newuidmap` and
/// /etc/subuid allow it; otherwise its one id is root and there is no other.
pub fn enter_rootless(keep: &[(&str, BorrowedFd<'_>)]) -> Result<Infallible, SandboxError> {
    let (user, group) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
    let ranges = subordinate("/etc/subuid", user).zip(subordinate("/etc/subgid", user));
    let mapper = ranges.map(|(users, groups)| Mapper::start(user, group, users, groups)).transpose()?;
    sys::unshare(UnshareFlags::NEWUSER | UnshareFlags::NEWNS)
        .step("become root of an own user namespace", "unshare(CLONE_NEWUSER|CLONE_NEWNS)")
        .map_err(|e| e.with("see `postern doctor`"))?;
    if !mapper.is_some_and(Mapper::finish) {
        map_one(user, group)?;
    }
    let mut list = Vec::new();
    for (name, fd) in keep {
        let flags = rustix::io::FdFlags::empty();
        rustix::io::fcntl_setfd(fd, flags).step("keep a descriptor", "fcntl(F_SETFD)")?;
        list.push(format!("{name}={}", fd.as_fd().as_raw_fd()));
    }
    let mut arguments = std::env::args_os();
    let name = arguments.next().unwrap_or_else(|| OsString::from("postern"));
    let error = Command::new("/proc/self/exe").arg0(name).args(arguments).env(MARK, list.join(",")).exec();
    Err(error).step("start again in the user namespace", "execve(/proc/self/exe)")
}

/// The caller's first range of subordinate ids: where it begins and how long it is.
fn subordinate(file: &str, user: u32) -> Option<(u32, u32)> {
    let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let is_user = |line: &&str| line.split(':').nth(2).is_some_and(|id| id == user.to_string());
    let name = passwd.lines().find(is_user).and_then(|line| line.split(':').next()).unwrap_or("");
    let text = fs::read_to_string(file).ok()?;
    text.lines().find_map(|line| {
        let mut fields = line.split(':');
        let owner = fields.next()?;
        let range = (fields.next()?.parse().ok()?, fields.next()?.trim().parse().ok()?);
        ((!name.is_empty() && owner == name) || owner == user.to_string()).then_some(range)
    })
}

fn map_one(user: u32, group: u32) -> Result<(), SandboxError> {
    let step = "map the caller's own id to root";
    fs::write("/proc/self/setgroups", "deny").step(step, "write(/proc/self/setgroups)")?;
    fs::write("/proc/self/uid_map", format!("0 {user} 1\n")).step(step, "write(/proc/self/uid_map)")?;
    fs::write("/proc/self/gid_map", format!("0 {group} 1\n")).step(step, "write(/proc/self/gid_map)")
}

/// A child left outside the new namespace, from where `newuidmap` must be called.
struct Mapper {
    child: rustix::process::Pid,
    begin: OwnedFd,
}

impl Mapper {
    fn start(user: u32, group: u32, users: (u32, u32), groups: (u32, u32)) -> Result<Self, SandboxError> {
        let step = "map subordinate ids";
        let (read, begin) = pipe_with(PipeFlags::CLOEXEC).step(step, "pipe2")?;
        let parent = std::process::id();
        match sys::fork().step(step, "fork")? {
            Fork::Parent(child) => Ok(Self { child, begin }),
            Fork::Child => {
                drop(begin);
                let mut byte = [0u8; 1];
                // The end of the pipe is the sign as well: either way the namespace is there or the parent is gone.
                let _ = rustix::io::read(&read, &mut byte[..]);
                let mapped =
                    run_mapper("newuidmap", parent, user, users) && run_mapper("newgidmap", parent, group, groups);
                std::process::exit(if mapped { 0 } else { 1 })
            }
        }
    }

    /// The namespace exists: map it. False when the tools refused or are absent.
    fn finish(self) -> bool {
        drop(self.begin);
        let ended = waitpid(Some(self.child), WaitOptions::empty());
        matches!(ended, Ok(Some((_, status))) if status.exit_status() == Some(0))
    }
}

fn run_mapper(program: &str, process: u32, own: u32, (first, count): (u32, u32)) -> bool {
    let numbers = [process, 0, own, 1, 1, first, count];
    let status = Command::new(program).args(numbers.map(|n| n.to_string())).status();
    status.is_ok_and(|s| s.success())
}
