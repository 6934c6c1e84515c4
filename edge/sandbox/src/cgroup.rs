//! Memory and process limits where the host gives us controllers: cgroup v2, or the v1 hierarchies of hybrid hosts.
//!
//! A control group is the one thing of an instance that has a name on the host. It holds no process once the daemon is
//! gone, and the next daemon removes what a killed one left.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{SandboxError, Step};
use crate::spec::InstanceSpec;

const MOUNT: &str = "/sys/fs/cgroup";
const PREFIX: &str = "postern-";

/// A hierarchy that we may use and the files in which its limits stand.
struct Hierarchy {
    root: PathBuf,
    memory: Option<&'static str>,
    pids: Option<&'static str>,
}

/// Makes the instance's groups with their limits. Without controllers there are none. The daemon's process number makes
/// their names its own.
pub(crate) fn make(instance: &InstanceSpec, daemon: u32) -> Result<Vec<Group>, SandboxError> {
    if instance.memory_max.is_none() && instance.pids_max.is_none() {
        return Ok(Vec::new());
    }
    let made = hierarchies();
    made.iter().filter_map(|hierarchy| make_in(hierarchy, instance, daemon)).map(|path| Group::open(&path)).collect()
}

/// A group held open: it can be joined whatever has become of the root directory.
pub(crate) struct Group(fs::File);

impl Group {
    pub(crate) fn open(path: &Path) -> Result<Self, SandboxError> {
        let file = fs::OpenOptions::new().write(true).open(path.join("cgroup.procs"));
        file.map(Self).step("open the instance's control group", "open(cgroup.procs)")
    }

    /// Moves a process into the group; 0 is the caller. Children that it has already stay where they are.
    pub(crate) fn join(&mut self, process: i32) -> Result<(), SandboxError> {
        use std::io::Write;
        self.0
            .write_all(process.to_string().as_bytes())
            .step("enter the instance's control group", "write(cgroup.procs)")
    }
}

/// The groups of an instance of this daemon, as far as they exist.
pub(crate) fn groups(instance: &InstanceSpec, daemon: u32) -> Vec<PathBuf> {
    let name = name(instance, daemon);
    hierarchies().into_iter().map(|h| h.root.join(&name)).filter(|p| p.is_dir()).collect()
}

/// Removes an ended instance's groups.
pub(crate) fn remove(instance: &InstanceSpec, daemon: u32) {
    for group in groups(instance, daemon) {
        // A process that is still being buried keeps it; the next daemon's sweep takes it.
        let _ = fs::remove_dir(group);
    }
}

/// Removes groups of daemons that are gone.
pub(crate) fn sweep() {
    for hierarchy in hierarchies() {
        for entry in fs::read_dir(&hierarchy.root).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let Some(rest) = name.to_str().and_then(|n| n.strip_prefix(PREFIX)) else { continue };
            let Some(Ok(daemon)) = rest.split('-').next().map(str::parse::<u32>) else { continue };
            if !Path::new(&format!("/proc/{daemon}")).exists() {
                // Refused while something lives in it, and then it is not ours to remove.
                let _ = fs::remove_dir(entry.path());
            }
        }
    }
}

fn name(instance: &InstanceSpec, daemon: u32) -> String {
    format!("{PREFIX}{daemon}-{}", instance.id)
}

/// Best effort by design: a host that delegates no controller to us runs instances without limits.
fn make_in(hierarchy: &Hierarchy, instance: &InstanceSpec, daemon: u32) -> Option<PathBuf> {
    let limits: Vec<(&str, u64)> = [(hierarchy.memory, instance.memory_max), (hierarchy.pids, instance.pids_max)]
        .into_iter()
        .filter_map(|(file, most)| Some((file?, most?)))
        .collect();
    if limits.is_empty() {
        return None;
    }
    let group = hierarchy.root.join(name(instance, daemon));
    let subtree = hierarchy.root.join("cgroup.subtree_control");
    for (file, _) in &limits {
        // Usually on already; where it is not and may not be, setting the limit below fails and is left out.
        let controller = file.split('.').next().unwrap_or_default();
        let _ = fs::write(&subtree, format!("+{controller}"));
    }
    let there = fs::create_dir(&group).is_ok() || group.is_dir();
    if there && limits.iter().all(|(file, most)| fs::write(group.join(file), most.to_string()).is_ok()) {
        return Some(group);
    }
    let _ = fs::remove_dir(&group);
    None
}

fn hierarchies() -> Vec<Hierarchy> {
    let root = PathBuf::from(MOUNT);
    if let Ok(controllers) = fs::read_to_string(root.join("cgroup.controllers")) {
        let has = |name: &str| controllers.split_whitespace().any(|c| c == name);
        let memory = has("memory").then_some("memory.max");
        return vec![Hierarchy { root, memory, pids: has("pids").then_some("pids.max") }];
    }
    let at = |name: &str| Some(root.join(name)).filter(|p| p.join("cgroup.procs").exists());
    let memory = at("memory").map(|root| Hierarchy { root, memory: Some("memory.limit_in_bytes"), pids: None });
    let pids = at("pids").map(|root| Hierarchy { root, memory: None, pids: Some("pids.max") });
    memory.into_iter().chain(pids).collect()
}
