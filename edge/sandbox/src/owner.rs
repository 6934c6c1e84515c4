//! The owner of all sandboxes: one long-lived thread that starts their processes.
//!
//! A process whose parent dies is killed with it (`PR_SET_PDEATHSIG`), and its parent is the *thread* that made it. So
//! every instance is a child of this one thread, which lives as long as the daemon; its mount namespace holds the image
//! layer. Nothing has a name on the host, so nothing can be left behind.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, OnceLock, mpsc};
use std::time::Duration;

use crate::channel::Channel;
use crate::error::{SandboxError, Step};
use crate::running::Running;
use crate::spec::{BootRequest, Image, InstanceSpec, LayerReport, LayerRequest, Report, SandboxConfig};
use crate::{cgroup, layer};

/// The hidden subcommands.
pub(crate) const LAYER: &str = "__sandbox-layer";
pub(crate) const INIT: &str = "__sandbox-init";

/// Milliseconds are usual. A host that hangs (a directory on a server that is gone) must not hang its callers for ever.
const BOOT_PATIENCE: Duration = Duration::from_secs(60);

/// Starts instances. When it is dropped they all die.
pub struct Sandboxes {
    orders: mpsc::Sender<Spawn>,
    shared: Arc<Shared>,
}

/// What is known to the owner's thread and to callers.
struct Shared {
    helper: PathBuf,
    stage: PathBuf,
    image: OnceLock<Result<Image, SandboxError>>,
}

/// Asks the thread for a helper process; the image layer is ready when it answers.
struct Spawn {
    answer: mpsc::Sender<Result<(Child, Channel), SandboxError>>,
}

impl Sandboxes {
    /// Starts the thread, which fills the image layer in the background, a moment later or at the first start; errors of
    /// that appear at the starts.
    pub fn new(config: SandboxConfig) -> Result<Self, SandboxError> {
        let step = "prepare the sandbox directory";
        let stage = config.data_dir.join("sandbox");
        std::fs::create_dir_all(&stage).step(step, "mkdir")?;
        let stage = std::fs::canonicalize(stage).step(step, "realpath")?;
        let helper = config.helper.clone().unwrap_or_else(|| PathBuf::from("/proc/self/exe"));
        let shared = Arc::new(Shared { helper, stage, image: OnceLock::new() });
        let (orders, inbox) = mpsc::channel();
        let for_thread = Arc::clone(&shared);
        std::thread::Builder::new()
            .name("sandboxes".to_owned())
            .spawn(move || own(&for_thread, &config, &inbox))
            .step("start the sandbox thread", "clone")?;
        Ok(Self { orders, shared })
    }

    /// Makes an instance. Returns when its namespaces and root are ready and init waits for [`Running::go`].
    ///
    /// Blocking; may be called from several threads at once.
    pub fn start(&self, instance: InstanceSpec) -> Result<Running, SandboxError> {
        let (answer, outcome) = mpsc::channel();
        let gone = || SandboxError::plain("start an instance", "the sandbox thread is gone");
        self.orders.send(Spawn { answer }).map_err(|_| gone())?;
        let (mut helper, channel) = outcome.recv().map_err(|_| gone())??;
        let started = self.boot(instance, channel);
        if started.is_err() {
            // It has failed, or hangs.
            let _ = helper.kill();
        }
        // The helper has ended or is about to: it hands the instance over or fails, and does nothing after that.
        if let Err(error) = helper.wait() {
            tracing::warn!(%error, "cannot collect a sandbox helper");
        }
        started
    }

