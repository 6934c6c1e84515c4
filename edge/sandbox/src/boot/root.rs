//! The root of an instance: the host's system directories as overlays over the instance's own disk, and nothing else.
//!
//! Built by init before it gives up its rights. The mounts belong to a namespace that the instance does not own: it can
//! neither unmount what is mounted nor mount anything itself, so what lies below stays out of reach.

use std::ffi::CString;
use std::fs;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::{Component, Path};

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::mount::{MountAttrFlags, MountFlags, MoveMountFlags, OpenTreeFlags, UnmountFlags};

use super::devices::{self, Terminal};
use crate::error::{SandboxError, Step};
use crate::spec::{BootRequest, Exposed, Ids, Image, Show};
use crate::{ids, layer, sys};

/// Builds the root and makes it the caller's. Returns the terminal behind `/dev/console`, and complaints about what had
/// to be left out.
pub(super) fn build(
    request: &BootRequest,
    disk: &Path,
    users: &OwnedFd,
) -> Result<(Terminal, Vec<String>), SandboxError> {
    let stage = open_directory(&request.stage)?;
    let disk = open_directory(disk)?;
    let tree = Tree::mount(&stage, &disk, &request.image)?;
    // Before the directories shown: one of those may lie below /tmp.
    tree.kernel_file_systems()?;
    let mut complaints = Vec::new();
    for (number, exposed) in request.image.exposed.iter().enumerate() {
        let shown = tree.expose(number, exposed, users);
        let named = shown.map_err(|e| SandboxError { step: format!("show {}", exposed.path.display()).into(), ..e });
        match named {
            // An earlier life of the instance may have put something else in its place, which is its own affair.
            Err(error) if relative(&exposed.path).components().count() > 1 => complaints.push(error.to_string()),
            other => other?,
        }
    }
    for (link, target) in &request.image.links {
        tree.link(link, target)?;
    }
    let terminal = devices::make(&tree)?;
    pivot(&tree.root)?;
    Ok((terminal, complaints))
}

/// A root under construction.
pub(super) struct Tree<'a> {
    stage: &'a OwnedFd,
    disk: &'a OwnedFd,
    pub root: OwnedFd,
    pub ids: Ids,
    /// Whether overlays are mounted with the rights of the host's root.
    privileged: bool,
}

impl<'a> Tree<'a> {
    fn mount(stage: &'a OwnedFd, disk: &'a OwnedFd, image: &Image) -> Result<Self, SandboxError> {
        make_directory(disk, "root-work")?;
        let (below, own) = (path_of(stage), path_of(disk));
        // An overlay of nothing and not the directory itself: where that lies on the host is not the instance's business.
        let options = format!(
            "lowerdir={below}/{},upperdir={own}/root,workdir={own}/root-work{}",
            layer::TRIAL,
            upper_options(image.privileged)
        );
        let options = CString::new(options).map_err(|_| SandboxError::plain("mount the instance's root", "options"))?;
        let place = format!("{below}/{}", layer::ROOT);
        rustix::mount::mount("overlay", place.as_str(), "overlay", MountFlags::NODEV, options.as_c_str())
            .step("mount the instance's root", "mount(overlay)")?;
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root =
            rustix::fs::openat(stage, layer::ROOT, flags, Mode::empty()).step("open the instance's root", "openat")?;
        Ok(Self { stage, disk, root, ids: image.ids, privileged: image.privileged })
    }

    fn expose(&self, number: usize, exposed: &Exposed, users: &OwnedFd) -> Result<(), SandboxError> {
        let lower = format!("lower-{number}");
        make_directory(self.stage, &lower)?;
        let raw = open_directory(&exposed.source)?;
        let source = if self.ids.shifted() { ids::idmapped(&exposed.source, users) } else { Err(Errno::INVAL) };
        let lower = match source {
            Ok(mount) => {
                attach(&mount, self.stage, &lower).step("", "move_mount")?;
                format!("{}/{lower}", path_of(self.stage))
            }
            // A file system that cannot map ids shows its files as nobody's.
            Err(_) => path_of(&raw),
        };
        match exposed.how {
            Show::Bound => self.bind_with_layer(exposed),
            Show::Writable => self.overlay(exposed, &lower, true),
            Show::ReadOnly => self.overlay(exposed, &lower, false),
        }
    }

