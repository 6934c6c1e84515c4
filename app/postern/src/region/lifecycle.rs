//! Instances' lives: from `pending` to a running sandbox, from `stopping` and `shutting-down` to none.
//!
//! The verbs only write the state that was asked for; here it is brought about. At most one task works on an instance.

use crate::control::{Exec, Window};
use crate::paths::DataDir;
use crate::say::Trouble;
use postern_control::lifecycle;
use postern_ec2::Ec2;
use postern_linux::Host;
use postern_model::{Instance, InstanceState, World};
use postern_names::InstanceId;
use postern_program::Namespace;
use postern_sandbox::{ExecSpec, Exit, InstanceSpec, Running, Sandboxes};
use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, RwLock, mpsc};
use std::time::Duration;

/// How long a command waits for an instance on its way up, looking now and then.
const PATIENCE: Duration = Duration::from_secs(5);
const LOOK_AGAIN: Duration = Duration::from_millis(5);
/// How long processes of an instance may take to end by themselves.
const GRACE: Duration = Duration::from_secs(2);

pub struct Lifecycle {
    dir: DataDir,
    world: Arc<RwLock<World>>,
    host: Arc<Host>,
    sandboxes: Sandboxes,
    /// The service whose data the states are; set once it exists.
    ec2: OnceLock<Arc<Ec2>>,
    running: Mutex<HashMap<InstanceId, Arc<Running>>>,
    /// Instances a task works on, and whether it must look again when done.
    busy: Mutex<HashMap<InstanceId, bool>>,
    runtime: tokio::runtime::Handle,
}

/// The console's file, whether the instance runs or not.
pub fn console_path(dir: &DataDir, instance: InstanceId) -> PathBuf {
    instance_dir(dir, instance).join("console")
}

fn instance_dir(dir: &DataDir, instance: InstanceId) -> PathBuf {
    dir.instances().join(instance.to_string())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|e| e.into_inner())
}

impl Lifecycle {
    pub fn new(
        dir: DataDir,
        world: Arc<RwLock<World>>,
        host: Arc<Host>,
        sandboxes: Sandboxes,
        runtime: tokio::runtime::Handle,
    ) -> Arc<Self> {
        Arc::new(Self {
            dir,
            world,
            host,
            sandboxes,
            ec2: OnceLock::new(),
            running: Mutex::default(),
            busy: Mutex::default(),
            runtime,
        })
    }

    pub fn set_ec2(&self, ec2: Arc<Ec2>) {
        if self.ec2.set(ec2).is_err() {
            tracing::error!("the lifecycle already knows EC2");
        }
    }

    /// Looks after an instance whose state may have changed.
    pub fn kick(self: &Arc<Self>, instance: InstanceId) {
        let mut busy = lock(&self.busy);
        if let Some(again) = busy.get_mut(&instance) {
            *again = true;
            return;
        }
        busy.insert(instance, false);
        drop(busy);
        let me = Arc::clone(self);
        self.runtime.spawn(async move {
            loop {
                me.attend(instance).await;
                let mut busy = lock(&me.busy);
                match busy.get_mut(&instance) {
                    Some(again) if *again => *again = false,
                    _ => {
                        busy.remove(&instance);
                        return;
                    }
                }
            }
        });
    }

    /// After a start of the daemon: whatever ran is to run again, whatever was on its way out is gone.
    pub fn kick_all(self: &Arc<Self>) {
        let ids: Vec<InstanceId> = {
            let world = self.world.read().unwrap_or_else(|e| e.into_inner());
            let moving = |i: &&Instance| !matches!(i.state, InstanceState::Terminated | InstanceState::Stopped);
            world.instances.values().filter(moving).map(|i| i.id).collect()
        };
        ids.into_iter().for_each(|id| self.kick(id));
    }

    fn find(&self, instance: InstanceId) -> Option<Instance> {
        self.world.read().unwrap_or_else(|e| e.into_inner()).instances.get(&instance).cloned()
    }

