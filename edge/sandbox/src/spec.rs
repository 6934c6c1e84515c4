//! What the daemon asks for: the configuration, an instance, a command; and the words the helper processes exchange.

use std::net::Ipv4Addr;
use std::path::PathBuf;

use postern_names::InstanceId;
use serde::{Deserialize, Serialize};

use crate::error::SandboxError;

/// What all sandboxes of one daemon share.
#[derive(Debug, Clone, Default)]
pub struct SandboxConfig {
    /// Postern's data directory; `sandbox/` below it is the mount point of the image layer, in no namespace but ours.
    pub data_dir: PathBuf,
    /// The certificate authority's certificate that every client in an instance shall trust, PEM.
    pub ca_pem: String,
    /// Directories outside the operating system's own that instances see at the same place, read-only: a Python
    /// installation under a home directory, for example. Their `bin` comes first in PATH.
    pub extra_read_only_paths: Vec<PathBuf>,
    /// The program that answers to the hidden subcommands; `/proc/self/exe` when None.
    pub helper: Option<PathBuf>,
}

/// One instance to be started.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct InstanceSpec {
    pub id: InstanceId,
    /// `ip-10-0-1-5`.
    pub hostname: String,
    /// `ip-10-0-1-5.ec2.internal`.
    pub fqdn: String,
    /// The instance's own primary address, for /etc/hosts.
    pub address: Ipv4Addr,
    /// VPC+2.
    pub resolver: Ipv4Addr,
    /// `ec2.internal`.
    pub search_domain: String,
    /// One public key line that lets `ec2-user` and `root` in by SSH.
    pub authorized_key: Option<String>,
    /// Raw user data, at most 16 KiB.
    pub user_data: Option<Vec<u8>>,
    /// Whether user data is to be run: once in the life of an instance.
    pub first_boot: bool,
    /// The instance's disk and console; created when absent, mode 0700. Kept over stop and start.
    pub instance_dir: PathBuf,
    /// Bytes of memory, enforced where the host gives us a memory controller.
    pub memory_max: Option<u64>,
    /// Most processes at a time.
    pub pids_max: Option<u64>,
}

/// Which user ids exist in an instance and what they are outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ids {
    /// The id outside that is root inside.
    pub base: u32,
    /// How many ids there are.
    pub count: u32,
}

impl Ids {
    /// The id outside for an id inside; an id that does not exist becomes root's.
    pub(crate) fn outside(self, inside: u32) -> u32 {
        if inside < self.count { self.base.saturating_add(inside) } else { self.base }
    }

    /// Whether files of the host must be shown through an id-mapped mount.
    pub(crate) fn shifted(self) -> bool {
        self.base != 0
    }
}

/// One directory of the host that instances see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Exposed {
    /// Where it is, on the host and in the instance.
    pub path: PathBuf,
    /// Where its contents are taken from; differs from `path` when they had to be copied.
    pub source: PathBuf,
    pub how: Show,
}

/// How a directory of the host is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Show {
    /// Overlay; writes go to the instance's disk.
    Writable,
    /// Overlay of the image layer and the directory, read-only.
    ReadOnly,
    /// The kernel refuses an overlay of it: the directory itself, read-only, with the image layer's files bound over.
    Bound,
}

/// Asks a helper to fill the image layer.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct LayerRequest {
    pub parent: u32,
    pub stage: PathBuf,
    pub data_dir: PathBuf,
    pub ca_pem: String,
    pub extra_read_only_paths: Vec<PathBuf>,
}

/// What the image layer's helper found out; every instance is started with it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Image {
    pub ids: Ids,
    /// Whether the daemon is root of the host and not of a user namespace.
    pub privileged: bool,
    /// The tmpfs with the instances' disks, where the data directory cannot carry them.
    pub disks_in_memory: Option<PathBuf>,
    pub exposed: Vec<Exposed>,
    /// Links at the top level, such as `/bin` -> `usr/bin`.
    pub links: Vec<(PathBuf, PathBuf)>,
    /// The login environment beside HOME, USER, LOGNAME, SHELL and TERM.
    pub environment: Vec<(String, String)>,
}

/// Asks a helper to become an instance.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct BootRequest {
    pub parent: u32,
    pub stage: PathBuf,
    pub image: Image,
    pub instance: InstanceSpec,
}

/// What the daemon tells a running instance's init.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Order {
    /// The network is ready.
    Go,
    /// End every process, politely for so many milliseconds.
    PowerOff { grace_ms: u64 },
    /// Run a command. Descriptors: the channel for its reports, stdin, stdout, stderr.
    Exec(ExecRequest),
}

/// What a booting instance tells the daemon.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Report {
    /// Init exists; its process id as the daemon sees it.
    Forked {
        pid: i32,
    },
    /// Namespaces and root are ready; init waits for `Order::Go`.
    Ready,
    Failed(SandboxError),
}

/// What the layer helper answers.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum LayerReport {
    Built(Image),
    Failed(SandboxError),
}

/// Asks init to run a command.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ExecRequest {
    pub argv: Vec<String>,
    pub user: String,
    pub tty: bool,
    pub term: Option<String>,
    pub window: Option<Window>,
}

/// A terminal's size in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    pub rows: u16,
    pub columns: u16,
}

/// What the daemon tells a running command's helper.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum ExecOrder {
    Resize(Window),
    Signal(i32),
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Exit {
    /// It returned this status.
    Code(i32),
    /// This signal ended it.
    Signal(i32),
}

/// Init's status when the instance's own root has asked for a reboot.
pub(crate) const REBOOT_STATUS: i32 = 101;

impl Exit {
    /// Whether an instance that ended like this wants to be started again: `reboot` was called in it.
    pub fn asks_for_reboot(&self) -> bool {
        *self == Self::Code(REBOOT_STATUS)
    }

    /// The status a shell would show: 128 and the signal's number for a death by signal.
    pub fn status(&self) -> i32 {
        match self {
            Self::Code(code) => *code,
            Self::Signal(signal) => 128 + signal,
        }
    }
}

/// What a command's helper tells the daemon.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum ExecReport {
    Started,
    Exited(Exit),
    Failed(SandboxError),
}
