//! Accept loops.

use crate::{Door, connection, serve, site, tls};
use postern_names::{Region, Via};
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};

/// What the kernel tells of an accepted connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrived {
    /// Index of the link that the handshake came in by, where the kernel could tell.
    pub link_index: Option<u32>,
    /// The address that the client wanted.
    pub local: SocketAddr,
    pub peer: SocketAddr,
}

/// How a connection came and what lives at the address it came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Any service, told by the signature or the host name: the host's port.
    Anything { via: Via },
    /// One service's address.
    Service { via: Via, name: String, region: Region },
    /// A small test site.
    Site { name: String, peer: std::net::IpAddr },
}

impl Place {
    pub(crate) fn via(&self) -> Option<&Via> {
        match self {
            Place::Anything { via } | Place::Service { via, .. } => Some(via),
            Place::Site { .. } => None,
        }
    }
}

/// What is spoken on a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    Tls,
    Plain,
    /// Told by the first byte.
    Either,
}

/// Reads what the kernel knows from a socket.
pub type Arrive = Arc<dyn Fn(BorrowedFd<'_>) -> Option<Arrived> + Send + Sync>;
/// Tells the place; `None`: nobody may come this way, the connection is reset.
pub type Identify = Arc<dyn Fn(&Arrived) -> Option<Place> + Send + Sync>;

/// One listening socket.
pub struct Way {
    pub listener: TcpListener,
    pub sort: Sort,
    pub arrive: Arrive,
    pub identify: Identify,
}

/// A client that says nothing is let go after this time.
const FIRST_BYTE: Duration = Duration::from_secs(30);

pub(crate) async fn run(door: Arc<Door>, way: Way) {
    loop {
        match way.listener.accept().await {
            Ok((stream, _)) => welcome(&door, &way, stream),
            Err(error) => {
                // Out of descriptors or a client gone before we looked: neither may end the loop.
                tracing::warn!(%error, "accept failed");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
}

fn welcome(door: &Arc<Door>, way: &Way, stream: TcpStream) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY");
    }
    let Some(arrived) = (way.arrive)(stream.as_fd()) else {
        return connection::reset(&stream);
    };
    let Some(place) = (way.identify)(&arrived) else {
        tracing::debug!(?arrived, "nobody may come this way");
        return connection::reset(&stream);
    };
    let (door, sort) = (Arc::clone(door), way.sort);
    let guest = door.connections.enter(arrived, place.clone(), Arc::clone(&way.identify));
    tokio::spawn(async move {
        let cut = guest.cut();
        let fd = stream.as_fd().try_clone_to_owned();
        tokio::select! {
            () = converse(&door, stream, sort, place) => {}
            () = cut => {
                if let Ok(fd) = fd {
                    connection::reset_fd(fd);
                }
            }
        }
    });
}

async fn converse(door: &Arc<Door>, stream: TcpStream, sort: Sort, place: Place) {
    let mut first = [0u8; 1];
    let peeked = tokio::time::timeout(FIRST_BYTE, stream.peek(&mut first)).await;
    if !matches!(peeked, Ok(Ok(1))) {
        return;
    }
    let tls_spoken = first == [0x16];
    match (sort, tls_spoken) {
        (Sort::Plain, _) | (Sort::Either, false) => talk(door, stream, place, None).await,
        (Sort::Tls | Sort::Either, true) => match tls::accept(&door.authority, stream, &place).await {
            Ok(stream) => {
                let version = tls::version(&stream);
                talk(door, stream, place, Some(version)).await;
            }
            Err(error) => tracing::debug!(%error, "TLS handshake"),
        },
        (Sort::Tls, false) => refuse_plain(stream).await,
    }
}

/// Plain HTTP on a TLS port: AWS's front ends answer 400 and close.
async fn refuse_plain(mut stream: TcpStream) {
    use tokio::io::AsyncWriteExt;
    let mut heard = [0u8; 1024];
    let _ = tokio::time::timeout(Duration::from_secs(1), stream.read(&mut heard)).await;
    let answer = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    if let Err(error) = stream.write_all(answer).await {
        tracing::debug!(%error, "plain HTTP on a TLS port");
    }
}

async fn talk<S>(door: &Arc<Door>, stream: S, place: Place, tls: Option<&'static str>)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    match place {
        Place::Site { name, peer } => site::talk(stream, name, peer).await,
        place => serve::talk(door, stream, place, tls).await,
    }
}
