//! The small test sites of the internet: `example.com` and `checkip.amazonaws.com`.

use crate::reply::{self, Reply};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::net::IpAddr;

/// Serves one connection.
pub(crate) async fn talk<S>(stream: S, name: String, peer: IpAddr)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(|request: http::Request<hyper::body::Incoming>| {
        let answer = answer(&name, peer, request.method());
        async move { Ok::<_, Infallible>(answer) }
    });
    let served = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
    if let Err(error) = served {
        tracing::debug!(%error, name, "site");
    }
}

fn answer(name: &str, peer: IpAddr, method: &http::Method) -> Reply {
    if !matches!(*method, http::Method::GET | http::Method::HEAD) {
        return reply::text(405, "text/plain", "");
    }
    match name {
        "checkip.amazonaws.com" => reply::text(200, "text/plain;charset=UTF-8", format!("{peer}\n")),
        _ => reply::text(
            200,
            "text/html",
            format!(
                "<!doctype html><html><head><title>{name}</title></head><body><h1>{name}</h1>\
                 <p>A test site on Postern's internet. You came from {peer}.</p></body></html>\n"
            ),
        ),
    }
}
