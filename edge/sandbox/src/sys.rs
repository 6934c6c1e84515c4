//! The few system calls that rustix does not offer as safe functions. The only unsafe code of this crate.
#![allow(unsafe_code)]

use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use rustix::io::{Errno, Result};
use rustix::mount::MountAttrFlags;
use rustix::process::Pid;
use rustix::thread::UnshareFlags;

/// Which side of a fork this is.
pub(crate) enum Fork {
    Child,
    Parent(Pid),
}

fn check(answer: i64) -> Result<i64> {
    if answer < 0 {
        Err(Errno::from_raw_os_error(std::io::Error::last_os_error().raw_os_error().unwrap_or(libc::EIO)))
    } else {
        Ok(answer)
    }
}

fn forked(answer: i64) -> Fork {
    match Pid::from_raw(answer as i32) {
        Some(pid) => Fork::Parent(pid),
        None => Fork::Child,
    }
}

/// Forks. Only for the helper processes, which never start a thread.
pub(crate) fn fork() -> Result<Fork> {
    // SAFETY: the calling process has one thread, so the child may run any code.
    check(i64::from(unsafe { libc::fork() })).map(forked)
}

/// Forks a child that is a sibling: its parent is the caller's parent.
///
/// The caller may then end without leaving a process between the daemon and the instance.
pub(crate) fn fork_sibling() -> Result<Fork> {
    let flags = (libc::CLONE_PARENT | libc::SIGCHLD) as libc::c_ulong;
    // SAFETY: without CLONE_VM and with a null stack this is a fork; the caller has one thread and no atfork handlers.
    check(unsafe { libc::syscall(libc::SYS_clone, flags, 0usize, 0usize, 0usize, 0usize) }).map(forked)
}

/// Leaves the namespaces named by `flags` for new ones.
pub(crate) fn unshare(flags: UnshareFlags) -> Result<()> {
    assert!(!flags.contains(UnshareFlags::FILES), "file tables stay shared");
    // SAFETY: CLONE_FILES, the one flag that can pull descriptors from under other threads, is excluded above.
    unsafe { rustix::thread::unshare_unsafe(flags) }
}

/// Closes every descriptor from `first` on.
pub(crate) fn close_from(first: u32) -> Result<()> {
    // SAFETY: called first thing in a helper process, before anything owns a descriptor at or above `first`.
    check(unsafe { libc::syscall(libc::SYS_close_range, first, u32::MAX, 0) }).map(|_| ())
}

/// Closes every descriptor but these and the first three.
///
/// For a forked child that never returns to the owners of the others.
pub(crate) fn close_all_but(keep: &[BorrowedFd<'_>]) -> Result<()> {
    let mut numbers: Vec<u32> = keep.iter().map(|fd| fd.as_raw_fd() as u32).collect();
    numbers.sort_unstable();
    let mut first = 3;
    for number in numbers.into_iter().chain([u32::MAX]) {
        if number > first {
            // SAFETY: the caller ends without using or dropping anything that owns a descriptor in this range.
            check(unsafe { libc::syscall(libc::SYS_close_range, first, number - 1, 0) })?;
        }
        first = number.saturating_add(1).max(first);
    }
    Ok(())
}

/// Takes over a descriptor by number: one that this process was started with.
pub(crate) fn adopt(number: i32) -> Result<OwnedFd> {
    // SAFETY: fcntl only looks; a number that is not open is refused.
    check(i64::from(unsafe { libc::fcntl(number, libc::F_GETFD) }))?;
    // SAFETY: open (checked above), and the contract of the helper processes gives it to nobody else.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

#[repr(C)]
struct MountAttr {
    attr_set: u64,
    attr_clr: u64,
    propagation: u64,
    userns_fd: u64,
}

fn mount_setattr(mount: BorrowedFd<'_>, flags: i32, attributes: &MountAttr) -> Result<()> {
    // SAFETY: the path is a constant, the structure has the kernel's layout and its size is given.
    let answer = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            mount.as_raw_fd(),
            c"".as_ptr(),
            libc::AT_EMPTY_PATH | flags,
            attributes as *const MountAttr,
            size_of::<MountAttr>(),
        )
    };
    check(answer).map(|_| ())
}

/// Shows a detached mount's files as owned by the ids that `users` (a user namespace) maps them to.
pub(crate) fn mount_idmap(mount: impl AsFd, users: impl AsFd) -> Result<()> {
    const MOUNT_ATTR_IDMAP: u64 = 0x0010_0000;
    let userns_fd = users.as_fd().as_raw_fd() as u64;
    mount_setattr(mount.as_fd(), 0, &MountAttr { attr_set: MOUNT_ATTR_IDMAP, attr_clr: 0, propagation: 0, userns_fd })
}

/// Adds attributes to one mount, leaving its others.
pub(crate) fn mount_restrict(mount: impl AsFd, attributes: MountAttrFlags) -> Result<()> {
    let attr_set = u64::from(attributes.bits());
    mount_setattr(mount.as_fd(), 0, &MountAttr { attr_set, attr_clr: 0, propagation: 0, userns_fd: 0 })
}

