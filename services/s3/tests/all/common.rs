//! A region with nothing but S3 in it: fixed keys, the real policy engine, a server on loopback, a signing client.
#![allow(dead_code)] // Every user of this file needs another part of it.

use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use postern_call::{Caller, Principal, Refusal};
use postern_names::{AccountId, Region, Via};
use postern_policy::{Ask, Attached, Decision, Document, PolicyKind, PolicySet, decide};
use postern_s3::{Arrival, S3, Service};
use postern_serve::{Ciphers, Closed, Credential, Envelope, Judge, Keys, OnBehalf};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use tokio::net::{TcpListener, TcpStream};

pub const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
pub const ADMIN: &str = "AKIAADMIN0000000TEST";
pub const READER: &str = "AKIAREADER000000TEST";
pub const NOBODY: &str = "AKIANOBODY000000TEST";
pub const STRANGER: &str = "AKIASTRANGER0000TEST";
pub const SESSION: &str = "ASIASESSION00000TEST";
pub const EXPIRED: &str = "ASIAEXPIRED00000TEST";
pub const TOKEN: &str = "the+session/token==";

const READ_ONLY: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["s3:Get*","s3:PutObject","s3:ListAllMyBuckets"],"Resource":"*"}}"#;
const ALL: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;

/// The keys above, all with [`SECRET`].
pub struct TestKeys;

fn user(name: &str) -> Principal {
    let id = format!("AIDA{}", name.to_uppercase());
    Principal::User { account: AccountId::DEFAULT, path: "/".into(), name: name.into(), id }
}

impl Keys for TestKeys {
    fn credential(&self, access_key: &str) -> Option<Credential> {
        let other: AccountId = "999999999999".parse().ok()?;
        let role = Principal::Role {
            account: AccountId::DEFAULT,
            path: "/".into(),
            name: "lab".into(),
            id: "AROALAB".into(),
            session: "i-0123".into(),
        };
        let (principal, token, expires) = match access_key {
            ADMIN => (Principal::Root { account: AccountId::DEFAULT }, None, None),
            READER => (user("reader"), None, None),
            NOBODY => (user("nobody"), None, None),
            STRANGER => (Principal::Root { account: other }, None, None),
            SESSION => (role, Some(TOKEN.to_owned()), None),
            EXPIRED => (role, Some(TOKEN.to_owned()), Some(1_000_000_000)),
            _ => return None,
        };
        let mut caller = Caller::of(principal);
        caller.access_key = Some(access_key.to_owned());
        Some(Credential { secret: SECRET.into(), caller, session_token: token, expires })
    }
}

/// The policy engine with identity policies by access key and one endpoint policy for all endpoints.
#[derive(Default)]
pub struct TestJudge {
    pub endpoint: Mutex<Option<String>>,
}

impl Judge for TestJudge {
    fn judge(&self, ask: &Ask<'_>) -> Decision {
        assert_eq!(postern_policy::table::flaw(ask), None, "{ask:?}");
        let document = |text: &str| Arc::new(Document::parse(text).expect("a policy of the test"));
        let mut set = PolicySet::default();
        let identity = match ask.caller.access_key.as_deref() {
            Some(READER) => Some(READ_ONLY),
            Some(SESSION) => Some(ALL),
            _ => None,
        };
        if let Some(text) = identity {
            set.identity.push(Attached::new(PolicyKind::Identity, "inline", document(text)));
        }
        if matches!(ask.via, Via::Endpoint { .. }) {
            let text = self.endpoint.lock().expect("unpoisoned").clone().unwrap_or_else(|| {
                r#"{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#.into()
            });
            set.endpoint = Some(Attached::new(PolicyKind::Endpoint, "vpce-0123456789abcdef0", document(&text)));
        }
        decide(ask, &set)
    }
}

/// No KMS: what asks for it fails. The real one is tested with the whole region.
pub struct NoKms;

