//! The loops that carry questions and answers. Answers are worked out in place, so that one socket does one at a time.

use crate::wire::{Carrier, respond};
use postern_model::World;
use postern_names::VpcId;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

/// A stream that says nothing is closed.
const STREAM_PATIENCE: Duration = Duration::from_secs(10);
/// More streams than this wait in the listener's queue.
const STREAMS_MAX: usize = 64;
/// A pause after an error of the socket itself, so that a broken one does not spin.
const PAUSE: Duration = Duration::from_millis(50);
const DATAGRAM_LENGTH_MAX: usize = 4096;

/// Where the resolver finds the World as it is now.
pub trait Worlds: Send + Sync + 'static {
    fn world(&self) -> Arc<World>;
}

impl<F: Fn() -> Arc<World> + Send + Sync + 'static> Worlds for F {
    fn world(&self) -> Arc<World> {
        self()
    }
}

/// Answers datagrams until the future is dropped. The socket is bound to the one address that guests ask, so that answers
/// come from it. Fails only if the runtime does not take the socket.
pub async fn serve_udp(socket: std::net::UdpSocket, vpc: VpcId, worlds: Arc<dyn Worlds>) -> io::Result<()> {
    socket.set_nonblocking(true)?;
    let socket = UdpSocket::from_std(socket)?;
    let mut buffer = vec![0; DATAGRAM_LENGTH_MAX];
    loop {
        match socket.recv_from(&mut buffer).await {
            Ok((length, client)) => {
                let message = buffer.get(..length).unwrap_or_default();
                if let Some(answer) = respond(&worlds.world(), vpc, message, Carrier::Datagram)
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

/// Answers streams until the future is dropped; the streams under way end with it.
pub async fn serve_tcp(listener: std::net::TcpListener, vpc: VpcId, worlds: Arc<dyn Worlds>) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    let places = Arc::new(Semaphore::new(STREAMS_MAX));
    let mut streams = tokio::task::JoinSet::new();
    loop {
        let place = Arc::clone(&places).acquire_owned().await.map_err(io::Error::other)?;
        while streams.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((stream, _)) => {
                let worlds = Arc::clone(&worlds);
                streams.spawn(async move {
                    // A stream that breaks or falls silent is the client's own matter.
                    let _ = converse(stream, vpc, worlds.as_ref()).await;
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
async fn converse(mut stream: TcpStream, vpc: VpcId, worlds: &dyn Worlds) -> io::Result<()> {
    loop {
        let length = timeout(STREAM_PATIENCE, stream.read_u16()).await??;
        let mut message = vec![0; usize::from(length)];
        timeout(STREAM_PATIENCE, stream.read_exact(&mut message)).await??;
        let Some(answer) = respond(&worlds.world(), vpc, &message, Carrier::Stream) else { return Ok(()) };
        let mut framed = u16::try_from(answer.len()).map_err(io::Error::other)?.to_be_bytes().to_vec();
        framed.extend(answer);
        timeout(STREAM_PATIENCE, stream.write_all(&framed)).await??;
    }
}
