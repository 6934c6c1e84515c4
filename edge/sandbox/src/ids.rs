//! User namespaces: which ids an instance has, and the short-lived process in which its own namespaces begin.

use std::ffi::CString;
use std::fs;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::mount::{MountFlags, MoveMountFlags, OpenTreeFlags, UnmountFlags};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use rustix::thread::UnshareFlags;

use crate::error::{SandboxError, Step};
use crate::spec::Ids;
use crate::sys::{self, Fork};

/// Far from the ids that distributions, directories and other container tools give out.
const SHIFTED_BASE: u32 = 0x7000_0000;
/// Root to nobody.
const COUNT: u32 = 65_536;

/// The best mapping this host allows: ids that mean nothing outside, else all that there are. `trial` holds the empty
/// directories `mapped` and `merged`, and the caller may mount there.
pub(crate) fn choose(trial: &Path) -> Result<Ids, SandboxError> {
    let map = fs::read_to_string("/proc/self/uid_map").step("read the user id map", "read(/proc/self/uid_map)")?;
    let shifted = Ids { base: SHIFTED_BASE, count: COUNT };
    if mapped_from(&map, SHIFTED_BASE) >= COUNT && idmap_works(shifted, trial)? {
        return Ok(shifted);
    }
    Ok(Ids { base: 0, count: mapped_from(&map, 0).clamp(1, COUNT) })
}

/// The directories that [`choose`] needs.
pub(crate) const TRIAL_DIRECTORIES: [&str; 3] = ["empty", "mapped", "merged"];

/// How many ids from `first` on exist in a namespace with this map, as far as they are listed in order.
fn mapped_from(map: &str, first: u32) -> u32 {
    let mut next = first;
    for part in parts(map) {
        if part.contains(&next) {
            next = part.end;
        }
    }
    next - first
}

/// The ranges of ids that a map makes exist.
fn parts(map: &str) -> Vec<std::ops::Range<u32>> {
    let part = |line: &str| {
        let mut numbers = line.split_whitespace().map(|n| n.parse::<u32>().ok());
        let (inside, _, count) = (numbers.next()??, numbers.next()??, numbers.next()??);
        Some(inside..inside.saturating_add(count))
    };
    map.lines().filter_map(part).collect()
}

/// The map of a namespace with `ids`, made below one with the map `outer`: the kernel wants every line of it to lie within
/// one line of the outer.
fn map_within(ids: Ids, outer: &str) -> String {
    let wanted = ids.base..ids.base.saturating_add(ids.count);
    let line = |part: std::ops::Range<u32>| {
        let (first, end) = (part.start.max(wanted.start), part.end.min(wanted.end));
        (first < end).then(|| format!("{} {first} {}\n", first - wanted.start, end - first))
    };
    parts(outer).into_iter().filter_map(line).collect()
}

/// Whether an overlay can be laid on an id-mapped mount of the root file system: not on kernels before 5.19, and not
/// where that is an overlay itself, as in Docker.
fn idmap_works(ids: Ids, trial: &Path) -> Result<bool, SandboxError> {
    let holder = Holder::start(ids, UnshareFlags::NEWUSER)?;
    match try_idmap(&holder, trial) {
        Ok(()) => Ok(true),
        Err(Errno::INVAL | Errno::PERM | Errno::NOSYS | Errno::OPNOTSUPP) => Ok(false),
        Err(other) => Err(other).step("try an overlay of an id-mapped mount of /usr", "mount"),
    }
}