#[async_trait::async_trait]
impl Ciphers for NoKms {
    async fn encrypt(&self, _: &OnBehalf<'_>, _: &[u8]) -> Result<Closed, Refusal> {
        Err(Refusal::internal("no KMS here"))
    }
    async fn decrypt(&self, _: &OnBehalf<'_>, _: &[u8]) -> Result<Vec<u8>, Refusal> {
        Err(Refusal::internal("no KMS here"))
    }
    async fn enclose(&self, _: &OnBehalf<'_>, _: &[u8]) -> Result<Envelope, Refusal> {
        Err(Refusal::internal("no KMS here"))
    }
    async fn disclose(&self, _: &OnBehalf<'_>, _: &Envelope) -> Result<Vec<u8>, Refusal> {
        Err(Refusal::internal("no KMS here"))
    }
}

/// S3 on a data directory, with the judge that its tests may instruct.
pub struct World {
    pub s3: Arc<S3>,
    pub judge: Arc<TestJudge>,
}

impl World {
    pub fn open(dir: &Path) -> Self {
        let judge = Arc::new(TestJudge::default());
        let s3 = S3::open(dir, Arc::new(TestKeys), judge.clone(), Region::new("us-east-1"), Arc::new(NoKms))
            .expect("a store");
        Self { s3, judge }
    }

    /// A server on loopback whose connections all came this way.
    pub async fn serve(&self, via: Via) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
        let address = listener.local_addr().expect("its address");
        tokio::spawn(accept(listener, self.s3.service(), via));
        address
    }
}

pub fn host() -> Via {
    Via::Host { peer: [127, 0, 0, 1].into() }
}

pub async fn accept(listener: TcpListener, service: Service, via: Via) {
    while let Ok((stream, _)) = listener.accept().await {
        stream.set_nodelay(true).expect("TCP_NODELAY");
        let (service, via) = (service.clone(), via.clone());
        tokio::spawn(async move {
            let serve = hyper::service::service_fn(move |mut request: http::Request<hyper::body::Incoming>| {
                let arrival = Arrival {
                    via: via.clone(),
                    tls: None,
                    region_host: None,
                    request_id: "11111111-2222-4333-8444-555555555555".into(),
                };
                request.extensions_mut().insert(arrival);
                let service = service.clone();
                async move { Ok::<_, std::convert::Infallible>(service.call(request).await) }
            });
            // A client that hangs up early is its own affair.
            drop(
                hyper::server::conn::http1::Builder::new()
                    .half_close(true)
                    .serve_connection(TokioIo::new(stream), serve)
                    .await,
            );
        });
    }
}

/// Percent-encodes as SigV4 does.
pub fn encode(text: &str, slash: bool) -> String {
    text.bytes()
        .map(|b| match b {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(b).to_string(),
            b'/' if !slash => "/".into(),
            b => format!("%{b:02X}"),
        })
        .collect()
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any key length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: http::HeaderMap,
    pub body: Bytes,
}

impl Reply {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().expect("a text header"))
    }
    /// The text of the first element of this name.
    pub fn element(&self, name: &str) -> String {
        let text = self.text();
        let rest = text.split_once(&format!("<{name}>")).map_or("", |(_, rest)| rest);
        rest.split_once('<').map_or("", |(value, _)| value).to_owned()
    }
    /// The error's code, after the status has been checked.
    #[track_caller]
    pub fn error(&self, status: u16) -> String {
        assert_eq!(self.status, status, "{}", self.text());
        self.element("Code")
    }
    #[track_caller]
    pub fn ok(self) -> Self {
        assert!((200..300).contains(&self.status), "{} {}", self.status, self.text());
        self
    }
}

/// A request signed by hand.
#[derive(Clone)]
pub struct Client {
    pub address: SocketAddr,
    pub key: Option<String>,
    pub secret: String,
    pub token: Option<String>,
    pub region: String,
    pub host: String,
}

impl Client {
    pub fn new(address: SocketAddr, key: &str) -> Self {
        Self {
            address,
            key: Some(key.into()),
            secret: SECRET.into(),
            token: None,
            region: "us-east-1".into(),
            host: address.to_string(),
        }
    }
    pub fn anonymous(address: SocketAddr) -> Self {
        Self { key: None, ..Self::new(address, "") }
    }

