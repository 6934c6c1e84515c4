//! Port 22: init listens, and starts the host's own sshd for each connection, so that an instance nobody logs in to
//! costs nothing. The host key is made before the first connection is answered.

use std::net::TcpListener;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::process::{Command, Stdio};

const SSHD: &str = "/usr/sbin/sshd";
const KEYGEN: &str = "/usr/bin/ssh-keygen";
pub(crate) const HOST_KEY: &str = "/etc/ssh/ssh_host_ed25519_key";
const LOG: &str = "/var/log/auth.log";
/// More connections than this at a time wait in the backlog.
const SESSIONS_MAX: usize = 64;

/// The listener and what is under way.
pub(super) struct Ssh {
    listener: TcpListener,
    key_maker: Option<u32>,
    sessions: Vec<u32>,
}

impl Ssh {
    /// Listens when sshd is installed and has the users it needs.
    pub(super) fn listen(ids: u32) -> std::io::Result<Option<Self>> {
        if !Path::new(SSHD).exists() || !Path::new(KEYGEN).exists() {
            return Ok(None);
        }
        if ids == 1 {
            return Err(std::io::Error::other(
                "sshd needs users beside root, and this host gives an instance only one id (see `postern doctor`, subordinate ids)",
            ));
        }
        let listener = TcpListener::bind("[::]:22").or_else(|_| TcpListener::bind("0.0.0.0:22"))?;
        listener.set_nonblocking(true)?;
        Ok(Some(Self { listener, key_maker: None, sessions: Vec::new() }))
    }

    /// The descriptor to watch, unless connections have to wait.
    pub(super) fn watched(&self) -> Option<impl AsFd> {
        (self.key_maker.is_none() && self.sessions.len() < SESSIONS_MAX).then_some(&self.listener)
    }

    /// A connection has come.
    pub(super) fn ready(&mut self, errors: Stdio) -> std::io::Result<()> {
        if !Path::new(HOST_KEY).exists() {
            let mut keygen = Command::new(KEYGEN);
            keygen.args(["-q", "-N", "", "-t", "ed25519", "-f", HOST_KEY]);
            let child = keygen.stdin(Stdio::null()).stdout(Stdio::null()).stderr(errors).spawn()?;
            self.key_maker = Some(child.id());
            return Ok(());
        }
        let (stream, _) = self.listener.accept()?;
        let stream = OwnedFd::from(stream);
        // -i speaks on stdin and stdout.
        let mut sshd = Command::new(SSHD);
        sshd.args(["-i", "-E", LOG]).stdin(stream.try_clone()?).stdout(stream).stderr(errors);
        self.sessions.push(sshd.spawn()?.id());
        Ok(())
    }

    /// A child of init has ended.
    pub(super) fn ended(&mut self, pid: u32) {
        if self.key_maker == Some(pid) {
            self.key_maker = None;
        }
        self.sessions.retain(|session| *session != pid);
    }
}