    fn overlay(&self, exposed: &Exposed, lower: &str, writable: bool) -> Result<(), SandboxError> {
        let relative = relative(&exposed.path);
        let own_layer = Path::new(layer::LAYER).join(relative);
        let layered = rustix::fs::statat(self.stage, &own_layer, rustix::fs::AtFlags::SYMLINK_NOFOLLOW).is_ok();
        let stage = path_of(self.stage);
        let over = match (layered, writable) {
            (true, _) => format!("{stage}/{}:", utf8(&own_layer)?),
            // A read-only overlay needs two layers.
            (false, false) => format!("{stage}/{}:", layer::TRIAL),
            (false, true) => String::new(),
        };
        let mut options = format!("lowerdir={over}{lower}");
        if writable {
            let name = utf8(relative)?.replace('/', "-");
            let place = format!("disk/{name}");
            for part in ["", "/upper", "/work"] {
                make_directory(self.disk, &format!("{place}{part}"))?;
            }
            self.same_owner(exposed, &format!("{place}/upper"))?;
            let disk = path_of(self.disk);
            options += &format!(",upperdir={disk}/{place}/upper,workdir={disk}/{place}/work");
            options += upper_options(self.privileged);
        }
        let flags = if writable { MountFlags::NODEV } else { MountFlags::NODEV | MountFlags::RDONLY };
        self.mount_on(&exposed.path, "overlay", "overlay", flags, &options)
    }

    /// The merged directory looks like the topmost layer's.
    fn same_owner(&self, exposed: &Exposed, upper: &str) -> Result<(), SandboxError> {
        use std::os::unix::fs::MetadataExt;
        let found = fs::metadata(&exposed.source).step("", "stat")?;
        let own = |id| rustix::fs::Uid::from_raw(self.ids.outside(id));
        let group = |id| rustix::fs::Gid::from_raw(self.ids.outside(id));
        rustix::fs::chmodat(self.disk, upper, Mode::from_bits_truncate(found.mode()), rustix::fs::AtFlags::empty())
            .step("", "chmod")?;
        rustix::fs::chownat(
            self.disk,
            upper,
            Some(own(if self.privileged { found.uid() } else { 0 })),
            Some(group(if self.privileged { found.gid() } else { 0 })),
            rustix::fs::AtFlags::empty(),
        )
        .step("", "chown")
    }

    /// The host's directory itself, read-only, and over it each file of the image layer.
    fn bind_with_layer(&self, exposed: &Exposed) -> Result<(), SandboxError> {
        let target = self.directory(&exposed.path)?;
        let source = open_directory(&exposed.source)?;
        rustix::mount::mount_bind_recursive(path_of(&source).as_str(), path_of(&target).as_str())
            .step("", "mount(MS_BIND)")?;
        let target = self.directory(&exposed.path)?;
        sys::mount_restrict_all(&target, MountAttrFlags::MOUNT_ATTR_RDONLY).step("", "mount_setattr")?;
        let own_layer = Path::new(layer::LAYER).join(relative(&exposed.path));
        self.bind_files(&own_layer, &target)
    }

    fn bind_files(&self, from: &Path, to: &OwnedFd) -> Result<(), SandboxError> {
        let place = Path::new(&path_of(self.stage)).join(from);
        let Ok(entries) = fs::read_dir(&place) else { return Ok(()) };
        for entry in entries.flatten() {
            let Ok(kind) = entry.file_type() else { continue };
            let target = rustix::fs::openat(
                to,
                Path::new(&entry.file_name()),
                OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC,
                Mode::empty(),
            );
            let Ok(target) = target else { continue };
            let target_kind = rustix::fs::fstat(&target).map_or(0, |s| s.st_mode & libc::S_IFMT);
            // Nothing can be mounted on a link.
            if target_kind == libc::S_IFLNK {
                continue;
            }
            if kind.is_dir() {
                self.bind_files(&from.join(entry.file_name()), &target)?;
            } else {
                // A whiteout is a device node of no device: bound over a file it hides the file as well.
                let step = "bind the image layer's files";
                let file = from.join(entry.file_name());
                // A directory is hidden by an empty one.
                let cover = if target_kind == libc::S_IFDIR { layer::TRIAL } else { utf8(&file)? };
                let own = clone_mount(self.stage, cover).step(step, "open_tree")?;
                sys::mount_restrict(&own, MountAttrFlags::MOUNT_ATTR_RDONLY).step(step, "mount_setattr")?;
                attach(&own, &target, "").step(step, "move_mount")?;
            }
        }
        Ok(())
    }

