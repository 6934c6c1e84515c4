//! What the daemon is told on its control socket, and by signals.

use super::accounts::Registry;
use super::lifecycle::Lifecycle;
use crate::control::{AccountWord, Chaos, Control, Exec, Window};
use crate::say::Trouble;
use postern_call::Refusal;
use postern_control::outage;
use postern_ec2::Ec2;
use postern_model::{InstanceState, World};
use serde_json::{Map, Value, json};
use std::os::fd::OwnedFd;
use std::sync::{Arc, RwLock, mpsc};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;

pub struct Told {
    down: Notify,
    world: Arc<RwLock<World>>,
    lifecycle: Arc<Lifecycle>,
    buckets: Box<dyn Fn() -> usize + Send + Sync>,
    registry: Registry,
    ec2: Arc<Ec2>,
    /// What never changes: endpoint, region, account.
    fixed: Map<String, Value>,
}

impl Told {
    pub fn new(
        world: Arc<RwLock<World>>,
        lifecycle: Arc<Lifecycle>,
        buckets: impl Fn() -> usize + Send + Sync + 'static,
        (registry, ec2): (Registry, Arc<Ec2>),
        fixed: Map<String, Value>,
    ) -> Arc<Self> {
        Arc::new(Self { down: Notify::new(), world, lifecycle, buckets: Box::new(buckets), registry, ec2, fixed })
    }

    /// Returns when somebody wants the region to stop.
    pub async fn until_down(&self) {
        let signals = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
        match signals {
            (Ok(mut terminate), Ok(mut interrupt)) => tokio::select! {
                () = self.down.notified() => {}
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            },
            (Err(error), _) | (_, Err(error)) => {
                tracing::error!(%error, "signals cannot be heard");
                self.down.notified().await;
            }
        }
    }
}

impl Control for Told {
    fn status(&self) -> Value {
        let world = self.world.read().unwrap_or_else(|e| e.into_inner());
        let running = world.instances.values().filter(|i| i.state == InstanceState::Running).count();
        let mut status = self.fixed.clone();
        status.extend([
            ("running".to_owned(), json!(true)),
            ("pid".to_owned(), json!(std::process::id())),
            ("generation".to_owned(), json!(world.generation.0)),
            ("vpcs".to_owned(), json!(world.vpcs.len())),
            ("instances_running".to_owned(), json!(running)),
            ("sandboxes".to_owned(), json!(self.lifecycle.count())),
            ("vpc_endpoints".to_owned(), json!(world.endpoints.len())),
            ("buckets".to_owned(), json!((self.buckets)())),
            ("zones_down".to_owned(), json!(world.outages.zones.keys().collect::<Vec<_>>())),
        ]);
        Value::Object(status)
    }

    fn down(&self) {
        self.down.notify_one();
    }

    fn account(&self, word: AccountWord) -> Result<Value, Trouble> {
        self.registry.answer(word)
    }

    fn chaos(&self, word: Chaos) -> Result<Value, Trouble> {
        let Chaos::Zone { zone, down } = word;
        let now = time::OffsetDateTime::now_utc();
        let wrong = |why: String| Refusal::new("InvalidParameterValue", why);
        let named = zone.clone();
        let change = self.ec2.change(move |draft| outage::set(draft, &named, down, now).map_err(wrong));
        let changed = self.registry.runtime.block_on(change).map_err(|refusal| Trouble::new(refusal.message))?;
        Ok(json!({ "zone": zone, "down": down, "changed": changed }))
    }

    fn exec(&self, exec: Exec, descriptors: [OwnedFd; 3], windows: mpsc::Receiver<Window>) -> Result<u8, Trouble> {
        self.lifecycle.exec(exec, descriptors, windows)
    }
}
