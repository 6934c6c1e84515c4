//! HTTP/1.1 with keep-alive over a blocking socket, plain or TLS: as little as a load generator needs.

use crate::Trouble;
use crate::arguments::{Arguments, resolve};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

/// Where requests go: `http://host[:port]` or `https://host[:port]`.
#[derive(Clone)]
pub struct Target {
    /// As the Host header says it.
    pub host: String,
    address: std::net::SocketAddr,
    tls: Option<Arc<ClientConfig>>,
}

/// One open connection.
pub struct Connection {
    stream: Stream,
    buffer: Vec<u8>,
    filled: usize,
    closing: bool,
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

/// A response's status and where its body lies in the connection's buffer, or only its length when it was skipped.
pub struct Answer {
    pub status: u16,
    pub body_length: usize,
    pub body: Vec<u8>,
}

const PATIENCE: Duration = Duration::from_secs(30);

impl Target {
    /// Reads `--url`, resolves its name (or takes `--connect HOST:PORT` instead, still asking for that name), and
    /// prepares TLS with the authority in `--ca`.
    pub fn new(arguments: &Arguments) -> Result<Self, Trouble> {
        let (url, ca) = (arguments.text("url")?, arguments.maybe("ca"));
        let (secure, rest) = match url.split_once("://") {
            Some(("https", rest)) => (true, rest),
            Some(("http", rest)) => (false, rest),
            _ => return Err(format!("{url}: neither http:// nor https://").into()),
        };
        let host = rest.trim_end_matches('/').to_owned();
        let default_port = if secure { 443 } else { 80 };
        let with_port = if host.contains(':') { host.clone() } else { format!("{host}:{default_port}") };
        let tls = if secure { Some(tls(ca.ok_or("https needs --ca FILE")?)?) } else { None };
        let address = resolve(arguments.maybe("connect").unwrap_or(&with_port))?;
        Ok(Self { address, host, tls })
    }

    pub fn connect(&self) -> Result<Connection, Trouble> {
        self.connect_to(self.address, PATIENCE)
    }

    /// The same, to another address, which must take the connection in this time.
    pub fn connect_to(&self, address: std::net::SocketAddr, within: Duration) -> Result<Connection, Trouble> {
        let stream = TcpStream::connect_timeout(&address, within)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let stream = match &self.tls {
            None => Stream::Plain(stream),
            Some(config) => {
                let name = self.host.split(':').next().unwrap_or_default().to_owned();
                let session = ClientConnection::new(Arc::clone(config), ServerName::try_from(name)?)?;
                Stream::Tls(Box::new(StreamOwned::new(session, stream)))
            }
        };
        Ok(Connection { stream, buffer: vec![0; 64 * 1024], filled: 0, closing: false })
    }
}

fn tls(ca: &str) -> Result<Arc<ClientConfig>, Trouble> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(ca)? {
        roots.add(certificate?)?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
}

impl Connection {
    /// Whether the server has said that it answers no more on this one.
    pub fn is_closing(&self) -> bool {
        self.closing
    }

    /// Sends head and body, and reads the whole answer. `keep`: also hand the body back.
    pub fn ask(&mut self, head: &str, body: &[u8], keep: bool) -> Result<Answer, Trouble> {
        if body.len() <= 16 * 1024 {
            let mut whole = Vec::with_capacity(head.len() + body.len());
            whole.extend_from_slice(head.as_bytes());
            whole.extend_from_slice(body);
            self.stream.write_all(&whole)?;
        } else {
            self.stream.write_all(head.as_bytes())?;
            self.stream.write_all(body)?;
        }
        self.stream.flush()?;
        self.answer(keep)
    }

    fn answer(&mut self, keep: bool) -> Result<Answer, Trouble> {
        let head_end = loop {
            if let Some(at) = self.buffer[..self.filled].windows(4).position(|w| w == b"\r\n\r\n") {
                break at + 4;
            }
            self.fill()?;
        };
        let head = String::from_utf8_lossy(&self.buffer[..head_end]).into_owned();
        let status = head.split(' ').nth(1).and_then(|s| s.parse().ok()).ok_or("no status in the answer")?;
        if status == 100 {
            self.consume(head_end);
            return self.answer(keep);
        }
        self.consume(head_end);
        self.closing = match value(&head, "connection") {
            Some(said) => said.eq_ignore_ascii_case("close"),
            None => head.starts_with("HTTP/1.0"),
        };
        let mut body = Vec::new();
        let mut sink = if keep { Some(&mut body) } else { None };
        let length = if value(&head, "transfer-encoding").is_some_and(|v| v.eq_ignore_ascii_case("chunked")) {
            self.chunks(&mut sink)?
        } else {
            let length = value(&head, "content-length").and_then(|v| v.parse().ok()).unwrap_or(0);
            self.take(length, &mut sink)?;
            length
        };
        Ok(Answer { status, body_length: length, body })
    }

    fn chunks(&mut self, sink: &mut Option<&mut Vec<u8>>) -> Result<usize, Trouble> {
        let mut total = 0;
        loop {
            let line_end = loop {
                if let Some(at) = self.buffer[..self.filled].windows(2).position(|w| w == b"\r\n") {
                    break at;
                }
                self.fill()?;
            };
            let line = String::from_utf8_lossy(&self.buffer[..line_end]).into_owned();
            let size = usize::from_str_radix(line.split(';').next().unwrap_or_default().trim(), 16)?;
            self.consume(line_end + 2);
            self.take(size, sink)?;
            self.take(2, &mut None)?;
            if size == 0 {
                return Ok(total);
            }
            total += size;
        }
    }

    /// Takes exactly `wanted` bytes off the stream.
    fn take(&mut self, mut wanted: usize, sink: &mut Option<&mut Vec<u8>>) -> Result<(), Trouble> {
        while wanted > 0 {
            if self.filled == 0 {
                self.fill()?;
            }
            let here = wanted.min(self.filled);
            if let Some(sink) = sink {
                sink.extend_from_slice(&self.buffer[..here]);
            }
            self.consume(here);
            wanted -= here;
        }
        Ok(())
    }

    fn consume(&mut self, bytes: usize) {
        self.buffer.copy_within(bytes..self.filled, 0);
        self.filled -= bytes;
    }

    fn fill(&mut self) -> Result<(), Trouble> {
        if self.filled == self.buffer.len() {
            return Err("an answer's head longer than 64 KiB".into());
        }
        let read = self.stream.read(&mut self.buffer[self.filled..])?;
        if read == 0 {
            return Err("the server closed the connection".into());
        }
        self.filled += read;
        Ok(())
    }
}

fn value<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.split("\r\n").find_map(|line| {
        let (n, v) = line.split_once(':')?;
        n.eq_ignore_ascii_case(name).then(|| v.trim())
    })
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Stream::Plain(stream) => stream.read(buffer),
            Stream::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self {
            Stream::Plain(stream) => stream.write(bytes),
            Stream::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match self {
            Stream::Plain(stream) => stream.flush(),
            Stream::Tls(stream) => stream.flush(),
        }
    }
}