    fn kernel_file_systems(&self) -> Result<(), SandboxError> {
        let quiet = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
        self.mount_on(Path::new("/proc"), "proc", "proc", quiet, "")?;
        if !self.ids.shifted() {
            self.shield_proc()?;
        }
        match self.mount_on(Path::new("/sys"), "sysfs", "sysfs", quiet | MountFlags::RDONLY, "") {
            // A host that hides parts of its own /sys lets no one else see it whole; nothing depends on it.
            Err(e) if e.errno == Errno::PERM.raw_os_error() => {
                self.tmpfs("/sys", 0o755, "64k")?;
            }
            other => other?,
        }
        self.tmpfs("/run", 0o755, "64m")?;
        self.tmpfs("/tmp", 0o1777, "1g")
    }

    /// Where root of the instance has the number of the host's root, files of /proc that the host's root may write are
    /// its to write as well, as far as the mount lets it.
    fn shield_proc(&self) -> Result<(), SandboxError> {
        let step = "shield /proc";
        for name in ["/proc/sys", "/proc/bus", "/proc/fs", "/proc/irq"] {
            let Ok(place) = self.open(Path::new(name)) else { continue };
            let copy = clone_mount(&place, "").step(step, "open_tree")?;
            sys::mount_restrict(&copy, MountAttrFlags::MOUNT_ATTR_RDONLY).step(step, "mount_setattr")?;
            let network = clone_mount(&place, "net").ok();
            attach(&copy, &place, "").step(step, "move_mount")?;
            if let (Some(network), "/proc/sys") = (network, name) {
                let place = self.open(Path::new("/proc/sys/net"))?;
                attach(&network, &place, "").step(step, "move_mount")?;
            }
        }
        for name in ["sysrq-trigger", "kcore", "keys", "timer_list", "kmsg", "latency_stats", "acpi", "scsi"] {
            let Ok(place) = self.open(&Path::new("/proc").join(name)) else { continue };
            let directory = rustix::fs::fstat(&place).is_ok_and(|s| s.st_mode & libc::S_IFMT == libc::S_IFDIR);
            let cover = if directory {
                clone_mount(self.stage, layer::TRIAL)
            } else {
                clone_mount(&rustix::fs::CWD.as_fd(), "/dev/null")
            }
            .step(step, "open_tree")?;
            sys::mount_restrict(&cover, MountAttrFlags::MOUNT_ATTR_RDONLY).step(step, "mount_setattr")?;
            attach(&cover, &place, "").step(step, "move_mount")?;
        }
        Ok(())
    }

    /// An empty file system in memory, owned by the instance's root.
    pub(super) fn tmpfs(&self, path: &str, mode: u32, size: &str) -> Result<(), SandboxError> {
        let base = self.ids.base;
        let options = format!("mode={mode:o},size={size},uid={base},gid={base}");
        self.mount_on(Path::new(path), "tmpfs", "tmpfs", MountFlags::NOSUID | MountFlags::NODEV, &options)
    }

    pub(super) fn mount_on(
        &self,
        path: &Path,
        source: &str,
        kind: &str,
        flags: MountFlags,
        options: &str,
    ) -> Result<(), SandboxError> {
        let step = format!("mount {}", path.display());
        let target = self.directory(path)?;
        let data = CString::new(options).map_err(|_| SandboxError::plain(step.clone(), "a path with a zero byte"))?;
        rustix::mount::mount(source, path_of(&target).as_str(), kind, flags, data.as_c_str())
            .step(step, format!("mount({kind})"))
            .map_err(|e| if e.errno == Errno::INVAL.raw_os_error() { e.with(options) } else { e })
    }