fn try_idmap(holder: &Holder, trial: &Path) -> Result<(), Errno> {
    let (mapped, merged) = (trial.join("mapped"), trial.join("merged"));
    let mount = idmapped(Path::new("/usr"), &holder.users)?;
    let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH;
    rustix::mount::move_mount(&mount, "", rustix::fs::CWD, &mapped, flags)?;
    // Names relative to an open directory hold no character an option could misread.
    let place = rustix::fs::open(trial, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    let number = place.as_raw_fd();
    let options = format!("lowerdir=/proc/self/fd/{number}/empty:/proc/self/fd/{number}/mapped");
    let options = CString::new(options).map_err(|_| Errno::INVAL)?;
    let outcome = rustix::mount::mount("postern", &merged, "overlay", MountFlags::RDONLY, options.as_c_str())
        .and_then(|()| rustix::mount::unmount(&merged, UnmountFlags::DETACH));
    rustix::mount::unmount(&mapped, UnmountFlags::DETACH)?;
    outcome
}

/// A detached mount of `path` whose files are owned by the ids of the user namespace `users`.
pub(crate) fn idmapped(path: &Path, users: &OwnedFd) -> Result<OwnedFd, Errno> {
    let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
    let mount = rustix::mount::open_tree(rustix::fs::CWD, path, flags)?;
    sys::mount_idmap(&mount, users)?;
    Ok(mount)
}

/// A child process that holds new namespaces open until they have been entered.
pub(crate) struct Holder {
    child: Pid,
    pub users: OwnedFd,
}

impl Holder {
    /// Starts it with `namespaces`, the user namespace among them, mapped as `ids` says.
    pub(crate) fn start(ids: Ids, namespaces: UnshareFlags) -> Result<Self, SandboxError> {
        let (said_read, said_write) = pipe_with(PipeFlags::CLOEXEC).step("talk to the namespace holder", "pipe2")?;
        let me = std::process::id();
        match sys::fork().step("start the namespace holder", "fork")? {
            Fork::Child => {
                drop(said_read);
                hold(me, namespaces, &said_write)
            }
            Fork::Parent(child) => {
                drop(said_write);
                let mut answer = [0u8; 4];
                let count = rustix::io::read(&said_read, &mut answer[..]).unwrap_or(0);
                let errno = i32::from_ne_bytes(answer);
                if count != 4 || errno != 0 {
                    end(child);
                    let errno = if count == 4 { errno } else { Errno::CHILD.raw_os_error() };
                    return Err(Errno::from_raw_os_error(errno))
                        .step("make the instance's own namespaces", "unshare(CLONE_NEWUSER)");
                }
                Self::mapped(child, ids).inspect_err(|_| end(child))
            }
        }
    }

    fn mapped(child: Pid, ids: Ids) -> Result<Self, SandboxError> {
        let process = child.as_raw_nonzero();
        for name in ["uid_map", "gid_map"] {
            let outer = fs::read_to_string(format!("/proc/self/{name}"))
                .step("map the instance's ids", format!("read(/proc/self/{name})"))?;
            let map = map_within(ids, &outer);
            fs::write(format!("/proc/{process}/{name}"), &map)
                .step("map the instance's ids", format!("write(/proc/PID/{name})"))
                .map_err(|e| e.with(map.trim_end()))?;
        }
        let users = open_namespace(child, "user")?;
        Ok(Self { child, users })
    }

    /// One of the namespaces by its name below /proc/PID/ns.
    pub(crate) fn namespace(&self, name: &'static str) -> Result<OwnedFd, SandboxError> {
        open_namespace(self.child, name)
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        end(self.child);
    }
}

fn open_namespace(process: Pid, name: &'static str) -> Result<OwnedFd, SandboxError> {
    let path = format!("/proc/{}/ns/{name}", process.as_raw_nonzero());
    rustix::fs::open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())
        .step("take hold of the instance's namespaces", format!("open(/proc/PID/ns/{name})"))
}

fn end(child: Pid) {
    // Both fail only when the child is gone already, which is what is wanted.
    let _ = kill_process(child, Signal::KILL);
    let _ = waitpid(Some(child), WaitOptions::empty());
}

/// The child's life: new namespaces, say so, wait for the end.
fn hold(parent: u32, namespaces: UnshareFlags, said: &OwnedFd) -> ! {
    if crate::die_with_parent(parent).is_err() {
        // A parent that went before it could be followed ends nobody: this process would stay for ever.
        let _ = rustix::io::write(said, &Errno::CHILD.raw_os_error().to_ne_bytes());
        std::process::exit(1);
    }
    let answer = sys::unshare(namespaces).map_or_else(|e| e.raw_os_error(), |()| 0);
    // If nobody listens the parent is gone, and with it soon this process.
    let _ = rustix::io::write(said, &answer.to_ne_bytes());
    loop {
        // Interrupted or not: it is ended by a signal.
        let _ = rustix::thread::nanosleep(&rustix::thread::Timespec { tv_sec: 3600, tv_nsec: 0 });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_are_counted_in_order() {
        assert_eq!(mapped_from("         0          0 4294967295\n", 0x7000_0000), u32::MAX - 0x7000_0000);
        assert_eq!(mapped_from("0 1000 1\n", 0), 1);
        assert_eq!(mapped_from("0 1000 1\n1 100000 65536\n", 0), 65_537);
        assert_eq!(mapped_from("0 100000 65536\n", 0x7000_0000), 0);
    }

    #[test]
    fn a_map_is_split_where_the_outer_one_is() {
        let all = Ids { base: 0, count: 65_536 };
        assert_eq!(map_within(all, "0 1000 1\n1 100000 65536\n"), "0 0 1\n1 1 65535\n");
        assert_eq!(map_within(Ids { base: 0x7000_0000, count: 65_536 }, "0 0 4294967295\n"), "0 1879048192 65536\n");
    }
}
