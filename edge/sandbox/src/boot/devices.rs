//! `/dev` of an instance: the harmless devices, terminals of its own, a console that init reads.

use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use rustix::mount::{MountAttrFlags, MountFlags};
use rustix::pty::OpenptFlags;

use super::root::{Tree, attach, clone_mount};
use crate::error::{SandboxError, Step};
use crate::sys;

const HARMLESS: [&str; 6] = ["null", "zero", "full", "random", "urandom", "tty"];
const LINKS: [(&str, &str); 5] = [
    ("fd", "/proc/self/fd"),
    ("stdin", "/proc/self/fd/0"),
    ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"),
    ("ptmx", "pts/ptmx"),
];
/// The group `tty` on every distribution.
const TTY_GROUP: u32 = 5;

/// The terminal pair behind `/dev/console`. The program's side stays open, so that reading never ends.
pub(super) struct Terminal {
    pub master: OwnedFd,
    pub program: OwnedFd,
}

pub(super) fn make(tree: &Tree<'_>) -> Result<Terminal, SandboxError> {
    let step = "make the instance's devices";
    tree.tmpfs("/dev", 0o755, "1m")?;
    let dev = tree.directory(Path::new("/dev"))?;
    for name in HARMLESS {
        let device =
            clone_mount(&rustix::fs::CWD, &format!("/dev/{name}")).step(step, format!("open_tree(/dev/{name})"))?;
        // Read-only concerns the node (its mode and owner), not what is written to the device.
        sys::mount_restrict(&device, MountAttrFlags::MOUNT_ATTR_RDONLY).step(step, "mount_setattr")?;
        file(&dev, name)?;
        attach(&device, &dev, name).step(step, "move_mount")?;
    }
    for (name, target) in LINKS {
        rustix::fs::symlinkat(target, &dev, name).step(step, "symlinkat")?;
        tree.give_to_guest(&dev, name.as_ref())?;
    }
    tree.tmpfs("/dev/shm", 0o1777, "256m")?;
    let mut options = "newinstance,ptmxmode=0666,mode=0620".to_owned();
    if tree.ids.count > TTY_GROUP {
        options += &format!(",gid={}", tree.ids.outside(TTY_GROUP));
    }
    let quiet = MountFlags::NOSUID | MountFlags::NOEXEC;
    tree.mount_on(Path::new("/dev/pts"), "devpts", "devpts", quiet, &options)?;
    console(tree, &dev)
}

fn console(tree: &Tree<'_>, dev: &OwnedFd) -> Result<Terminal, SandboxError> {
    let step = "make the instance's console";
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let master = rustix::fs::openat(dev, "pts/ptmx", flags, Mode::empty()).step(step, "open(/dev/pts/ptmx)")?;
    rustix::pty::unlockpt(&master).step(step, "ioctl(TIOCSPTLCK)")?;
    let ours = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let program = rustix::pty::ioctl_tiocgptpeer(&master, ours).step(step, "ioctl(TIOCGPTPEER)")?;
    let mut settings = rustix::termios::tcgetattr(&program).step(step, "tcgetattr")?;
    settings.output_modes.remove(rustix::termios::OutputModes::OPOST);
    settings.local_modes.remove(rustix::termios::LocalModes::ECHO);
    rustix::termios::tcsetattr(&program, rustix::termios::OptionalActions::Now, &settings).step(step, "tcsetattr")?;
    tree.give_to_guest(&tree.directory(Path::new("/dev/pts"))?, "0".as_ref())?;
    let node = clone_mount(dev, "pts/0").step(step, "open_tree")?;
    file(dev, "console")?;
    attach(&node, dev, "console").step(step, "move_mount")?;
    Ok(Terminal { master, program })
}

/// An empty file to mount on.
fn file(directory: &OwnedFd, name: &str) -> Result<(), SandboxError> {
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
    rustix::fs::openat(directory, name, flags, Mode::from_bits_truncate(0o666))
        .map(drop)
        .step(format!("make /dev/{name}"), "openat(O_CREAT)")
}