    /// The directory at `path` in the new root, made where absent. A link on the way is refused, never followed: an
    /// instance that ran before may have left it.
    pub(super) fn directory(&self, path: &Path) -> Result<OwnedFd, SandboxError> {
        let step = || format!("make {} in the instance", path.display());
        let mut here = self.root.try_clone().step(step(), "dup")?;
        for part in relative(path).components() {
            let Component::Normal(name) = part else { return Err(SandboxError::plain(step(), "a path with `..`")) };
            let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let mut next = rustix::fs::openat(&here, name, flags, Mode::empty());
            if let Err(Errno::NOENT) = next {
                rustix::fs::mkdirat(&here, name, Mode::from_bits_truncate(0o755)).step(step(), "mkdirat")?;
                next = rustix::fs::openat(&here, name, flags, Mode::empty());
                self.give_to_guest(&here, name)?;
            }
            here = next.step(step(), "openat")?;
        }
        Ok(here)
    }

    pub(super) fn give_to_guest(&self, directory: &OwnedFd, name: &std::ffi::OsStr) -> Result<(), SandboxError> {
        rustix::fs::chownat(
            directory,
            Path::new(name),
            Some(rustix::fs::Uid::from_raw(self.ids.base)),
            Some(rustix::fs::Gid::from_raw(self.ids.base)),
            rustix::fs::AtFlags::SYMLINK_NOFOLLOW,
        )
        .step("give a file to the instance", "fchownat")
    }

    fn open(&self, path: &Path) -> Result<OwnedFd, SandboxError> {
        rustix::fs::openat(&self.root, relative(path), OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())
            .step(format!("open {} in the instance", path.display()), "openat")
    }

    fn link(&self, link: &Path, target: &Path) -> Result<(), SandboxError> {
        match rustix::fs::symlinkat(target, &self.root, relative(link)) {
            Ok(()) => self.give_to_guest(&self.root, relative(link).as_os_str()),
            Err(Errno::EXIST) => Ok(()),
            Err(other) => Err(other).step(format!("link {}", link.display()), "symlinkat"),
        }
    }
}

/// Nothing that could make a copy depend on the host's file, and marks that an ordinary user may set.
fn upper_options(privileged: bool) -> &'static str {
    if privileged { ",index=off,redirect_dir=off,metacopy=off" } else { ",userxattr" }
}

/// Makes the tree the root and lets the host's go.
fn pivot(root: &OwnedFd) -> Result<(), SandboxError> {
    rustix::process::fchdir(root).step("enter the instance's root", "fchdir")?;
    rustix::process::pivot_root(".", ".").step("change the root", "pivot_root")?;
    rustix::mount::unmount(".", UnmountFlags::DETACH).step("let go of the host's root", "umount2(MNT_DETACH)")?;
    rustix::process::chdir("/").step("enter the instance's root", "chdir")
}

/// A detached copy of the mount at `path`, that directory or file only.
pub(super) fn clone_mount(directory: &impl AsFd, path: &str) -> Result<OwnedFd, Errno> {
    let mut flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
    if path.is_empty() {
        flags |= OpenTreeFlags::AT_EMPTY_PATH;
    }
    rustix::mount::open_tree(directory, path, flags)
}

/// Mounts a detached mount at `path` below `directory`, or on it when `path` is empty.
pub(super) fn attach(mount: &OwnedFd, directory: &impl AsFd, path: &str) -> Result<(), Errno> {
    let mut flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH;
    if path.is_empty() {
        flags |= MoveMountFlags::MOVE_MOUNT_T_EMPTY_PATH;
    }
    rustix::mount::move_mount(mount, "", directory, path, flags)
}

fn make_directory(parent: &OwnedFd, name: &str) -> Result<(), SandboxError> {
    match rustix::fs::mkdirat(parent, name, Mode::from_bits_truncate(0o755)) {
        Ok(()) | Err(Errno::EXIST) => Ok(()),
        Err(other) => Err(other).step(format!("make the directory {name}"), "mkdirat"),
    }
}

fn open_directory(path: &Path) -> Result<OwnedFd, SandboxError> {
    rustix::fs::open(path, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
        .step(format!("open {}", path.display()), "open")
}

fn relative(path: &Path) -> &Path {
    path.strip_prefix("/").unwrap_or(path)
}

fn utf8(path: &Path) -> Result<&str, SandboxError> {
    path.to_str().ok_or_else(|| SandboxError::plain("name a directory", "a path that is not UTF-8"))
}

/// A name for an open file that holds no character a mount option could misread.
fn path_of(fd: &impl AsFd) -> String {
    format!("/proc/self/fd/{}", fd.as_fd().as_raw_fd())
}
