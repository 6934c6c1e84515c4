//! Instances: processes in namespaces of their own, on a root made of the host's system directories and a disk of their
//! own, with nothing private of the host in sight and no right over anything of it.
//!
//! [`Sandboxes`] starts them, [`Running`] is one of them. A program that uses this crate calls [`hidden_main`] before
//! anything else: the helper processes are the program itself under hidden subcommands. Nothing that is made has a name
//! on the host: `kill -9` of the daemon leaves no process, namespace or mount.

mod boot;
mod cgroup;
mod channel;
mod error;
mod exec;
mod ids;
mod layer;
mod owner;
mod privilege;
mod probe;
mod rootless;
mod running;
mod seccomp;
mod spec;
mod sys;

pub use error::SandboxError;
pub use owner::Sandboxes;
pub use probe::{Probe, probe};
pub use rootless::{enter_rootless, inherited, needed as rootless_needed, within as rootless_within};
pub use running::{ExecHandle, ExecSpec, Running};
pub use spec::{Exit, InstanceSpec, SandboxConfig, Window};

use channel::Channel;
use error::Step;

/// Does the work of a helper process and ends, if this process was started as one; otherwise returns at once.
///
/// Must come first in `main`: no thread may exist, and no descriptor above 2 may belong to anything.
pub fn hidden_main() {
    let Some(subcommand) = std::env::args_os().nth(1).and_then(|a| a.into_string().ok()) else { return };
    if !subcommand.starts_with("__sandbox") {
        return;
    }
    let Ok(channel) = control() else { std::process::exit(125) };
    match subcommand.as_str() {
        owner::LAYER => layer::helper(&channel),
        owner::INIT => boot::helper(channel),
        probe::SUBCOMMAND => probe::helper(&channel),
        _ => std::process::exit(125),
    }
    std::process::exit(0)
}

/// The channel that the daemon gave as standard input. The daemon's other descriptors are closed, whatever they are.
fn control() -> Result<Channel, SandboxError> {
    sys::close_from(3).step("close the daemon's descriptors", "close_range")?;
    let channel =
        rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3).step("take the channel", "fcntl(F_DUPFD)")?;
    let null = rustix::fs::open(
        "/dev/null",
        rustix::fs::OFlags::RDWR | rustix::fs::OFlags::CLOEXEC,
        rustix::fs::Mode::empty(),
    )
    .step("let go of standard input", "open(/dev/null)")?;
    rustix::stdio::dup2_stdin(&null).step("let go of standard input", "dup2")?;
    rustix::process::umask(rustix::fs::Mode::from_bits_truncate(0o022));
    Ok(Channel::from_fd(channel))
}

/// Asks the kernel to kill this process when the thread that started it ends, unless it has ended already.
fn die_with_parent(parent: u32) -> Result<(), SandboxError> {
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))
        .step("tie a helper to its parent", "prctl(PR_SET_PDEATHSIG)")?;
    if rustix::process::getppid().map(|p| p.as_raw_nonzero().get() as u32) != Some(parent) {
        return Err(SandboxError::plain("tie a helper to its parent", "the parent is gone"));
    }
    Ok(())
}