/// Adds attributes to a mount and every mount below it.
pub(crate) fn mount_restrict_all(mount: impl AsFd, attributes: MountAttrFlags) -> Result<()> {
    const AT_RECURSIVE: i32 = 0x8000;
    let attr_set = u64::from(attributes.bits());
    mount_setattr(mount.as_fd(), AT_RECURSIVE, &MountAttr { attr_set, attr_clr: 0, propagation: 0, userns_fd: 0 })
}

/// Installs a seccomp filter without `no_new_privs`, so that set-user-id programs keep working.
///
/// Needs CAP_SYS_ADMIN in the caller's user namespace.
pub(crate) fn seccomp_install(program: &[seccompiler::sock_filter]) -> Result<()> {
    let fprog = libc::sock_fprog { len: program.len() as u16, filter: program.as_ptr().cast_mut().cast() };
    // SAFETY: the kernel copies the program; both sock_filter types are the kernel's structure.
    let answer = unsafe {
        libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, 0, &fprog as *const libc::sock_fprog)
    };
    check(answer).map(|_| ())
}

/// Blocks the signals and returns a descriptor from which they can be read.
pub(crate) fn signal_fd(signals: &[i32]) -> Result<OwnedFd> {
    let mut set = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: sigemptyset initialises the set before its first use; the descriptor returned is new.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        for signal in signals {
            libc::sigaddset(set.as_mut_ptr(), *signal);
        }
        check(i64::from(libc::sigprocmask(libc::SIG_BLOCK, set.as_ptr(), std::ptr::null_mut())))?;
        let fd = check(i64::from(libc::signalfd(-1, set.as_ptr(), libc::SFD_CLOEXEC | libc::SFD_NONBLOCK)))?;
        Ok(OwnedFd::from_raw_fd(fd as i32))
    }
}

/// Keeps signals from having an effect.
pub(crate) fn block_signals(signals: &[i32]) -> Result<()> {
    signal_fd(signals).map(drop)
}

/// Gives every signal its default action and an empty mask, as a login would find them.
pub(crate) fn default_signals() {
    // SAFETY: only default actions are set; signals that cannot be changed are refused, which changes nothing.
    unsafe {
        for signal in 1..=64 {
            libc::signal(signal, libc::SIG_DFL);
        }
        let mut set = MaybeUninit::<libc::sigset_t>::uninit();
        libc::sigemptyset(set.as_mut_ptr());
        libc::sigprocmask(libc::SIG_SETMASK, set.as_ptr(), std::ptr::null_mut());
    }
}

/// Sends a signal to every process of the caller's pid namespace but the caller.
pub(crate) fn signal_all(signal: i32) {
    // SAFETY: asks the kernel only; refused where there is nobody.
    unsafe { libc::kill(-1, signal) };
}

/// Whether the caller's pid namespace holds no other process, whoever their parents are.
pub(crate) fn alone() -> bool {
    // SAFETY: signal 0 only asks.
    let answer = check(i64::from(unsafe { libc::kill(-1, 0) }));
    answer == Err(Errno::SRCH)
}

/// Sends a signal by number to a process, or to a process group when `group`.
pub(crate) fn signal_process(pid: Pid, signal: i32, group: bool) -> Result<()> {
    let number = pid.as_raw_nonzero().get();
    // SAFETY: asks the kernel only.
    check(i64::from(unsafe { libc::kill(if group { -number } else { number }, signal) })).map(|_| ())
}

/// Brings the loopback interface of the caller's network namespace up.
pub(crate) fn loopback_up(socket: impl AsFd) -> Result<()> {
    let fd = socket.as_fd().as_raw_fd();
    // SAFETY: ifreq is plain data for which zero is valid; both ioctls read and write only the structure given.
    unsafe {
        let mut request: libc::ifreq = std::mem::zeroed();
        request.ifr_name[0] = b'l' as libc::c_char;
        request.ifr_name[1] = b'o' as libc::c_char;
        check(i64::from(libc::ioctl(fd, libc::SIOCGIFFLAGS as _, &mut request)))?;
        request.ifr_ifru.ifru_flags |= libc::IFF_UP as libc::c_short;
        check(i64::from(libc::ioctl(fd, libc::SIOCSIFFLAGS as _, &request))).map(|_| ())
    }
}

/// Sets the calling thread's user and group ids, all of them, and its supplementary groups.
pub(crate) fn become_user(uid: u32, gid: u32, groups: Option<&[u32]>) -> Result<()> {
    // SAFETY: the helper processes have one thread; the kernel copies the list.
    unsafe {
        if let Some(groups) = groups {
            check(libc::syscall(libc::SYS_setgroups, groups.len(), groups.as_ptr()))?;
        }
        check(libc::syscall(libc::SYS_setresgid, gid, gid, gid))?;
        check(libc::syscall(libc::SYS_setresuid, uid, uid, uid)).map(|_| ())
    }
}
