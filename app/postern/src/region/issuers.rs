//! Where the keys of identity providers come from: files, or servers on this machine's loopback. Nothing else is asked.

use crate::config::Oidc;
use crate::say::Trouble;
use async_trait::async_trait;
use http::header;
use http_body_util::{BodyExt, Limited};
use hyper_util::rt::TokioIo;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;

/// More than any provider has keys.
const BYTES_MAX: usize = 1024 * 1024;
/// A server on this machine answers in this time.
const FETCH_TIME: Duration = Duration::from_secs(5);

/// Each issuer's keys, read anew for every token: a provider may change them at any time.
pub struct Issuers(BTreeMap<String, Source>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Source {
    File(PathBuf),
    Loopback { address: SocketAddr, host: String, path: String },
}

impl Issuers {
    /// A URL that is none of this machine's is refused.
    pub fn new(configured: &[Oidc]) -> Result<Arc<Self>, Trouble> {
        let read = |one: &Oidc| match Source::read(&one.jwks) {
            Some(source) => Ok((one.issuer.clone(), source)),
            None => Err(Trouble::new(format!("[[oidc]] jwks = \"{}\" is no URL of this machine", one.jwks))
                .hint("a file, or such as http://127.0.0.1:8080/keys")),
        };
        Ok(Arc::new(Self(configured.iter().map(read).collect::<Result<_, _>>()?)))
    }
}

#[async_trait]
impl postern_iam::Issuers for Issuers {
    async fn key_set(&self, issuer: &str) -> Result<Option<String>, String> {
        let text = match self.0.get(issuer) {
            None => return Ok(None),
            Some(Source::File(file)) => read(file).await.map_err(|word| format!("{}: {word}", file.display()))?,
            Some(Source::Loopback { address, host, path }) => {
                let fetched = tokio::time::timeout(FETCH_TIME, fetch(*address, host, path)).await;
                let fetched = fetched.unwrap_or_else(|_| Err("no answer in time".to_owned()));
                fetched.map_err(|word| format!("http://{host}{path}: {word}"))?
            }
        };
        Ok(Some(text))
    }
}

impl Source {
    fn read(jwks: &str) -> Option<Self> {
        let Some((scheme, rest)) = jwks.split_once("://") else { return Some(Self::File(jwks.into())) };
        if scheme != "http" {
            return None;
        }
        let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (name, port) = match host.rsplit_once(':') {
            Some((name, port)) => (name, port.parse().ok()?),
            None => (host, 80),
        };
        let ip = match name {
            "localhost" => IpAddr::V4(Ipv4Addr::LOCALHOST),
            "[::1]" => "::1".parse().ok()?,
            literal => literal.parse().ok()?,
        };
        let path = if path.is_empty() { "/" } else { path };
        ip.is_loopback().then(|| Self::Loopback {
            address: SocketAddr::new(ip, port),
            host: host.to_owned(),
            path: path.to_owned(),
        })
    }
}

async fn read(file: &Path) -> Result<String, String> {
    let size = tokio::fs::metadata(file).await.map_err(|error| error.to_string())?.len();
    if size > BYTES_MAX as u64 {
        return Err(format!("larger than {BYTES_MAX} bytes"));
    }
    tokio::fs::read_to_string(file).await.map_err(|error| error.to_string())
}

/// One GET over a connection of its own.
async fn fetch(address: SocketAddr, host: &str, path: &str) -> Result<String, String> {
    let stream = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
    let opened = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = opened.map_err(|error| error.to_string())?;
    let asked = http::Request::get(path).header(header::HOST, host).header(header::ACCEPT, "application/json");
    let asked = asked.body(String::new()).map_err(|error| error.to_string())?;
    // The sender goes with the exchange, and so ends the connection.
    let exchange = async move {
        let reply = sender.send_request(asked).await.map_err(|error| error.to_string())?;
        if !reply.status().is_success() {
            return Err(format!("status {}", reply.status().as_u16()));
        }
        let body = Limited::new(reply.into_body(), BYTES_MAX).collect().await.map_err(|error| error.to_string())?;
        String::from_utf8(body.to_bytes().to_vec()).map_err(|error| error.to_string())
    };
    tokio::join!(exchange, connection).0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_asked() {
        let loopback = |address: &str, host: &str, path: &str| {
            let (address, host, path) = (address.parse().unwrap(), host.to_owned(), path.to_owned());
            Some(Source::Loopback { address, host, path })
        };
        assert_eq!(Source::read("/etc/keys.json"), Some(Source::File("/etc/keys.json".into())));
        assert_eq!(Source::read("http://127.0.0.1:8080/a?b"), loopback("127.0.0.1:8080", "127.0.0.1:8080", "/a?b"));
        assert_eq!(Source::read("http://localhost"), loopback("127.0.0.1:80", "localhost", "/"));
        assert_eq!(Source::read("http://[::1]:9/k"), loopback("[::1]:9", "[::1]:9", "/k"));
        for url in
            ["https://127.0.0.1/k", "http://192.0.2.1/k", "http://id.example/k", "http://127.0.0.1.evil/k", "ftp://x"]
        {
            assert_eq!(Source::read(url), None, "{url}");
        }
    }
}
