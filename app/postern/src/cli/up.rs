//! `postern up`: start the region.

use super::{Common, upstream};
use crate::config::Config;
use crate::control::Running;
use crate::paths::DataDir;
use crate::region::{self, Settings};
use crate::say::Trouble;
use postern_names::{AccountId, Region};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

#[derive(clap::Args)]
pub struct Up {
    #[command(flatten)]
    common: Common,
    /// Go on in the background once ready
    #[arg(long)]
    detach: bool,
    /// Where to serve the AWS API, HTTP and HTTPS alike [default: 127.0.0.1:4566]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// The region of requests that name none [default: us-east-1]
    #[arg(long)]
    region: Option<String>,
    /// The default account [default: 123456789012]
    #[arg(long, value_name = "ID")]
    account_id: Option<AccountId>,
    /// Accounts, users, keys and settings to begin with (TOML)
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// A directory of this machine that instances see too, read-only, its bin first on their PATH (repeatable)
    #[arg(long, value_name = "DIR")]
    share: Vec<PathBuf>,
    /// Put another server behind a service's name, such as states=http://127.0.0.1:5000 (repeatable)
    #[arg(long, value_name = "SERVICE=URL")]
    upstream: Vec<String>,
    /// Say more in the log (repeat for more)
    #[arg(short, long, action = clap::ArgAction::Count)]
    verbose: u8,
}

/// The name under which the host-facing socket is kept when the program starts itself again in a user namespace.
const LISTENER: &str = "listener";

impl Up {
    pub fn run(self) -> Result<ExitCode, Trouble> {
        if self.detach {
            return self.detach();
        }
        let settings = self.settings()?;
        settings.dir.make().map_err(Trouble::at(format!("make {}", settings.dir.path().display())))?;
        let listener = match postern_sandbox::inherited(LISTENER) {
            Some(fd) => TcpListener::from(fd),
            None => listen(settings.listen)?,
        };
        if postern_sandbox::rootless_needed() {
            // The socket stays on the host's loopback; everything else happens in namespaces of our own.
            let kept = [(LISTENER, listener.as_fd())];
            let failed = postern_sandbox::enter_rootless(&kept);
            return Err(Trouble::new(failed.map_or_else(|e| e.to_string(), |never| match never {})));
        }
        region::run(settings, listener)
    }

    fn settings(&self) -> Result<Settings, Trouble> {
        let config = self.config.as_deref().map(Config::read).transpose()?.unwrap_or_default();
        let listen = self.listen.as_deref().or(config.listen.as_deref()).unwrap_or("127.0.0.1:4566");
        let listen: SocketAddr = listen.parse().map_err(|_| {
            Trouble::new(format!("`{listen}` is not an address and port")).hint("such as 127.0.0.1:4566")
        })?;
        let region = self.region.as_deref().or(config.region.as_deref()).unwrap_or("us-east-1");
        let shared = self.share.iter().chain(&config.share);
        let share = shared
            .map(|dir| std::path::absolute(dir).map_err(Trouble::at(format!("--share {}", dir.display()))))
            .collect::<Result<_, _>>()?;
        Ok(Settings {
            dir: self.common.data_dir(),
            listen,
            region: Region::new(region),
            account: self.account_id.or(config.account_id).unwrap_or(AccountId::DEFAULT),
            quotas: config.quotas()?,
            accounts: config.accounts,
            oidc: config.oidc,
            sns_ca_file: config.sns.ca_file,
            share,
            upstreams: upstream::targets(&self.upstream, &config.upstreams)?,
            verbose: self.verbose,
        })
    }

    /// Starts the same command without `--detach`, in a session of its own, and waits for its ready line.
    fn detach(self) -> Result<ExitCode, Trouble> {
        let settings = self.settings()?;
        let dir = settings.dir;
        dir.make().map_err(Trouble::at(format!("make {}", dir.path().display())))?;
        if let Some(running) = Running::find(&dir)? {
            return Err(already(&dir, &running));
        }
        let log = std::fs::OpenOptions::new().create(true).append(true).open(dir.log());
        let log = log.map_err(Trouble::at(format!("open {}", dir.log().display())))?;
        let arguments = std::env::args_os().skip(1).filter(|word| word != "--detach");
        let program = std::env::current_exe().map_err(Trouble::at("find this program"))?;
        let mut daemon = Command::new("setsid")
            .arg(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .map_err(Trouble::at("start the daemon (setsid, Debian package util-linux)"))?;
        let mut ready = String::new();
        if let Some(output) = daemon.stdout.take() {
            BufReader::new(output).read_line(&mut ready).map_err(Trouble::at("hear the daemon"))?;
        }
        if ready.is_empty() {
            let said = std::fs::read_to_string(dir.log()).unwrap_or_default();
            let last: Vec<&str> = said.lines().rev().take(4).collect();
            let words = last.into_iter().rev().collect::<Vec<_>>().join("\n");
            return Err(Trouble::new(format!("the daemon did not start:\n{words}"))
                .hint(format!("the whole log is {}; postern doctor looks for causes", dir.log().display())));
        }
        print!("{ready}");
        std::io::stdout().flush().map_err(Trouble::at("print"))?;
        Ok(ExitCode::SUCCESS)
    }
}

fn listen(address: SocketAddr) -> Result<TcpListener, Trouble> {
    TcpListener::bind(address).map_err(|error| {
        Trouble::new(format!("cannot listen on {address}: {error}"))
            .hint("another region, or another program, has the port; choose one with --listen 127.0.0.1:PORT")
    })
}

/// The refusal to run twice on one data directory.
pub fn already(dir: &DataDir, running: &Running) -> Trouble {
    Trouble::new(format!("process {} runs on {} already, at {}", running.pid, dir.path().display(), running.endpoint))
        .hint("stop it with postern down, or give another --data-dir")
}
