//! From a helper process to an instance: namespaces first, then a root, then init.
//!
//! The helper forks init as its sibling and ends, so that init's parent is the daemon's spawning thread and dies with it.

mod console;
mod devices;
mod files;
mod init;
mod root;
mod ssh;
mod user_data;

use std::fs;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, chown};
use std::path::{Path, PathBuf};

use rustix::thread::{LinkNameSpaceType, UnshareFlags, move_into_link_name_space};

use crate::channel::Channel;
use crate::error::{SandboxError, Step};
use crate::ids::Holder;
use crate::layer;
use crate::spec::{BootRequest, Report};
use crate::sys::{self, Fork};
use console::Console;
pub(crate) use ssh::HOST_KEY;

/// When the host runs out of memory instances go before the daemon.
const OOM_SCORE: &str = "300";

/// The hidden subcommand `__sandbox-init`.
pub(crate) fn helper(channel: Channel) {
    if let Err(error) = start(&channel) {
        // A daemon that is gone needs no answer.
        let _ = channel.send(&Report::Failed(error), &[]);
    }
}

fn start(channel: &Channel) -> Result<(), SandboxError> {
    let Some((request, _)) = channel.receive::<BootRequest>()? else { return Ok(()) };
    crate::die_with_parent(request.parent)?;
    let mut groups = crate::cgroup::make(&request.instance, request.parent)?;
    // Refused only where the daemon itself is to be killed rather than this.
    let _ = fs::write("/proc/self/oom_score_adj", OOM_SCORE);
    limit()?;
    let own = UnshareFlags::NEWUSER | UnshareFlags::NEWNET | UnshareFlags::NEWUTS | UnshareFlags::NEWIPC;
    let holder = Holder::start(request.image.ids, own)?;
    let joined = Joined {
        users: holder.users.try_clone().step("keep the instance's user namespace", "dup")?,
        others: [
            (holder.namespace("net")?, LinkNameSpaceType::Network),
            (holder.namespace("uts")?, LinkNameSpaceType::HostNameAndNISDomainName),
            (holder.namespace("ipc")?, LinkNameSpaceType::InterProcessCommunication),
        ],
    };
    sys::unshare(UnshareFlags::NEWNS | UnshareFlags::NEWPID | UnshareFlags::NEWCGROUP)
        .step("make the instance's namespaces", "unshare(CLONE_NEWNS|CLONE_NEWPID|CLONE_NEWCGROUP)")?;
    let (disk, console) = prepare_disk(&request)?;
    match sys::fork_sibling().step("start the instance's init", "clone(CLONE_PARENT)")? {
        Fork::Parent(pid) => {
            let pid = pid.as_raw_nonzero().get();
            channel.send(&Report::Forked { pid }, &[])?;
            // The kernel takes milliseconds for this, in which init builds its root (and changes this process's, too). No process of the instance's own exists
            // before the daemon has seen this helper end.
            groups.iter_mut().try_for_each(|group| group.join(pid))
        }
        Fork::Child => {
            let status = match become_init(channel, &request, &joined, &disk, console) {
                Ok(status) => status,
                Err(error) => {
                    let _ = channel.send(&Report::Failed(error), &[]);
                    125
                }
            };
            std::process::exit(status)
        }
    }
}

/// The namespaces the instance itself owns.
struct Joined {
    users: OwnedFd,
    others: [(OwnedFd, LinkNameSpaceType); 3],
}

fn become_init(
    channel: &Channel,
    request: &BootRequest,
    joined: &Joined,
    disk: &Path,
    mut console: Console,
) -> Result<i32, SandboxError> {
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))
        .step("tie the instance to the daemon", "prctl(PR_SET_PDEATHSIG)")?;
    for (namespace, kind) in &joined.others {
        move_into_link_name_space(namespace.as_fd(), Some(*kind))
            .step(format!("enter the instance's namespaces ({kind:?})"), "setns")?;
    }
    let (terminal, complaints) = root::build(request, disk, &joined.users)?;
    for complaint in complaints {
        console.say(&complaint);
    }
    enter_as_guest(&joined.users)?;
    // The session's start: nothing of the daemon's terminal remains.
    rustix::process::setsid().step("leave the daemon's session", "setsid")?;
    init::run(channel, request, console, terminal)
}

/// Becomes root of the instance's user namespace, for good. What follows can touch only what the instance can.
fn enter_as_guest(users: &OwnedFd) -> Result<(), SandboxError> {
    move_into_link_name_space(users.as_fd(), Some(LinkNameSpaceType::User))
        .step("enter the instance's user namespace", "setns(CLONE_NEWUSER)")?;
    become_guest_root()?;
    // Changing ids clears both of these.
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))
        .step("tie the instance to the daemon", "prctl(PR_SET_PDEATHSIG)")?;
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)
        .step("keep init from being looked into", "prctl(PR_SET_DUMPABLE)")?;
    crate::privilege::confine()
}

/// Root's ids of the namespace just entered. A namespace of one id has no groups to drop.
pub(crate) fn become_guest_root() -> Result<(), SandboxError> {
    match sys::become_user(0, 0, Some(&[])) {
        Err(rustix::io::Errno::PERM) => sys::become_user(0, 0, None),
        other => other,
    }
    .step("become root of the instance", "setresuid")
}

/// The instance's directory on the host: `root`, `disk` and `console`, shut to everyone but the daemon.
fn prepare_disk(request: &BootRequest) -> Result<(PathBuf, Console), SandboxError> {
    let (step, base) = ("prepare the instance's disk", request.image.ids.base);
    let directory = &request.instance.instance_dir;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory).step(step, "mkdir")?;
    let mut console = Console::open(&directory.join("console"))?;
    let in_memory = request.image.disks_in_memory.as_deref();
    if in_memory.is_some() {
        console.say("the data directory cannot carry an instance's disk: it is kept in memory, while the daemon runs");
    }
    let disk = layer::disks::of_instance(in_memory, directory, &request.instance.id.to_string())?;
    let root = disk.join("root");
    if !root.exists() {
        fs::create_dir(&root).step(step, "mkdir")?;
        chown(&root, Some(base), Some(base)).step(step, "chown")?;
    }
    fs::create_dir_all(disk.join("disk")).step(step, "mkdir")?;
    Ok((disk, console))
}

/// Limits that need no controller. Not the number of processes: that is counted over all user namespaces of one owner, so
/// an instance would pay for the daemon's.
fn limit() -> Result<(), SandboxError> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let step = "set the instance's limits";
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) }).step(step, "setrlimit(RLIMIT_CORE)")?;
    let files = getrlimit(Resource::Nofile).maximum.map(|most| most.min(65_536));
    let soft = files.map(|most| most.min(1024));
    setrlimit(Resource::Nofile, Rlimit { current: soft, maximum: files }).step(step, "setrlimit(RLIMIT_NOFILE)")?;
    Ok(())
}
