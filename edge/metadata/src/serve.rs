//! HTTP on a listener that stands in a VPC's namespace.

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::answer::{Reply, Request, answer};
use crate::facts::FactsSource;
use crate::token::Tokens;

/// One VPC's instances together; more wait in the backlog.
const CONNECTIONS_MAX: usize = 512;
/// A client that says nothing for so long is let go.
const HEADER_PATIENCE: Duration = Duration::from_secs(10);
/// The system's default time to live, to which a connection returns after a token's reply.
const TTL_DEFAULT: u32 = 64;
const TOKEN: &str = "x-aws-ec2-metadata-token";
const TOKEN_TTL: &str = "x-aws-ec2-metadata-token-ttl-seconds";

/// Serves until dropped. The listener is bound to 169.254.169.254:80 in the VPC's namespace; `facts` knows its instances.
///
/// Fails only when the listener does.
pub async fn serve(listener: TcpListener, facts: Arc<dyn FactsSource>) -> io::Result<Infallible> {
    let mut key = [0u8; 64];
    getrandom::fill(&mut key).map_err(|error| io::Error::other(error.to_string()))?;
    let tokens = Arc::new(Tokens::new(key));
    let seats = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let seat = Arc::clone(&seats).acquire_owned().await.map_err(io::Error::other)?;
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) if passing(&error) => {
                tracing::debug!(%error, "a metadata client went away, or no descriptor is free");
                tokio::time::sleep(Duration::from_millis(10)).await;
                continue;
            }
            Err(error) => return Err(error),
        };
        let (facts, tokens) = (Arc::clone(&facts), Arc::clone(&tokens));
        tokio::spawn(async move {
            if let Err(error) = converse(stream, peer, facts, tokens).await {
                tracing::debug!(%peer, %error, "a metadata connection ended");
            }
            drop(seat);
        });
    }
}

/// Errors of accept that say nothing about the listener.
fn passing(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted, WouldBlock};
    let full = matches!(error.raw_os_error(), Some(23 | 24 | 105 | 12));
    full || matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted | WouldBlock)
}

async fn converse(
    stream: TcpStream,
    peer: SocketAddr,
    facts: Arc<dyn FactsSource>,
    tokens: Arc<Tokens>,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    stream.set_nodelay(true)?;
    let socket: Arc<OwnedFd> = Arc::new(std::os::fd::AsFd::as_fd(&stream).try_clone_to_owned()?);
    let peer = private_address(peer.ip());
    let service = service_fn(move |request: http::Request<Incoming>| {
        let reply = reply(&request, peer, facts.as_ref(), &tokens);
        // The reply's packets leave after this; a limit that cannot be set must not be passed over in silence.
        let ttl = reply.hop_limit.map_or(TTL_DEFAULT, u32::from);
        let limited = rustix::net::sockopt::set_ip_ttl(&socket, ttl);
        let head = request.method() == Method::HEAD;
        async move { limited.map_err(io::Error::from).map(|()| respond(reply, head)) }
    });
    hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_PATIENCE)
        .max_buf_size(16 * 1024)
        .serve_connection(TokioIo::new(stream), service)
        .await?;
    Ok(())
}

fn private_address(peer: IpAddr) -> Option<Ipv4Addr> {
    match peer {
        IpAddr::V4(address) => Some(address),
        IpAddr::V6(address) => address.to_ipv4_mapped(),
    }
}

fn reply(
    request: &http::Request<Incoming>,
    peer: Option<Ipv4Addr>,
    source: &dyn FactsSource,
    tokens: &Tokens,
) -> Reply {
    let Some(facts) = peer.and_then(|address| source.by_address(address)) else { return Reply::error(404) };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64);
    let request = Request {
        method: request.method().as_str(),
        path: request.uri().path(),
        // A token that is no text is no token of ours.
        token: request.headers().get(TOKEN).map(|value| value.to_str().unwrap_or("")),
        ttl_seconds: text(request.headers(), TOKEN_TTL),
        forwarded: request.headers().contains_key("x-forwarded-for"),
    };
    answer(&request, &facts, &|| source.credentials(&facts), tokens, now)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn respond(reply: Reply, head: bool) -> http::Response<Full<Bytes>> {
    let length = reply.body.len();
    let body = if head { Bytes::new() } else { Bytes::from(reply.body) };
    let mut response = http::Response::new(Full::new(body));
    *response.status_mut() = http::StatusCode::from_u16(reply.status).unwrap_or(http::StatusCode::NOT_FOUND);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(reply.content_type));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    headers.insert(header::SERVER, HeaderValue::from_static("EC2ws"));
    if let Some(seconds) = reply.token_ttl_seconds {
        headers.insert(TOKEN_TTL, HeaderValue::from(seconds));
    }
    response
}
