//! The open connections: so that those whose way changes can be cut.

use crate::accept::{Arrived, Identify, Place};
use postern_names::{Via, VpcEndpointId};
use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::net::TcpStream;
use tokio::sync::Notify;

struct Open {
    arrived: Arrived,
    place: Place,
    identify: Identify,
    cut: Arc<Notify>,
}

#[derive(Default)]
pub(crate) struct Connections {
    open: Arc<Mutex<HashMap<u64, Open>>>,
    next: AtomicU64,
}

/// One open connection; leaving the scope takes it off the list.
pub(crate) struct Guest {
    number: u64,
    open: Arc<Mutex<HashMap<u64, Open>>>,
    cut: Arc<Notify>,
}

fn lock(open: &Mutex<HashMap<u64, Open>>) -> MutexGuard<'_, HashMap<u64, Open>> {
    open.lock().unwrap_or_else(|e| e.into_inner())
}

impl Connections {
    pub fn enter(&self, arrived: Arrived, place: Place, identify: Identify) -> Guest {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let cut = Arc::new(Notify::new());
        lock(&self.open).insert(number, Open { arrived, place, identify, cut: Arc::clone(&cut) });
        Guest { number, open: Arc::clone(&self.open), cut }
    }

    pub fn look_again(&self) -> usize {
        let open = lock(&self.open);
        let changed = open.values().filter(|o| (o.identify)(&o.arrived).as_ref() != Some(&o.place));
        changed.map(|o| o.cut.notify_one()).count()
    }

    pub fn open_through(&self, endpoint: VpcEndpointId) -> usize {
        let through = |o: &&Open| matches!(o.place.via(), Some(Via::Endpoint { id, .. }) if *id == endpoint);
        lock(&self.open).values().filter(through).count()
    }
}

impl Guest {
    /// Resolves when the connection must end.
    pub async fn cut(&self) {
        self.cut.notified().await;
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        lock(&self.open).remove(&self.number);
    }
}

/// Makes the close that follows a reset instead of a polite end.
pub(crate) fn reset(stream: &TcpStream) {
    if let Err(error) = stream.set_zero_linger() {
        tracing::debug!(%error, "SO_LINGER");
    }
}

/// The same for the last descriptor of a stream that was dropped.
pub(crate) fn reset_fd(fd: OwnedFd) {
    let stream = std::net::TcpStream::from(fd);
    let stream = stream.set_nonblocking(true).and_then(|()| TcpStream::from_std(stream));
    match stream {
        Ok(stream) => reset(&stream),
        Err(error) => tracing::debug!(%error, "cannot cut a connection"),
    }
}
