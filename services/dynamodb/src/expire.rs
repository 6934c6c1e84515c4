//! Time to live: items whose time is over are deleted, soon but not at once, as in AWS.

use crate::engines::Engines;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

/// The pause between two rounds; a round that takes long is followed by a longer one.
const PAUSE: Duration = Duration::from_secs(5);

/// Goes round until the engines are gone.
pub fn start(engines: &Arc<Engines>) {
    let engines = Arc::downgrade(engines);
    tokio::spawn(async move {
        let mut pause = PAUSE;
        loop {
            tokio::time::sleep(pause).await;
            let Some(took) = round(&engines).await else { return };
            pause = PAUSE.max(took * 20);
        }
    });
}

/// `None`: the engines are gone.
async fn round(engines: &Weak<Engines>) -> Option<Duration> {
    let begun = Instant::now();
    for engine in engines.upgrade()?.all() {
        match tokio::task::spawn_blocking(move || engine.expire()).await {
            Ok(Ok(0)) => {}
            Ok(Ok(items)) => tracing::debug!(items, "expired"),
            Ok(Err(refusal)) => tracing::error!(inside = refusal.inside, "items could not be expired"),
            Err(error) => tracing::error!(%error, "a round of expiry"),
        }
    }
    Some(begun.elapsed())
}