    pub async fn get(&self, target: &str) -> Reply {
        self.send("GET", target, &[], "").await
    }
    pub async fn put(&self, target: &str, body: impl Into<Bytes>) -> Reply {
        self.send("PUT", target, &[], body).await
    }
    pub async fn delete(&self, target: &str) -> Reply {
        self.send("DELETE", target, &[], "").await
    }

    /// `target` is the path, not encoded, and behind a `?` the query, encoded.
    pub async fn send(&self, method: &str, target: &str, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Reply {
        self.try_send(method, target, headers, body).await.expect("a reply")
    }

    /// The same, where the server may be gone.
    pub async fn try_send(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Result<Reply, Box<dyn std::error::Error + Send + Sync>> {
        self.deliver(self.request(method, target, headers, body.into())).await
    }

    /// Sends a request as it is.
    pub async fn deliver(
        &self,
        request: http::Request<Full<Bytes>>,
    ) -> Result<Reply, Box<dyn std::error::Error + Send + Sync>> {
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let running = tokio::spawn(connection);
        let response = sender.send_request(request).await?;
        let (parts, body) = response.into_parts();
        let body = body.collect().await?.to_bytes();
        running.abort();
        Ok(Reply { status: parts.status.as_u16(), headers: parts.headers, body })
    }

    pub fn request(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> http::Request<Full<Bytes>> {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let path = encode(path, false);
        let uri = if query.is_empty() { path.clone() } else { format!("{path}?{query}") };
        let mut all: HashMap<String, String> =
            headers.iter().map(|(n, v)| (n.to_ascii_lowercase(), (*v).to_owned())).collect();
        all.insert("host".into(), self.host.clone());
        if let Some(key) = &self.key {
            let now = time::OffsetDateTime::now_utc();
            let format = time::macros::format_description!("[year][month][day]T[hour][minute][second]Z");
            let date = now.format(&format).expect("a date");
            all.insert("x-amz-date".into(), date.clone());
            all.entry("x-amz-content-sha256".into()).or_insert_with(|| hex::encode(Sha256::digest(&body)));
            if let Some(token) = &self.token {
                all.insert("x-amz-security-token".into(), token.clone());
            }
            let authorization = self.authorization(key, method, &path, query, &all, &date);
            all.insert("authorization".into(), authorization);
        }
        let mut request = http::Request::builder().method(method).uri(uri);
        for (name, value) in &all {
            request = request.header(name, value);
        }
        request.body(Full::new(body)).expect("a request")
    }

    /// The signature of a text on a day, `20250101`.
    pub fn sign(&self, day: &str, text: &str) -> String {
        let key = [self.region.as_str(), "s3", "aws4_request"]
            .iter()
            .fold(hmac(format!("AWS4{}", self.secret).as_bytes(), day), |k, part| hmac(&k, part));
        hex::encode(hmac(&key, text))
    }

    fn authorization(
        &self,
        key: &str,
        method: &str,
        path: &str,
        query: &str,
        headers: &HashMap<String, String>,
        date: &str,
    ) -> String {
        let mut pairs: Vec<String> = query
            .split('&')
            .filter(|p| !p.is_empty())
            .map(|p| if p.contains('=') { p.to_owned() } else { format!("{p}=") })
            .collect();
        pairs.sort();
        let mut names: Vec<&String> = headers.keys().collect();
        names.sort();
        let lines: String = names.iter().map(|n| format!("{n}:{}\n", headers[*n].trim())).collect();
        let signed = names.iter().map(|n| n.as_str()).collect::<Vec<_>>().join(";");
        let hash = &headers["x-amz-content-sha256"];
        let canonical = format!("{method}\n{path}\n{}\n{lines}\n{signed}\n{hash}", pairs.join("&"));
        let day = &date[..8];
        let scope = format!("{day}/{}/s3/aws4_request", self.region);
        let text = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", hex::encode(Sha256::digest(canonical)));
        let signature = self.sign(day, &text);
        format!("AWS4-HMAC-SHA256 Credential={key}/{scope}, SignedHeaders={signed}, Signature={signature}")
    }
}
