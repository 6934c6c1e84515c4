//! Which directories of the host an instance sees. Everything that is not listed does not exist in it.

use std::ffi::CString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};

use super::TRIAL;
use crate::error::SandboxError;
use crate::spec::{Exposed, LayerRequest, Show};

/// The operating system's own directories. `/var` is not among them: databases, logs and other programs' state live
/// there; of it only what package managers need to know what is installed.
const SYSTEM: [&str; 12] = [
    "/usr",
    "/etc",
    "/opt",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/var/lib/dpkg",
    "/var/lib/apt",
    "/var/lib/rpm",
];

/// A directory that must be copied because no overlay can be laid on it may be at most this large.
const COPY_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// The directories that exist here and how each can be shown.
pub(super) fn choose(request: &LayerRequest, copied: &Path) -> Result<Vec<Exposed>, SandboxError> {
    let mut paths: Vec<PathBuf> = SYSTEM.iter().map(PathBuf::from).filter(|p| is_directory(p)).collect();
    paths.extend(mounted_below(&paths));
    let mut exposed = Vec::new();
    for path in paths {
        exposed.push(show(&path, Show::Writable, request, copied)?);
    }
    for path in &request.extra_read_only_paths {
        let within = exposed.iter().any(|e: &Exposed| path.starts_with(&e.path));
        if is_directory(path) && path.is_absolute() && !within {
            exposed.push(show(path, Show::ReadOnly, request, copied)?);
        }
    }
    Ok(exposed)
}

/// Links at the top level that a merged `/usr` needs.
pub(super) fn links() -> Vec<(PathBuf, PathBuf)> {
    SYSTEM
        .iter()
        .filter(|name| name.matches('/').count() == 1)
        .filter_map(|name| Some((PathBuf::from(name), fs::read_link(name).ok()?)))
        .collect()
}

fn is_directory(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|m| m.is_dir())
}

/// Mount points on disks below the given directories: an overlay shows an empty directory in their place.
fn mounted_below(paths: &[PathBuf]) -> Vec<PathBuf> {
    let table = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let mut found: Vec<PathBuf> = Vec::new();
    for line in table.lines() {
        let Some(place) = line.split(' ').nth(4) else { continue };
        let place = PathBuf::from(place.replace("\\040", " "));
        let below = paths.iter().any(|p| place != *p && place.starts_with(p));
        if below && is_directory(&place) && !found.contains(&place) {
            found.push(place);
        }
    }
    found.sort();
    found
}

fn show(path: &Path, wanted: Show, request: &LayerRequest, copied: &Path) -> Result<Exposed, SandboxError> {
    let here = |source: &Path, how| Exposed { path: path.to_owned(), source: source.to_owned(), how };
    if overlay_works(path, &request.stage.join(TRIAL), &request.stage.join(super::LAYER)) {
        return Ok(here(path, wanted));
    }
    let copy = copied.join(path.strip_prefix("/").unwrap_or(path));
    if wanted == Show::Writable && path == Path::new("/etc") {
        let mut left = COPY_BYTES_MAX;
        copy_readable(path, &copy, &mut left)
            .map_err(|e| SandboxError::plain("copy /etc, on which no overlay can be laid", e.to_string()))?;
        return Ok(here(&copy, wanted));
    }
    Ok(here(path, Show::Bound))
}

/// Whether the kernel lets us lay an overlay on `lower`: not where a mount that we may not look below is in it.
fn overlay_works(lower: &Path, trial: &Path, other: &Path) -> bool {
    let (Some(lower), Some(other)) = (escape(lower), escape(other)) else { return false };
    let Ok(options) = CString::new(format!("lowerdir={other}:{lower}")) else { return false };
    if mount("postern-trial", trial, "overlay", MountFlags::RDONLY, options.as_c_str()).is_err() {
        return false;
    }
    unmount(trial, UnmountFlags::DETACH).is_ok()
}

/// A path as an overlay option: commas would end the option, colons the path.
fn escape(path: &Path) -> Option<String> {
    Some(path.to_str()?.replace('\\', "\\\\").replace(':', "\\:").replace(',', "\\,"))
}

/// Copies what everyone may read.
fn copy_readable(from: &Path, to: &Path, left: &mut u64) -> io::Result<()> {
    use std::os::unix::fs::{PermissionsExt, symlink};
    fs::create_dir_all(to)?;
    let Ok(entries) = fs::read_dir(from) else { return Ok(()) };
    for entry in entries.flatten() {
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let Ok(found) = fs::symlink_metadata(&source) else { continue };
        if found.is_symlink() {
            symlink(fs::read_link(&source)?, &target)?;
        } else if found.is_dir() && found.permissions().mode() & 0o5 == 0o5 {
            copy_readable(&source, &target, left)?;
        } else if found.is_file() && found.permissions().mode() & 0o4 != 0 {
            *left = left.checked_sub(found.len()).ok_or_else(|| io::Error::other("it is larger than 64 MiB"))?;
            fs::copy(&source, &target)?;
        }
    }
    Ok(())
}
