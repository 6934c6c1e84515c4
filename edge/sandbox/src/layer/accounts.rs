//! The accounts of an instance: the host's system accounts, a locked root, and `ec2-user`.

use std::fs;
use std::io;
use std::path::Path;

use super::Layer;

/// Ids from here to `nobody` belong to people of the host, who are none of the instance's business.
const PEOPLE: std::ops::Range<u32> = 1000..65534;

/// Writes passwd, group, shadow, gshadow and the sudo rule.
pub(super) fn replace(layer: &Layer) -> io::Result<()> {
    let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let group = fs::read_to_string("/etc/group").unwrap_or_default();
    let shell = if Path::new("/bin/bash").exists() { "/bin/bash" } else { "/bin/sh" };
    let accounts = accounts(&passwd, shell);
    layer.put(Path::new("/etc/passwd"), accounts.as_bytes(), 0o644)?;
    layer.put(Path::new("/etc/group"), groups(&group).as_bytes(), 0o644)?;
    layer.put(Path::new("/etc/shadow"), shadow(&accounts).as_bytes(), 0o600)?;
    layer.put(Path::new("/etc/gshadow"), b"", 0o600)?;
    for backup in ["/etc/passwd-", "/etc/group-", "/etc/shadow-", "/etc/gshadow-"] {
        if fs::symlink_metadata(backup).is_ok() {
            layer.whiteout(Path::new(backup))?;
        }
    }
    let sudoers = "root ALL=(ALL:ALL) ALL\nec2-user ALL=(ALL:ALL) NOPASSWD: ALL\n";
    layer.put(Path::new("/etc/sudoers"), sudoers.as_bytes(), 0o440)
}

/// Commands that end an instance from inside: a kernel call to do so is not an instance's to make, and the host's programs
/// would look for an init that is not there.
pub(super) fn power(layer: &Layer) -> io::Result<()> {
    let script = "#!/bin/sh\n# init of this instance powers off on SIGTERM and asks for a reboot on SIGINT\n\
                  case \"${0##*/} $*\" in\n*reboot*|*' -r'*) kill -INT 1 ;;\n*) kill -TERM 1 ;;\nesac\n";
    for name in ["poweroff", "halt", "reboot", "shutdown"] {
        let place =
            ["/usr/sbin", "/sbin"].map(Path::new).into_iter().find(|p| p.is_dir()).unwrap_or(Path::new("/usr/bin"));
        layer.put(&place.join(name), script.as_bytes(), 0o755)?;
    }
    Ok(())
}

/// The instance's sshd: keys only, and without PAM, whose modules want what a namespace cannot give.
pub(super) fn ssh_daemon(layer: &Layer, environment: &[(String, String)]) -> io::Result<()> {
    if !Path::new("/etc/ssh").is_dir() {
        return Ok(());
    }
    let variables: Vec<String> = environment.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let config = format!(
        "HostKey {}\nPermitRootLogin prohibit-password\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n\
         UsePAM no\nPrintMotd no\nAuthorizedKeysFile .ssh/authorized_keys\nSubsystem sftp internal-sftp\nSetEnv {}\n",
        crate::boot::HOST_KEY,
        variables.join(" ")
    );
    layer.put(Path::new("/etc/ssh/sshd_config"), config.as_bytes(), 0o644)
}

fn id(line: &str) -> Option<u32> {
    line.split(':').nth(2)?.parse().ok()
}

fn kept(line: &&str) -> bool {
    id(line).is_some_and(|id| id != 0 && !PEOPLE.contains(&id))
}

fn accounts(passwd: &str, shell: &str) -> String {
    let mut lines = vec![format!("root:x:0:0:root:/root:{shell}")];
    lines.extend(passwd.lines().filter(kept).map(str::to_owned));
    lines.push(format!("ec2-user:x:1000:1000:EC2 Default User:/home/ec2-user:{shell}"));
    lines.join("\n") + "\n"
}

fn groups(group: &str) -> String {
    let mut lines = vec!["root:x:0:".to_owned()];
    // Members are people of the host.
    lines.extend(group.lines().filter(kept).filter_map(|line| Some(format!("{}:", line.rsplit_once(':')?.0))));
    lines.push("ec2-user:x:1000:".to_owned());
    lines.join("\n") + "\n"
}

/// `*`: no password can match, and the account is not locked, so that a key is enough for SSH.
fn shadow(accounts: &str) -> String {
    let names = accounts.lines().filter_map(|line| line.split(':').next());
    names.map(|name| format!("{name}:*:19000:0:99999:7:::\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_of_the_host_are_replaced_by_ec2_user() {
        let host = "root:x:0:0:root:/root:/bin/zsh\nsshd:x:102:65534::/run/sshd:/usr/sbin/nologin\n\
                    alice:x:1000:1000:Alice:/home/alice:/bin/bash\nnobody:x:65534:65534::/:/bin/false\n";
        let got = accounts(host, "/bin/bash");
        let names: Vec<&str> = got.lines().filter_map(|l| l.split(':').next()).collect();
        assert_eq!(names, ["root", "sshd", "nobody", "ec2-user"]);
        assert!(got.starts_with("root:x:0:0:root:/root:/bin/bash\n"));
        assert!(!shadow(&got).contains('!') && shadow(&got).contains("root:*:"));
    }

    #[test]
    fn groups_lose_their_members() {
        let got = groups("root:x:0:\nsudo:x:27:alice,bob\nalice:x:1000:\n");
        assert_eq!(got, "root:x:0:\nsudo:x:27:\nec2-user:x:1000:\n");
    }
}