    fn boot(&self, instance: InstanceSpec, channel: Channel) -> Result<Running, SandboxError> {
        let image = self.image()?.clone();
        let request = BootRequest { parent: std::process::id(), stage: self.shared.stage.clone(), image, instance };
        channel.send(&request, &[])?;
        let instance = request.instance;
        // Two processes speak on this channel, in no order: the helper says who init is, init that it is ready. After a
        // failure both end, and what init left is collected by dropping it.
        let (mut running, mut ready, mut failed) = (None, false, None);
        while !(ready && running.is_some()) {
            match channel.receive_within::<Report>(BOOT_PATIENCE)? {
                Some((Report::Forked { pid }, _)) => {
                    running = Some(Running::hold(pid, instance.clone())?);
                }
                Some((Report::Ready, _)) => ready = true,
                Some((Report::Failed(error), _)) => failed = Some(error),
                None => break,
            }
        }
        match (running, failed) {
            (Some(running), None) if ready => Ok(running.with_channel(channel)),
            (_, Some(error)) => Err(error),
            _ => Err(SandboxError::plain("start an instance", "its init ended before it was ready")),
        }
    }

    fn image(&self) -> Result<&Image, SandboxError> {
        match self.shared.image.get() {
            Some(Ok(image)) => Ok(image),
            Some(Err(error)) => Err(error.clone()),
            None => Err(SandboxError::plain("fill the image layer", "the sandbox thread has not begun")),
        }
    }
}

/// The thread's life.
fn own(shared: &Shared, config: &SandboxConfig, inbox: &mpsc::Receiver<Spawn>) {
    // Not in the way of the daemon's own start, unless the first instance is waiting already.
    let first = match inbox.recv_timeout(Duration::from_millis(250)) {
        Ok(order) => Some(order),
        Err(mpsc::RecvTimeoutError::Timeout) => None,
        Err(mpsc::RecvTimeoutError::Disconnected) => return,
    };
    cgroup::sweep();
    let image = fill(shared, config);
    if let Err(error) = &image {
        tracing::warn!(%error, "instances cannot be started");
    }
    let failed = image.as_ref().err().cloned();
    let disks = image.as_ref().ok().and_then(|image| image.disks_in_memory.clone());
    if disks.is_some() {
        tracing::warn!(
            "the data directory cannot carry instances' disks: they are kept in memory and lost with the daemon"
        );
    }
    // Set once: this thread is the only one that does.
    let _ = shared.image.set(image);
    for order in first.into_iter().chain(inbox.iter()) {
        disks.as_deref().into_iter().for_each(layer::disks::sweep);
        let outcome = match &failed {
            Some(error) => Err(error.clone()),
            None => spawn_helper(&shared.helper, INIT),
        };
        // A caller that gave up takes the process with its channel.
        let _ = order.answer.send(outcome);
    }
}

fn fill(shared: &Shared, config: &SandboxConfig) -> Result<Image, SandboxError> {
    layer::mount_stage(&shared.stage)?;
    let (mut helper, channel) = spawn_helper(&shared.helper, LAYER)?;
    let request = LayerRequest {
        parent: std::process::id(),
        stage: shared.stage.clone(),
        data_dir: config.data_dir.clone(),
        ca_pem: config.ca_pem.clone(),
        extra_read_only_paths: config.extra_read_only_paths.clone(),
    };
    channel.send(&request, &[])?;
    let report = channel.receive_within::<LayerReport>(BOOT_PATIENCE);
    if report.is_err() {
        // It hangs on a file system that does not answer; nothing of it is used.
        let _ = helper.kill();
    }
    helper.wait().step("collect the image layer's helper", "waitpid")?;
    match report? {
        Some((LayerReport::Built(image), _)) => Ok(image),
        Some((LayerReport::Failed(error), _)) => Err(error),
        None => Err(SandboxError::plain("fill the image layer", "its helper ended without a word")),
    }
}

/// Starts a helper process with one end of a channel as its standard input, and nothing of the daemon's environment.
pub(crate) fn spawn_helper(program: &PathBuf, subcommand: &str) -> Result<(Child, Channel), SandboxError> {
    let (ours, theirs) = Channel::pair()?;
    let child = Command::new(program)
        .arg0("init")
        .arg(subcommand)
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::from(theirs.into_fd()))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .step("start a sandbox helper", format!("execve({} {subcommand})", program.display()))?;
    Ok((child, ours))
}
