//! Requests over HTTP/1.1, one listener per VPC.

use crate::{Ask, FactsSource, InstanceFacts, Reply, Tokens, answer};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE;
use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::net::IpAddr;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};

/// An idle connection is closed after this time.
const IDLE: Duration = Duration::from_secs(30);
/// Hops of every answer but a token's.
const TTL: u32 = 64;
const TOKEN: &str = "x-aws-ec2-metadata-token";
const TOKEN_TTL: &str = "x-aws-ec2-metadata-token-ttl-seconds";

/// Serves one VPC's instances until the task is aborted. The listener is bound to 169.254.169.254:80 in its namespace.
pub async fn serve(listener: TcpListener, source: Arc<dyn FactsSource>) {
    let tokens = Arc::new(Mutex::new(Tokens::default()));
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                let (source, tokens) = (Arc::clone(&source), Arc::clone(&tokens));
                tokio::spawn(async move { converse(stream, peer.ip(), &*source, &tokens).await });
            }
            Err(error) => {
                tracing::warn!(%error, "accept failed");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
}

async fn converse(stream: TcpStream, peer: IpAddr, source: &dyn FactsSource, tokens: &Mutex<Tokens>) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY");
    }
    let Ok(socket) = stream.as_fd().try_clone_to_owned() else { return };
    let service = service_fn(|request| {
        let socket = &socket;
        async move { Ok::<_, Infallible>(respond(request, peer, source, tokens, socket).await) }
    });
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(IDLE);
    if let Err(error) = builder.serve_connection(TokioIo::new(stream), service).await {
        tracing::debug!(%error, "connection");
    }
}

async fn respond(
    request: Request<Incoming>,
    peer: IpAddr,
    source: &dyn FactsSource,
    tokens: &Mutex<Tokens>,
    socket: &OwnedFd,
) -> Response<Full<Bytes>> {
    let IpAddr::V4(address) = peer else { return error(404) };
    let Some(facts) = source.by_address(address) else { return error(404) };
    let text = |name: &str| request.headers().get(name).and_then(|v| v.to_str().ok());
    let ask = Ask {
        method: request.method().as_str(),
        path: request.uri().path(),
        token: text(TOKEN),
        ttl: text(TOKEN_TTL),
        forwarded: request.headers().contains_key("x-forwarded-for"),
    };
    let Some(fresh) = fresh_token() else { return error(500) };
    let now = time::OffsetDateTime::now_utc().unix_timestamp();
    let reply = {
        let mut tokens = tokens.lock().unwrap_or_else(|e| e.into_inner());
        answer(ask, &facts, &mut tokens, fresh, now)
    };
    limit_hops(socket, &reply);
    finish(reply, &facts, source).await
}

async fn finish(reply: Reply, facts: &InstanceFacts, source: &dyn FactsSource) -> Response<Full<Bytes>> {
    match reply {
        Reply::Text(body) => plain(body),
        Reply::Bytes(body) => with_type(body, "application/octet-stream"),
        Reply::Token { token, seconds, .. } => {
            let mut response = plain(token);
            response.headers_mut().insert(TOKEN_TTL, HeaderValue::from(seconds));
            response
        }
        Reply::Credentials => match source.credentials(facts.instance).await {
            Ok(credentials) => plain(credentials.document()),
            Err(why) => {
                tracing::warn!(instance = %facts.instance, why, "no credentials");
                error(404)
            }
        },
        Reply::Error(status) => error(status),
    }
}

/// A token's answer may travel only so many hops, so that it does not leave the instance through a proxy or container.
fn limit_hops(socket: &OwnedFd, reply: &Reply) {
    let hops = match reply {
        Reply::Token { hop_limit, .. } => u32::from(*hop_limit),
        _ => TTL,
    };
    let set = socket.try_clone().map(std::net::TcpStream::from).and_then(|stream| stream.set_ttl(hops));
    if let Err(error) = set {
        tracing::error!(%error, hops, "IP_TTL");
    }
}

fn fresh_token() -> Option<String> {
    let mut bytes = [0u8; 40];
    getrandom::fill(&mut bytes).inspect_err(|error| tracing::error!(%error, "no random bytes")).ok()?;
    Some(URL_SAFE.encode(bytes))
}

fn plain(body: String) -> Response<Full<Bytes>> {
    with_type(body, "text/plain")
}

fn with_type(body: impl Into<Bytes>, content_type: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response.headers_mut().insert(header::SERVER, HeaderValue::from_static("EC2ws"));
    response
}

/// AWS's page for an error.
fn error(status: u16) -> Response<Full<Bytes>> {
    let code = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let title = format!("{status} - {}", code.canonical_reason().unwrap_or_default());
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?>\n\
         <!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Transitional//EN\"\n\
         \t\"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd\">\n\
         <html xmlns=\"http://www.w3.org/1999/xhtml\" xml:lang=\"en\" lang=\"en\">\n \
         <head>\n  <title>{title}</title>\n </head>\n <body>\n  <h1>{title}</h1>\n </body>\n</html>\n"
    );
    let mut response = with_type(body, "text/html");
    *response.status_mut() = code;
    response
}