    fn sandbox(&self, instance: InstanceId) -> Option<Arc<Running>> {
        lock(&self.running).get(&instance).cloned()
    }

    async fn attend(self: &Arc<Self>, id: InstanceId) {
        let Some(instance) = self.find(id) else { return };
        let done = match instance.state {
            InstanceState::Pending => self.start(&instance).await,
            InstanceState::Stopping | InstanceState::ShuttingDown => self.end(&instance).await,
            InstanceState::Running | InstanceState::Stopped | InstanceState::Terminated => Ok(()),
        };
        if let Err(trouble) = done {
            tracing::error!(instance = %id, state = ?instance.state, %trouble, "an instance is not where it should be");
            if instance.state == InstanceState::Pending {
                self.give_up(id, &trouble).await;
            }
        }
    }

    async fn start(self: &Arc<Self>, instance: &Instance) -> Result<(), Trouble> {
        let began = std::time::Instant::now();
        let id = instance.id;
        if let Some(old) = self.sandbox(id) {
            self.stop_sandbox(id, old).await?;
        }
        let spec = self.spec(instance)?;
        let me = Arc::clone(self);
        let running = tokio::task::spawn_blocking(move || -> Result<Arc<Running>, Trouble> {
            let running = me.sandboxes.start(spec).map_err(Trouble::at("start the sandbox"))?;
            let netns = running.netns().map_err(Trouble::at("open its network namespace"))?;
            me.host.adopt(Namespace::Instance(id), netns).map_err(Trouble::at("adopt its network namespace"))?;
            let running = Arc::new(running);
            lock(&me.running).insert(id, Arc::clone(&running));
            Ok(running)
        })
        .await
        .map_err(Trouble::at("wait for the sandbox"))??;
        // Two steps, so that nobody reads "running" before packets flow.
        self.change(move |draft, now| lifecycle::stands(draft, id, now)).await?;
        self.change(move |draft, now| lifecycle::running(draft, id, now)).await?;
        running.go().map_err(Trouble::at("tell the instance that its network is ready"))?;
        tracing::info!(instance = %id, elapsed = ?began.elapsed(), "running");
        self.watch(id, running);
        Ok(())
    }

    /// An instance may end by itself: `poweroff` inside, or a crash of its init.
    fn watch(self: &Arc<Self>, id: InstanceId, running: Arc<Running>) {
        let me = Arc::clone(self);
        self.runtime.spawn(async move {
            let exit = match until_ended(&running).await {
                Ok(exit) => exit,
                Err(trouble) => return tracing::error!(instance = %id, %trouble, "its end will not be noticed"),
            };
            let ours = me.sandbox(id).is_some_and(|current| Arc::ptr_eq(&current, &running));
            let was_running = me.find(id).is_some_and(|i| i.state == InstanceState::Running);
            if ours && was_running {
                tracing::info!(instance = %id, ?exit, "ended by itself");
                if let Err(trouble) = me.ended_by_itself(id, running, exit.asks_for_reboot()).await {
                    tracing::error!(instance = %id, %trouble, "its end could not be written down");
                }
            }
        });
    }

    async fn ended_by_itself(
        self: &Arc<Self>,
        id: InstanceId,
        running: Arc<Running>,
        starts_again: bool,
    ) -> Result<(), Trouble> {
        if starts_again {
            self.stop_sandbox(id, running).await?;
            self.change(move |draft, _| lifecycle::rebooted_by_itself(draft, id)).await?;
            self.kick(id);
            return Ok(());
        }
        let stays = self.find(id).is_some_and(|i| i.shutdown_behavior == "stop");
        let after = if stays { lifecycle::stopped } else { lifecycle::terminated };
        self.change(move |draft, now| after(draft, id, now)).await?;
        self.stop_sandbox(id, running).await?;
        if !stays {
            self.remove_disk(id).await;
        }
        Ok(())
    }

