//! What this host offers to sandboxes, tried and not read from configuration, for `postern doctor`.

use std::fs;
use std::path::{Path, PathBuf};

use rustix::mount::{MountFlags, UnmountFlags};
use rustix::process::{PidfdFlags, pidfd_open};
use rustix::thread::UnshareFlags;
use serde::{Deserialize, Serialize};

use crate::channel::Channel;
use crate::error::{SandboxError, Step};
use crate::ids::{self, Holder};
use crate::owner::spawn_helper;
use crate::spec::Ids;
use crate::sys;

pub(crate) const SUBCOMMAND: &str = "__sandbox-probe";

/// One feature and what was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// What was tried, in a few words.
    pub feature: String,
    /// Whether instances can do without it.
    pub required: bool,
    /// None when it works, otherwise the kernel's word.
    pub problem: Option<String>,
    /// What a person can do about it.
    pub remedy: String,
}

/// Tries everything a sandbox needs in a child process that changes nothing outside itself. Call it where the daemon would
/// run: as root, or after [`crate::enter_rootless`].
pub fn probe(helper: Option<PathBuf>) -> Result<Vec<Probe>, SandboxError> {
    let program = helper.unwrap_or_else(|| PathBuf::from("/proc/self/exe"));
    let (mut child, channel) = spawn_helper(&program, SUBCOMMAND)?;
    let answer = channel.receive::<Vec<Probe>>();
    child.wait().step("collect the probe", "waitpid")?;
    answer?
        .map(|(probes, _)| probes)
        .ok_or_else(|| SandboxError::plain("probe the host", "the probe ended without a word"))
}

/// The hidden subcommand `__sandbox-probe`.
pub(crate) fn helper(channel: &Channel) {
    let mut found = Vec::new();
    let mut note = |feature: &str, required: bool, outcome: Result<(), String>, remedy: &str| {
        found.push(Probe { feature: feature.to_owned(), required, problem: outcome.err(), remedy: remedy.to_owned() });
    };
    note("seccomp filters", true, seccomp(), "use a kernel with CONFIG_SECCOMP_FILTER");
    note("process descriptors", true, pidfd(), "use Linux 5.8 or newer");
    note(
        "user namespaces",
        true,
        user_namespace(),
        "raise /proc/sys/user/max_user_namespaces; on Ubuntu set kernel.apparmor_restrict_unprivileged_userns=0; in a \
         container start it with --privileged or --security-opt seccomp=unconfined",
    );
    let own = sys::unshare(UnshareFlags::NEWNS | UnshareFlags::NEWNET).map_err(|e| e.to_string());
    let usable = own.is_ok();
    let privileged = "run as root, or let Postern enter a user namespace";
    note("mount and network namespaces", true, own, privileged);
    // What is tried below must not be tried in the host's namespace.
    if usable {
        for (feature, required, outcome, remedy) in mounts() {
            note(feature, required, outcome, remedy);
        }
    }
    // Last: children of this process would be born into it.
    let own = sys::unshare(UnshareFlags::NEWPID).map_err(|e| e.to_string());
    note("process namespaces", true, own, privileged);
    // A caller that is gone needs no answer.
    let _ = channel.send(&found, &[]);
}

type Finding = (&'static str, bool, Result<(), String>, &'static str);

fn mounts() -> Vec<Finding> {
    let private = rustix::mount::mount_change(
        "/",
        rustix::mount::MountPropagationFlags::PRIVATE | rustix::mount::MountPropagationFlags::REC,
    );
    let place = Path::new("/tmp");
    let memory = private
        .and_then(|()| rustix::mount::mount("postern", place, "tmpfs", MountFlags::empty(), c""))
        .map_err(|e| e.to_string());
    let usable = memory.is_ok();
    let mut found: Vec<Finding> = vec![("tmpfs", true, memory, "run as root, or let Postern enter a user namespace")];
    if !usable {
        return found;
    }
    let overlay = |lower: &str| -> Result<(), String> {
        for name in ["upper", "work", "merged"] {
            fs::create_dir_all(place.join(name)).map_err(|e| e.to_string())?;
        }
        let more = if crate::rootless::within() { ",userxattr" } else { "" };
        let options = format!("lowerdir={lower},upperdir=/tmp/upper,workdir=/tmp/work{more}\0");
        let options = std::ffi::CStr::from_bytes_with_nul(options.as_bytes()).map_err(|e| e.to_string())?;
        let target = place.join("merged");
        rustix::mount::mount("overlay", &target, "overlay", MountFlags::empty(), options).map_err(|e| e.to_string())?;
        rustix::mount::unmount(&target, UnmountFlags::DETACH).map_err(|e| e.to_string())
    };
    let module = "load the module: modprobe overlay; rootless needs Linux 5.11 or newer";
    found.push(("overlay of /usr", true, overlay("/usr"), module));
    found.push(("overlay of /etc", false, overlay("/etc"), "nothing to do: /etc is copied instead"));
    let terminals = fs::create_dir_all("/tmp/pts").map_err(|e| e.to_string()).and_then(|()| {
        rustix::mount::mount("devpts", "/tmp/pts", "devpts", MountFlags::empty(), c"newinstance")
            .map_err(|e| e.to_string())
    });
    found.extend(ids(place));
    found.push(("terminals (devpts)", true, terminals, "use a kernel with CONFIG_UNIX98_PTYS"));
    found
}

fn seccomp() -> Result<(), String> {
    let actions = fs::read_to_string("/proc/sys/kernel/seccomp/actions_avail").map_err(|e| e.to_string())?;
    if actions.contains("errno") { Ok(()) } else { Err("the kernel cannot answer a call with an error".to_owned()) }
}

fn pidfd() -> Result<(), String> {
    let me = rustix::process::getpid();
    pidfd_open(me, PidfdFlags::empty()).map(drop).map_err(|e| e.to_string())
}

fn user_namespace() -> Result<(), String> {
    Holder::start(Ids { base: 0, count: 1 }, UnshareFlags::NEWUSER | UnshareFlags::NEWNET)
        .map(drop)
        .map_err(|e| e.to_string())
}

/// What instances' users are outside.
fn ids(place: &Path) -> Vec<Finding> {
    for name in ids::TRIAL_DIRECTORIES {
        if let Err(error) = fs::create_dir_all(place.join(name)) {
            return vec![("users of instances", true, Err(error.to_string()), "free some memory")];
        }
    }
    let ids = ids::choose(place).map_err(|e| e.to_string());
    let shifted = ids.clone().and_then(|ids| {
        let own = ids.shifted() || crate::rootless::within();
        own.then_some(()).ok_or_else(|| "root of an instance has the number of the host's root".to_owned())
    });
    let many = ids.and_then(|ids| {
        (ids.count > 1).then_some(()).ok_or_else(|| "only root exists in an instance: no sudo, no sshd".to_owned())
    });
    vec![
        ("id-mapped mounts", false, shifted, "use Linux 5.19 or newer and a root file system other than overlay"),
        ("subordinate ids", false, many, "apt-get install uidmap, and add the user to /etc/subuid and /etc/subgid"),
    ]
}
