//! Where instances' disks are: in their directories, or in memory where the data directory cannot carry them.
//!
//! A disk holds the upper layers of overlays. Inside a container the data directory is often on an overlay itself, which
//! the kernel refuses there; then disks live in a tmpfs beside the image layer and as long as the daemon.

use std::ffi::CString;
use std::fs;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};

use super::TRIAL;
use crate::error::{SandboxError, Step};
use crate::spec::LayerRequest;

const DISKS: &str = "disks";
/// In each disk in memory: the directory of the instance that it belongs to.
const OWNER: &str = "owner";

/// The directory of disks in memory, mounted if it is needed.
pub(super) fn choose(request: &LayerRequest, privileged: bool) -> Result<Option<PathBuf>, SandboxError> {
    if carries_upper(&request.data_dir, &request.stage.join(TRIAL), privileged)? {
        return Ok(None);
    }
    let disks = request.stage.join(DISKS);
    let step = "make room for disks in memory";
    fs::create_dir_all(&disks).step(step, "mkdir")?;
    mount("postern-disks", &disks, "tmpfs", MountFlags::NODEV, c"mode=0700,size=50%").step(step, "mount(tmpfs)")?;
    if !carries_upper(&disks, &request.stage.join(TRIAL), privileged)? {
        let what = "neither the data directory's file system nor tmpfs can carry the upper layer of an overlay";
        return Err(SandboxError::plain("find room for instances' disks", what)
            .with("put --data-dir on ext4, xfs or btrfs, or use Linux 6.6 or newer"));
    }
    Ok(Some(disks))
}

/// Tries it, and leaves nothing.
fn carries_upper(directory: &Path, trial: &Path, privileged: bool) -> Result<bool, SandboxError> {
    let step = "try the data directory's file system";
    let own = directory.join("overlay-trial");
    for name in ["upper", "work"] {
        fs::create_dir_all(own.join(name)).step(step, "mkdir")?;
    }
    let place =
        rustix::fs::open(&own, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).step(step, "open")?;
    let number = std::os::fd::AsRawFd::as_raw_fd(&place);
    // Volatile: unmounting would otherwise wait for the whole disk to be written.
    let more = if privileged { ",volatile" } else { ",volatile,userxattr" };
    let options =
        format!("lowerdir=/usr/share,upperdir=/proc/self/fd/{number}/upper,workdir=/proc/self/fd/{number}/work{more}");
    let options = CString::new(options).map_err(|_| SandboxError::plain(step, "options"))?;
    let works = mount("postern-trial", trial, "overlay", MountFlags::empty(), options.as_c_str()).is_ok();
    if works {
        unmount(trial, UnmountFlags::DETACH).step(step, "umount2")?;
    }
    fs::remove_dir_all(&own).step(step, "rmdir")?;
    Ok(works)
}

/// The directory of an instance's disk, made if it is in memory.
pub(crate) fn of_instance(in_memory: Option<&Path>, instance_dir: &Path, id: &str) -> Result<PathBuf, SandboxError> {
    let Some(disks) = in_memory else { return Ok(instance_dir.to_owned()) };
    let disk = disks.join(id);
    let step = "make the instance's disk in memory";
    fs::create_dir_all(&disk).step(step, "mkdir")?;
    let owner = instance_dir.to_str().ok_or_else(|| SandboxError::plain(step, "a path that is not UTF-8"))?;
    fs::write(disk.join(OWNER), owner).step(step, "write")?;
    Ok(disk)
}

/// Removes disks in memory whose instances have lost their directories: those were terminated.
pub(crate) fn sweep(disks: &Path) {
    for entry in fs::read_dir(disks).into_iter().flatten().flatten() {
        let Ok(owner) = fs::read_to_string(entry.path().join(OWNER)) else { continue };
        // What cannot be removed now is tried again before the next start.
        if !Path::new(&owner).exists() && fs::remove_dir_all(entry.path()).is_err() {
            tracing::debug!(disk = %entry.path().display(), "a disk in memory cannot be removed yet");
        }
    }
}
