//! What of the exposed directories is the host's own business: made absent.
//!
//! The rule: an instance sees what every user of the host may read, less what is known to be personal to the host.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::Layer;
use crate::spec::LayerRequest;

/// Absent in every instance, whatever the mode on the host. The daemon's part of a file may be written anew later.
const ABSENT: [&str; 22] = [
    "/etc/NetworkManager",
    "/etc/crypttab",
    "/etc/docker",
    "/etc/environment",
    "/etc/exports",
    "/etc/fstab",
    "/etc/hostname",
    "/etc/hosts",
    "/etc/krb5.keytab",
    "/etc/kubernetes",
    "/etc/letsencrypt",
    "/etc/machine-id",
    "/etc/netplan",
    "/etc/openvpn",
    "/etc/rancher",
    "/etc/resolv.conf",
    "/etc/ssl/private",
    "/etc/subgid",
    "/etc/subuid",
    "/etc/systemd/network",
    "/etc/systemd/system",
    "/etc/wireguard",
];

/// Emptied: programs expect the directory.
const EMPTY: [&str; 4] = ["/etc/profile.d", "/etc/ssh/sshd_config.d", "/etc/sudoers.d", "/etc/apt/auth.conf.d"];

/// Searched for files that not everyone may read, this deep.
const SEARCHED: [(&str, usize); 4] = [("/etc", 6), ("/opt", 3), ("/usr/local", 3), ("/var/lib/apt", 2)];

pub(super) fn hide(layer: &Layer, request: &LayerRequest, shown: &dyn Fn(&Path) -> bool) -> io::Result<()> {
    for (root, depth) in SEARCHED {
        if shown(Path::new(root)) {
            search(layer, Path::new(root), depth)?;
        }
    }
    let host_keys = fs::read_dir("/etc/ssh").into_iter().flatten().flatten().map(|e| e.path());
    for path in host_keys.filter(|p| p.file_name().is_some_and(|n| n.to_string_lossy().starts_with("ssh_host_"))) {
        layer.whiteout(&path)?;
    }
    for path in ABSENT.iter().map(Path::new).filter(|p| fs::symlink_metadata(p).is_ok()) {
        layer.whiteout(path)?;
    }
    for path in EMPTY.iter().map(Path::new).filter(|p| p.is_dir()) {
        layer.empty(path)?;
    }
    // The data directory holds keys and every instance's disk.
    let data_dir = fs::canonicalize(&request.data_dir).unwrap_or_else(|_| request.data_dir.clone());
    if shown(&data_dir) {
        layer.whiteout(&data_dir)?;
    }
    Ok(())
}

/// Whites out what others may not read, and whole directories that others may not enter.
fn search(layer: &Layer, directory: &Path, depth: usize) -> io::Result<()> {
    let Ok(entries) = fs::read_dir(directory) else { return Ok(()) };
    for entry in entries.flatten() {
        let Ok(found) = entry.metadata() else { continue };
        let mode = found.permissions().mode();
        let readable = if found.is_dir() { mode & 0o5 == 0o5 } else { mode & 0o4 != 0 };
        let name = entry.file_name();
        let aws = name == ".aws" || name == ".ssh";
        if found.is_symlink() {
            continue;
        }
        if !readable || aws {
            layer.whiteout(&entry.path())?;
        } else if found.is_dir() && depth > 1 {
            search(layer, &entry.path(), depth - 1)?;
        }
    }
    Ok(())
}
