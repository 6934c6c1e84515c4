//! SNS's ways out: to the region's queues, and over the internet of the region to servers.
//!
//! A server is called from SNS's own public address, as in AWS: past the internet gateway, the network ACL and the security
//! group of whoever has the public address that is called. What has only a private one is out of SNS's reach.

use async_trait::async_trait;
use bytes::Bytes;
use http_body_util::Full;
use hyper_util::rt::TokioIo;
use postern_call::Refusal;
use postern_linux::Host;
use postern_model::{World, public_service};
use postern_names::Region;
use postern_program::Namespace;
use postern_sns::{Deliver, Letter, Parcel, Undelivered};
use postern_sqs::{FromService, Sqs};
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, socket_with};
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use serde_json::json;
use std::net::{Ipv4Addr, SocketAddrV4, TcpStream};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpSocket;
use tokio_rustls::TlsConnector;

/// Who SNS is to queues' policies.
const SERVICE: &str = "sns.amazonaws.com";
/// A server must have answered in this time.
const PATIENCE: Duration = Duration::from_secs(15);

/// Delivers to queues and servers of this region.
pub struct Deliveries {
    pub sqs: Arc<Sqs>,
    pub world: Arc<RwLock<World>>,
    /// Set once the data plane is there.
    pub host: OnceLock<Arc<Host>>,
    /// Whom it believes by `https`.
    pub tls: Arc<ClientConfig>,
}

#[async_trait]
impl Deliver for Deliveries {
    async fn to_queue(&self, parcel: &Parcel) -> Result<(), Refusal> {
        let mut message = json!({ "MessageBody": parcel.body, "MessageAttributes": parcel.attributes });
        if let Some(group) = &parcel.group {
            message["MessageGroupId"] = json!(group);
        }
        if let Some(dedup) = &parcel.dedup {
            message["MessageDeduplicationId"] = json!(dedup);
        }
        let from = FromService {
            service: SERVICE,
            source: &parcel.topic,
            source_account: parcel.account,
            queue: &parcel.queue,
            message,
            now: parcel.now,
            request_id: &parcel.request_id,
        };
        self.sqs.send_from(from).await
    }

    async fn to_server(&self, letter: &Letter) -> Result<(), Undelivered> {
        let late = |_| Err(Undelivered::ForNow(format!("no answer within {} seconds", PATIENCE.as_secs())));
        tokio::time::timeout(PATIENCE, self.post(letter)).await.unwrap_or_else(late)
    }
}

/// For `map_err`: what may work another time.
fn for_now<E: std::fmt::Display>(step: &'static str) -> impl FnOnce(E) -> Undelivered {
    move |error| Undelivered::ForNow(format!("{step}: {error}"))
}

/// The same for what never will.
fn for_good<E: std::fmt::Display>(letter: &Letter) -> impl FnOnce(E) -> Undelivered {
    move |error| Undelivered::ForGood(format!("{}: {error}", letter.url))
}

impl Deliveries {
    async fn post(&self, letter: &Letter) -> Result<(), Undelivered> {
        let url: http::Uri = letter.url.parse().map_err(for_good(letter))?;
        let name = url.host().ok_or("no host").map_err(for_good(letter))?;
        let address = self.address(name)?;
        let socket = self.socket(&letter.region).await?;
        let secure = url.scheme() == Some(&http::uri::Scheme::HTTPS);
        let to = SocketAddrV4::new(address, url.port_u16().unwrap_or(if secure { 443 } else { 80 }));
        let stream = socket.connect(to.into()).await.map_err(for_now("connect"))?;
        if !secure {
            return talk(stream, letter, &url, name).await;
        }
        let known = ServerName::try_from(name.to_owned()).map_err(for_good(letter))?;
        // A server may get another certificate: it is asked again.
        let stream = TlsConnector::from(Arc::clone(&self.tls)).connect(known, stream).await.map_err(for_now("TLS"))?;
        talk(stream, letter, &url, name).await
    }

    /// What a name means to those outside every VPC.
    fn address(&self, name: &str) -> Result<Ipv4Addr, Undelivered> {
        if let Ok(address) = name.parse() {
            return Ok(address);
        }
        let world = self.world.read().unwrap_or_else(PoisonError::into_inner);
        let found = postern_resolver::public_address(&world, &name.to_ascii_lowercase());
        found.ok_or_else(|| Undelivered::ForNow(format!("nobody on the internet has the name {name}")))
    }

    /// A socket on the internet of the region, at SNS's own address.
    async fn socket(&self, region: &Region) -> Result<TcpSocket, Undelivered> {
        let here = public_service(region, "sns").map_or(Ipv4Addr::UNSPECIFIED, |service| service.address);
        let host = self.host.get().cloned().ok_or_else(|| Undelivered::ForNow("the network is not up".to_owned()))?;
        let open = move || {
            host.in_namespace(Namespace::Internet, move || {
                let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
                let fd = socket_with(AddressFamily::INET, SocketType::STREAM, flags, None)?;
                bind(&fd, &SocketAddrV4::new(here, 0))?;
                Ok::<_, rustix::io::Errno>(TcpStream::from(fd))
            })
        };
        let opened = tokio::task::spawn_blocking(open).await.map_err(for_now("open a socket"))?;
        let opened = opened.map_err(for_now("enter the internet"))?.map_err(for_now("open a socket"))?;
        Ok(TcpSocket::from_std_stream(opened))
    }
}

/// Asks the server that is at the other end, and hears its answer.
async fn talk<S>(stream: S, letter: &Letter, url: &http::Uri, name: &str) -> Result<(), Undelivered>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let shaken = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = shaken.map_err(for_now("begin to talk"))?;
    let talking = tokio::spawn(connection);
    let path = url.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    let host = url.authority().map_or(name, http::uri::Authority::as_str);
    let mut request = http::Request::post(path)
        .header("host", host)
        .header("content-type", "text/plain; charset=UTF-8")
        .header("user-agent", "Amazon Simple Notification Service Agent");
    for (name, value) in &letter.headers {
        request = request.header(name, value);
    }
    let request = request.body(Full::new(Bytes::from(letter.body.clone()))).map_err(for_good(letter))?;
    let answered = sender.send_request(request).await;
    talking.abort();
    match answered.map_err(for_now("ask"))?.status() {
        status if status.is_success() => Ok(()),
        status if status.is_client_error() && status != http::StatusCode::TOO_MANY_REQUESTS => {
            Err(Undelivered::ForGood(format!("the server said {status}")))
        }
        status => Err(Undelivered::ForNow(format!("the server said {status}"))),
    }
}
