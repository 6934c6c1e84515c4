//! What is said on the control socket, and the note that tells where the daemon is.

use crate::paths::DataDir;
use crate::say::Trouble;
use postern_names::{AccountId, AvailabilityZone};
use serde::{Deserialize, Serialize};
use std::os::fd::AsFd;

/// The note `daemon.json`. It is true as long as the daemon holds the lock file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Running {
    pub pid: u32,
    /// `http://127.0.0.1:4566`.
    pub endpoint: String,
    pub region: String,
    pub account: String,
}

impl Running {
    /// The daemon of this data directory, if one runs.
    pub fn find(dir: &DataDir) -> Result<Option<Self>, Trouble> {
        let lock = match std::fs::File::open(dir.lock()) {
            Ok(lock) => lock,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Trouble::new(format!("open {}: {error}", dir.lock().display()))),
        };
        // The lock can be had: nobody runs, whatever the note says.
        if rustix::fs::flock(lock.as_fd(), rustix::fs::FlockOperation::NonBlockingLockShared).is_ok() {
            return Ok(None);
        }
        match std::fs::read(dir.running()) {
            Ok(text) => Ok(serde_json::from_slice(&text).ok()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Trouble::new(format!("read {}: {error}", dir.running().display()))),
        }
    }
}

/// A request; the answer is one line of JSON, for an exec one line per event.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    Status,
    Down,
    Account(AccountWord),
    Exec(Exec),
    /// During an exec: the caller's window changed.
    Resize(Window),
    Explain(Explain),
    Chaos(Chaos),
}

/// What is taken away or brought back.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Chaos {
    Zone { zone: AvailabilityZone, down: bool },
}

/// What is to be explained.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Explain {
    /// One request, by its id.
    Request(String),
    /// The latest refused requests, at most so many.
    Last(usize),
    /// The last call and the connections of one instance.
    LastOf(String),
    /// One way through the network.
    Way(WayQuestion),
    /// The same with the call that is made at the end of it.
    Call { way: WayQuestion, call: CallQuestion },
    /// Who reaches whom.
    Matrix {
        /// `instances`, `subnets` or `endpoints`; those that ask the last are instances.
        of: String,
        port: u16,
    },
    /// Both ways between two places.
    Between { a: String, b: String, protocol: String, port: u16 },
    /// What a change would open and close: `aws ec2` commands, or a Terraform plan as JSON.
    Diff { change: String },
    /// The ways that a Network Access Scope finds: its id, or the JSON of one.
    Scope { scope: String },
}

/// From where to where, as the user wrote it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WayQuestion {
    pub from: String,
    pub to: String,
    /// `tcp`, `udp` or `icmp`.
    pub protocol: String,
}

/// Who asks for what, as the user wrote it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CallQuestion {
    /// `None`: the role of the instance that the question comes from.
    pub caller: Option<String>,
    /// `s3:GetObject`.
    pub action: Option<String>,
    /// An ARN.
    pub resource: Option<String>,
}

/// What is asked about accounts.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountWord {
    Create {
        name: String,
        id: Option<AccountId>,
    },
    List,
    /// The administrator's key of the account with this id or name.
    Key {
        account: String,
    },
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Exec {
    pub instance: String,
    pub argv: Vec<String>,
    pub user: String,
    /// The caller's terminal type and window; `None`: no terminal.
    pub terminal: Option<(String, Window)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    pub rows: u16,
    pub columns: u16,
}