    async fn remove_disk(&self, id: InstanceId) {
        let disk = instance_dir(&self.dir, id);
        let removed = tokio::task::spawn_blocking(move || match std::fs::remove_dir_all(&disk) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        });
        if let Ok(Err(error)) = removed.await {
            tracing::warn!(instance = %id, %error, "its disk could not be removed");
        }
    }

    async fn end(self: &Arc<Self>, instance: &Instance) -> Result<(), Trouble> {
        let id = instance.id;
        if let Some(running) = self.sandbox(id) {
            self.stop_sandbox(id, running).await?;
        }
        if instance.state == InstanceState::Stopping {
            return self.change(move |draft, now| lifecycle::stopped(draft, id, now)).await;
        }
        self.remove_disk(id).await;
        self.change(move |draft, now| lifecycle::terminated(draft, id, now)).await
    }

    async fn stop_sandbox(&self, id: InstanceId, running: Arc<Running>) -> Result<(), Trouble> {
        tokio::task::spawn_blocking(move || running.shutdown(GRACE))
            .await
            .map_err(Trouble::at("wait for the sandbox's end"))?
            .map_err(Trouble::at("end the sandbox"))?;
        lock(&self.running).remove(&id);
        self.host.forget(Namespace::Instance(id)).map_err(Trouble::at("forget its network namespace"))
    }

    /// A start that failed: AWS too gives such an instance up with a reason.
    async fn give_up(&self, id: InstanceId, trouble: &Trouble) {
        tracing::warn!(instance = %id, %trouble, "given up");
        let given_up = self.change(move |draft, now| lifecycle::failed_to_start(draft, id, now)).await;
        if let Err(trouble) = given_up {
            tracing::error!(instance = %id, %trouble, "its failure could not be written down");
        }
        if let Some(running) = self.sandbox(id)
            && let Err(trouble) = self.stop_sandbox(id, running).await
        {
            tracing::error!(instance = %id, %trouble, "its sandbox could not be ended");
        }
    }

    async fn change(
        &self,
        change: impl FnOnce(&mut postern_control::Draft<'_>, time::OffsetDateTime) -> bool + Send,
    ) -> Result<(), Trouble> {
        let Some(ec2) = self.ec2.get() else { return Err(Trouble::new("EC2 does not exist yet")) };
        let now = time::OffsetDateTime::now_utc();
        ec2.change(|draft| Ok(change(draft, now))).await.map(drop).map_err(|refusal| {
            let inside = refusal.inside.clone().unwrap_or_default();
            Trouble::new(format!("{refusal} {inside}"))
        })
    }

    fn spec(&self, instance: &Instance) -> Result<InstanceSpec, Trouble> {
        let world = self.world.read().unwrap_or_else(|e| e.into_inner());
        let missing = |what: &str| Trouble::new(format!("{} has no {what}", instance.id));
        let interfaces = world.interfaces_of_instance(instance.id);
        let address = interfaces.first().and_then(|i| i.primary_address()).ok_or_else(|| missing("interface"))?;
        let vpc = world.vpcs.get(&instance.vpc).ok_or_else(|| missing("VPC"))?;
        let key = instance.key_name.as_ref().and_then(|name| {
            let named = |k: &&postern_model::KeyPair| {
                k.name == *name && k.owner == instance.owner && k.region == instance.region
            };
            world.key_pairs.values().find(named).map(|k| k.public_key.clone())
        });
        let hostname = format!("ip-{}", address.to_string().replace('.', "-"));
        let domain = instance.region.internal_domain();
        let search_domain = world.dhcp_options.get(&vpc.dhcp_options).and_then(|set| set.value("domain-name"));
        let memory = postern_model::instance_types().iter().find(|t| t.name == instance.instance_type);
        Ok(InstanceSpec {
            id: instance.id,
            fqdn: format!("{hostname}.{domain}"),
            hostname,
            address,
            resolver: vpc.resolver().ok_or_else(|| missing("resolver"))?,
            search_domain: search_domain.map(str::to_owned).unwrap_or(domain),
            authorized_key: key,
            user_data: instance.user_data.as_deref().and_then(decode),
            first_boot: !instance.booted_once,
            instance_dir: instance_dir(&self.dir, instance.id),
            memory_max: memory.map(|t| t.memory_mib << 20),
            pids_max: Some(4096),
        })
    }

    /// One on its way up is waited for a while: it has no network yet, and may be up again in milliseconds.
    fn await_running(&self, id: InstanceId) -> Result<(), Trouble> {
        let patience = std::time::Instant::now() + PATIENCE;
        loop {
            let Some(instance) = self.find(id) else {
                return Err(Trouble::new(format!("the instance ID '{id}' does not exist")));
            };
            match instance.state {
                InstanceState::Running => return Ok(()),
                InstanceState::Pending if std::time::Instant::now() < patience => std::thread::sleep(LOOK_AGAIN),
                state => {
                    return Err(Trouble::new(format!("{id} is {}", state.wire().1))
                        .hint(format!("aws ec2 wait instance-running --instance-ids {id}")));
                }
            }
        }
    }

    /// Runs a command in an instance to its end.
    pub fn exec(
        &self,
        exec: Exec,
        [stdin, stdout, stderr]: [OwnedFd; 3],
        windows: mpsc::Receiver<Window>,
    ) -> Result<u8, Trouble> {
        let id: InstanceId = exec.instance.parse().map_err(Trouble::new)?;
        self.await_running(id)?;
        let running = self.sandbox(id).ok_or_else(|| Trouble::new(format!("{id} has just ended")))?;
        let tty = exec.terminal.is_some();
        let (term, window) = exec.terminal.map_or((None, None), |(term, w)| (Some(term), Some(size(w))));
        let spec = ExecSpec { argv: exec.argv, user: exec.user, tty, term, window, stdin, stdout, stderr };
        let handle = Arc::new(running.exec(spec).map_err(Trouble::at("run the command"))?);
        let resized = Arc::clone(&handle);
        std::thread::spawn(move || {
            for window in windows {
                if resized.resize(size(window)).is_err() {
                    return;
                }
            }
        });
        let exit = handle.wait().map_err(Trouble::at("wait for the command"))?;
        Ok(u8::try_from(exit.status()).unwrap_or(u8::MAX))
    }

    /// Ends every sandbox: the daemon is going down. Their states stay as they are, so that they start again next time.
    pub fn end_all(&self) {
        let all: Vec<(InstanceId, Arc<Running>)> = lock(&self.running).drain().collect();
        let threads: Vec<_> = all
            .into_iter()
            .map(|(id, running)| {
                std::thread::spawn(move || {
                    if let Err(error) = running.shutdown(GRACE) {
                        tracing::warn!(instance = %id, %error, "did not end well");
                    }
                })
            })
            .collect();
        for thread in threads {
            let _ = thread.join();
        }
    }

    pub fn count(&self) -> usize {
        lock(&self.running).len()
    }
}

/// A thread that only waits needs no more stack than this, in bytes.
const WAITER_STACK: usize = 64 * 1024;

/// Waits for an instance's end. A small thread of its own holds the wait: the runtime's are for work.
async fn until_ended(running: &Arc<Running>) -> Result<Exit, Trouble> {
    let (sender, ended) = tokio::sync::oneshot::channel();
    let waiting = Arc::clone(running);
    std::thread::Builder::new()
        .name("instance-end".into())
        .stack_size(WAITER_STACK)
        .spawn(move || {
            let exit = loop {
                match waiting.wait(Duration::from_secs(3600)) {
                    Ok(None) => {}
                    Ok(Some(exit)) => break Ok(exit),
                    Err(error) => break Err(error),
                }
            };
            // Nobody listens any more once the daemon goes down.
            let _ = sender.send(exit);
        })
        .map_err(Trouble::at("start a thread to watch the process"))?;
    ended.await.map_err(Trouble::at("watch the process"))?.map_err(Trouble::at("watch the process"))
}

fn size(window: Window) -> postern_sandbox::Window {
    postern_sandbox::Window { rows: window.rows, columns: window.columns }
}

/// User data from the form that the API carries it in.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.decode(text.trim()).ok()
}
