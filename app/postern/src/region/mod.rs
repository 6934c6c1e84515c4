//! The daemon: everything joined.

mod accounts;
mod alarms;
mod arrive;
mod begin;
mod believed;
mod ciphers;
mod converge;
mod data_plane;
mod decisions;
mod diff;
mod explain;
mod gate;
mod gates;
mod instance_facts;
mod issuers;
mod last;
mod lifecycle;
mod notary;
mod outside;
mod s3;
mod scope;
mod seal;
mod services;
mod ssh_key;
mod told;
mod told_of;
mod topics;
mod upstream;
mod ways;

use crate::config::{Account, Oidc};
use crate::control;
use crate::paths::DataDir;
use crate::say::Trouble;
use postern_control::Quotas;
use postern_iam::Iam;
use postern_names::{AccountId, Region};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

pub use services::implemented;

/// What `up` was told.
pub struct Settings {
    pub dir: DataDir,
    pub listen: SocketAddr,
    pub region: Region,
    pub account: AccountId,
    pub accounts: Vec<Account>,
    pub oidc: Vec<Oidc>,
    pub quotas: Quotas,
    /// In PEM: whose certificates SNS believes besides the region's own authority.
    pub sns_ca_file: Option<PathBuf>,
    pub share: Vec<PathBuf>,
    /// Each service once.
    pub upstreams: Vec<postern_upstream::Target>,
    pub verbose: u8,
}

/// Runs the region until it is told to stop.
pub fn run(settings: Settings, listener: TcpListener) -> Result<ExitCode, Trouble> {
    log(settings.verbose);
    let _lock = begin::lock(&settings.dir)?;
    postern_linux::raise_limits();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(std::thread::available_parallelism().map_or(2, |n| n.get().clamp(2, 8)))
        .enable_all()
        .build()
        .map_err(Trouble::at("start the runtime"))?;
    let ended = runtime.block_on(async {
        let region = begin::begin(&settings, listener).await?;
        region.announce(&settings)?;
        region.told.until_down().await;
        region.end(&settings.dir).await;
        Ok(ExitCode::SUCCESS)
    });
    runtime.shutdown_timeout(std::time::Duration::from_millis(200));
    ended
}

fn log(verbose: u8) {
    use tracing_subscriber::filter::LevelFilter;
    let level = match verbose {
        0 => LevelFilter::WARN,
        1 => LevelFilter::INFO,
        2 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    let targets =
        tracing_subscriber::filter::Targets::new().with_target("postern", level).with_default(LevelFilter::ERROR);
    // It calls every client error an error of its own.
    let targets = targets.with_target("s3s", LevelFilter::OFF);
    use tracing_subscriber::prelude::*;
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(false).with_target(false);
    tracing_subscriber::registry().with(lines.with_filter(targets)).init();
}

/// A region that serves.
struct Running {
    told: Arc<told::Told>,
    lifecycle: Arc<lifecycle::Lifecycle>,
    iam: Arc<Iam>,
    endpoint: String,
}

impl Running {
    /// Writes down where we are, and says it: the one ready line.
    fn announce(&self, settings: &Settings) -> Result<(), Trouble> {
        let note = control::Running {
            pid: std::process::id(),
            endpoint: self.endpoint.clone(),
            region: settings.region.to_string(),
            account: settings.account.to_string(),
        };
        crate::paths::write_private(&settings.dir.running(), serde_json::json!(note).to_string().as_bytes())
            .map_err(Trouble::at("write daemon.json"))?;
        println!(
            "postern is ready at {} (region {}, account {}, data in {})",
            note.endpoint,
            note.region,
            note.account,
            settings.dir.path().display()
        );
        Ok(())
    }

    async fn end(&self, dir: &DataDir) {
        let lifecycle = Arc::clone(&self.lifecycle);
        if tokio::task::spawn_blocking(move || lifecycle.end_all()).await.is_err() {
            tracing::error!("the instances could not be ended");
        }
        if let Err(refusal) = self.iam.write_usage().await {
            tracing::error!(inside = refusal.inside, "the uses of keys were not written");
        }
        for file in [dir.socket(), dir.running()] {
            if let Err(error) = std::fs::remove_file(&file) {
                tracing::warn!(%error, file = %file.display(), "left behind");
            }
        }
    }
}
