//! The image layer: one tmpfs per daemon, laid over the host's directories, that holds what differs from the host in
//! every instance alike: trusted certificates, accounts, and whiteouts for what is private.
//!
//! It is filled once by a helper process, in the background, so that neither the daemon's start nor its memory pays.

mod accounts;
pub(crate) mod disks;
mod exposed;
mod private;
mod trust;

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::channel::Channel;
use crate::error::{SandboxError, Step};
use crate::spec::{Ids, Image, LayerReport, LayerRequest};
use crate::{ids, sys};

/// Where the merged files are kept below the stage.
pub(crate) const LAYER: &str = "layer";
/// An empty directory below the stage, for trials.
pub(crate) const TRIAL: &str = "trial";
/// Directories below the stage in which the mapping of ids is tried.
const IDS_TRIAL: &str = "ids";
/// The mount point of an instance's root below the stage.
pub(crate) const ROOT: &str = "root";

/// The hidden subcommand `__sandbox-layer`: reads a request, fills the layer, answers.
pub(crate) fn helper(channel: &Channel) {
    let answer = match channel.receive::<LayerRequest>() {
        Ok(Some((request, _))) => match build(&request) {
            Ok(image) => LayerReport::Built(image),
            Err(error) => LayerReport::Failed(error),
        },
        Ok(None) => return,
        Err(error) => LayerReport::Failed(error),
    };
    // The daemon that is gone needs no answer.
    let _ = channel.send(&answer, &[]);
}

fn build(request: &LayerRequest) -> Result<Image, SandboxError> {
    crate::die_with_parent(request.parent)?;
    for name in [LAYER, TRIAL, ROOT] {
        fs::create_dir_all(request.stage.join(name)).step("prepare the image layer's directories", "mkdir")?;
    }
    let trial = request.stage.join(IDS_TRIAL);
    for name in ids::TRIAL_DIRECTORIES {
        fs::create_dir_all(trial.join(name)).step("prepare the image layer's directories", "mkdir")?;
    }
    let ids = ids::choose(&trial)?;
    let privileged = !crate::rootless::within();
    let layer = Layer { root: request.stage.join(LAYER), ids, privileged };
    let copied = request.stage.join("copied");
    let exposed = exposed::choose(request, &copied)?;
    let shown = |path: &Path| exposed.iter().any(|e| path.starts_with(&e.path));
    layer
        .fill(request, &shown)
        .step("fill the image layer", "write")
        .map_err(|e| e.with(request.stage.display().to_string()))?;
    let environment = trust::environment(&request.extra_read_only_paths);
    let disks_in_memory = disks::choose(request, privileged)?;
    Ok(Image { ids, privileged, disks_in_memory, exposed, links: exposed::links(), environment })
}

/// Writes files that will lie over the host's.
struct Layer {
    root: PathBuf,
    ids: Ids,
    privileged: bool,
}

/// Directories that an instance without an id for the host's root gets as its own, this deep, so that it can install
/// programs: an overlay shows the topmost layer's owner.
const OWNED: [(&str, usize); 5] = [("/usr", 2), ("/usr/local", 3), ("/etc", 5), ("/opt", 2), ("/var/lib/dpkg", 2)];

impl Layer {
    fn fill(&self, request: &LayerRequest, shown: &dyn Fn(&Path) -> bool) -> io::Result<()> {
        for (root, depth) in OWNED.iter().filter(|(root, _)| !self.privileged && shown(Path::new(root))) {
            self.own(Path::new(root), *depth)?;
        }
        private::hide(self, request, shown)?;
        accounts::replace(self)?;
        accounts::power(self)?;
        accounts::ssh_daemon(self, &trust::environment(&request.extra_read_only_paths))?;
        trust::patch(self, request, shown)
    }

    fn own(&self, directory: &Path, depth: usize) -> io::Result<()> {
        let Ok(entries) = fs::read_dir(directory) else { return Ok(()) };
        for entry in entries.flatten().filter(|e| e.file_type().is_ok_and(|kind| kind.is_dir())) {
            self.parents(&entry.path().join("any"))?;
            if depth > 1 {
                self.own(&entry.path(), depth - 1)?;
            }
        }
        Ok(())
    }

    /// A regular file at the host's path `path`, owned by the instance's root.
    fn put(&self, path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
        let place = self.clear(path)?;
        fs::write(&place, content)?;
        fs::set_permissions(&place, fs::Permissions::from_mode(mode))?;
        chown(&place, Some(self.ids.base), Some(self.ids.base))
    }

    fn link(&self, path: &Path, target: &Path) -> io::Result<()> {
        symlink(target, self.clear(path)?)
    }

    /// Makes the host's `path` absent.
    fn whiteout(&self, path: &Path) -> io::Result<()> {
        let place = self.clear(path)?;
        Ok(mknodat(CWD, &place, FileType::CharacterDevice, Mode::empty(), 0)?)
    }

    /// An existing directory of the host becomes an empty one: what lies in it is whited out, one level deep.
    fn empty(&self, path: &Path) -> io::Result<()> {
        let Ok(entries) = fs::read_dir(path) else { return Ok(()) };
        for entry in entries.flatten() {
            self.whiteout(&entry.path())?;
        }
        Ok(())
    }

    /// The place for `path` in the layer with its parents made and nothing in it.
    fn clear(&self, path: &Path) -> io::Result<PathBuf> {
        let place = self.parents(path)?;
        match fs::symlink_metadata(&place) {
            Ok(found) if found.is_dir() => fs::remove_dir_all(&place)?,
            Ok(_) => fs::remove_file(&place)?,
            Err(_) => {}
        }
        Ok(place)
    }

    /// Makes the directories above `path`, each looking like the host's: an overlay shows the topmost one's owner and mode.
    fn parents(&self, path: &Path) -> io::Result<PathBuf> {
        let mut host = PathBuf::from("/");
        let mut place = self.root.clone();
        let relative = path.strip_prefix("/").unwrap_or(path);
        let parent = relative.parent().unwrap_or(Path::new(""));
        for part in parent.components() {
            host.push(part);
            place.push(part);
            if fs::symlink_metadata(&place).is_ok_and(|m| m.is_dir()) {
                continue;
            }
            fs::create_dir(&place)?;
            let (mode, owner, group) = match fs::metadata(&host) {
                Ok(m) if self.privileged => (m.mode() & 0o7777, self.ids.outside(m.uid()), self.ids.outside(m.gid())),
                Ok(m) => (m.mode() & 0o1777, self.ids.base, self.ids.base),
                Err(_) => (0o755, self.ids.base, self.ids.base),
            };
            fs::set_permissions(&place, fs::Permissions::from_mode(mode))?;
            chown(&place, Some(owner), Some(group))?;
        }
        Ok(relative.file_name().map_or(place.clone(), |name| place.join(name)))
    }
}

/// Mounts the stage: a tmpfs that exists in the calling thread's mount namespace and nowhere else.
pub(crate) fn mount_stage(stage: &Path) -> Result<(), SandboxError> {
    use rustix::mount::{MountFlags, MountPropagationFlags, mount, mount_change};
    use rustix::thread::UnshareFlags;
    sys::unshare(UnshareFlags::NEWNS).step("leave the host's mount namespace", "unshare(CLONE_NEWNS)")?;
    mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)
        .step("keep mounts from spreading to the host", "mount(MS_PRIVATE)")?;
    mount("postern", stage, "tmpfs", MountFlags::NOSUID | MountFlags::NODEV, c"mode=0755,size=256m")
        .step("mount the image layer", "mount(tmpfs)")
}
