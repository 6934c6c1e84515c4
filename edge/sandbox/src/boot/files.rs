//! Files that differ from instance to instance, written at every boot by init as the instance's own root: whatever links
//! an earlier life of the instance has left, they lead nowhere but into the instance.

use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::Path;

use crate::spec::InstanceSpec;

const DIRECTORIES: [(&str, u32); 20] = [
    ("/home", 0o755),
    ("/media", 0o755),
    ("/mnt", 0o755),
    ("/root", 0o711),
    ("/run/lock", 0o1777),
    ("/run/sshd", 0o755),
    ("/srv", 0o755),
    ("/var", 0o755),
    ("/var/backups", 0o755),
    ("/var/cache", 0o755),
    ("/var/lib", 0o755),
    ("/var/lib/cloud/instance/scripts", 0o755),
    ("/var/lib/misc", 0o755),
    ("/var/local", 0o755),
    ("/var/log", 0o755),
    ("/var/mail", 0o755),
    ("/var/opt", 0o755),
    ("/var/spool", 0o755),
    ("/var/tmp", 0o1777),
    ("/var/www", 0o755),
];

const BASHRC: &str = "# shown in interactive shells\nPS1='[\\u@\\h \\W]\\$ '\nalias ll='ls -l'\n";
const PROFILE: &str = "if [ -n \"$BASH_VERSION\" ] && [ -f ~/.bashrc ]; then . ~/.bashrc; fi\n";

/// Writes them all. Returns what could not be written, in words: an instance may have made it impossible, and must boot.
pub(super) fn write(instance: &InstanceSpec) -> Vec<String> {
    let mut failed = Vec::new();
    let mut note = |what: &str, result: io::Result<()>| {
        if let Err(error) = result {
            failed.push(format!("cannot write {what}: {error}"));
        }
    };
    note("the hostname", rustix::system::sethostname(instance.hostname.as_bytes()).map_err(io::Error::from));
    for (path, mode) in DIRECTORIES {
        note(path, directory(path, mode));
    }
    for (link, target) in [("/var/run", "/run"), ("/var/lock", "/run/lock")] {
        note(link, if Path::new(link).exists() { Ok(()) } else { symlink(target, link) });
    }
    note("/etc/hostname", replace("/etc/hostname", &format!("{}\n", instance.hostname)));
    note("/etc/hosts", replace("/etc/hosts", &hosts(instance)));
    note("/etc/resolv.conf", replace("/etc/resolv.conf", &resolver(instance)));
    note("/etc/machine-id", machine_id(instance));
    note("the home of root", home("/root", 0, 0o711, instance.authorized_key.as_deref()));
    note("the home of ec2-user", home("/home/ec2-user", 1000, 0o700, instance.authorized_key.as_deref()));
    failed
}

fn hosts(instance: &InstanceSpec) -> String {
    format!(
        "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n{} {} {}\n",
        instance.address, instance.fqdn, instance.hostname
    )
}

fn resolver(instance: &InstanceSpec) -> String {
    format!("nameserver {}\nsearch {}\noptions timeout:2 attempts:5\n", instance.resolver, instance.search_domain)
}

/// Once per instance, and made of its id.
fn machine_id(instance: &InstanceSpec) -> io::Result<()> {
    let path = "/etc/machine-id";
    if Path::new(path).exists() {
        return Ok(());
    }
    let digits = instance.id.to_string();
    replace(path, &format!("ec2{:0>29}\n", digits.trim_start_matches("i-")))
}

fn directory(path: &str, mode: u32) -> io::Result<()> {
    if Path::new(path).is_dir() {
        return Ok(());
    }
    fs::create_dir_all(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

/// A regular file in the place of whatever was there: on the host it may have been a link into /run.
fn replace(path: &str, content: &str) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    fs::write(path, content)
}

fn home(path: &str, user: u32, mode: u32, key: Option<&str>) -> io::Result<()> {
    let home = Path::new(path);
    if !home.join(".bashrc").exists() {
        fs::create_dir_all(home)?;
        fs::set_permissions(home, fs::Permissions::from_mode(mode))?;
        fs::write(home.join(".bashrc"), BASHRC)?;
        fs::write(home.join(".profile"), PROFILE)?;
        own(&[home, &home.join(".bashrc"), &home.join(".profile")], user)?;
    }
    let Some(key) = key else { return Ok(()) };
    let (directory, file) = (home.join(".ssh"), home.join(".ssh/authorized_keys"));
    let known = fs::read_to_string(&file).unwrap_or_default();
    if known.lines().any(|line| line.trim() == key.trim()) {
        return Ok(());
    }
    fs::create_dir_all(&directory)?;
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o700))?;
    fs::write(&file, format!("{known}{}\n", key.trim()))?;
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600))?;
    own(&[&directory, &file], user)
}

/// In a namespace of one id everything is root's, and the other users do not exist.
fn own(paths: &[&Path], user: u32) -> io::Result<()> {
    for path in paths {
        match chown(path, Some(user), Some(user)) {
            Err(error) if error.raw_os_error() == Some(libc::EINVAL) => return Ok(()),
            other => other?,
        }
    }
    Ok(())
}
