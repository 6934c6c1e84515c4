//! The loops that carry questions and answers. Answers are worked out in place, so that one socket does one at a time.

use crate::wire::{Carrier, respond};
use postern_model::World;
use postern_names::VpcId;
use std::io;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::Semaphore;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{sleep, timeout};

/// A stream that says nothing is closed.
const STREAM_PATIENCE: Duration = Duration::from_secs(10);
/// More streams than this wait in the listener's queue.
const STREAMS_MAX: usize = 64;
/// A pause after an error of the socket itself, so that a broken one does not spin.
const PAUSE: Duration = Duration::from_millis(50);
const DATAGRAM_LENGTH_MAX: usize = 4096;

/// The resolver of every VPC, over the World as it is at each question.
#[derive(Clone)]
pub struct Resolver {
    world: Arc<RwLock<World>>,
}

impl Resolver {
    pub fn new(world: Arc<RwLock<World>>) -> Self {
        Self { world }
    }

    /// Answers datagrams for guests of the VPC until aborted. The socket is bound to the one address that guests ask, so that
    /// answers come from it. Must be called within the runtime.
    pub fn serve_udp(&self, socket: UdpSocket, vpc: VpcId) -> AbortHandle {
        tokio::spawn(datagrams(socket, vpc, self.clone())).abort_handle()
    }

    /// Answers streams for guests of the VPC until aborted; the streams under way end with it. Must be called within the
    /// runtime.
    pub fn serve_tcp(&self, listener: TcpListener, vpc: VpcId) -> AbortHandle {
        tokio::spawn(streams(listener, vpc, self.clone())).abort_handle()
    }

    fn respond(&self, vpc: VpcId, message: &[u8], carrier: Carrier) -> Option<Vec<u8>> {
        let world = self.world.read().unwrap_or_else(PoisonError::into_inner);
        respond(&world, vpc, message, carrier)
    }
}

async fn datagrams(socket: UdpSocket, vpc: VpcId, resolver: Resolver) {
    let mut buffer = vec![0; DATAGRAM_LENGTH_MAX];
    loop {
        match socket.recv_from(&mut buffer).await {
            Ok((length, client)) => {
                let message = buffer.get(..length).unwrap_or_default();
                if let Some(answer) = resolver.respond(vpc, message, Carrier::Datagram)
                    && let Err(error) = socket.send_to(&answer, client).await
                {
                    tracing::debug!(%vpc, %client, %error, "an answer of the resolver was lost");
                }
            }
            Err(error) => {
                tracing::debug!(%vpc, %error, "a question to the resolver was lost");
                sleep(PAUSE).await;
            }
        }
    }
}

async fn streams(listener: TcpListener, vpc: VpcId, resolver: Resolver) {
    let places = Arc::new(Semaphore::new(STREAMS_MAX));
    let mut streams = JoinSet::new();
    // The semaphore is never closed.
    while let Ok(place) = Arc::clone(&places).acquire_owned().await {
        while streams.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((stream, _)) => {
                let resolver = resolver.clone();
                streams.spawn(async move {
                    // A stream that breaks or falls silent is the client's own matter.
                    let _ = converse(stream, vpc, &resolver).await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::debug!(%vpc, %error, "a stream of the resolver was lost");
                sleep(PAUSE).await;
            }
        }
    }
}

/// Questions and answers, each behind its length in two bytes.
async fn converse(mut stream: TcpStream, vpc: VpcId, resolver: &Resolver) -> io::Result<()> {
    loop {
        let length = timeout(STREAM_PATIENCE, stream.read_u16()).await??;
        let mut message = vec![0; usize::from(length)];
        timeout(STREAM_PATIENCE, stream.read_exact(&mut message)).await??;
        let Some(answer) = resolver.respond(vpc, &message, Carrier::Stream) else { return Ok(()) };
        let mut framed = u16::try_from(answer.len()).map_err(io::Error::other)?.to_be_bytes().to_vec();
        framed.extend(answer);
        timeout(STREAM_PATIENCE, stream.write_all(&framed)).await??;
    }
}
