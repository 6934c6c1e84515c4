//! The server itself.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use postern_metadata::{FactsSource, InstanceFacts, MetadataOptions, RoleCredentials, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::specimen::{credentials, instance};

/// 127.0.0.1 is an instance, no other address is.
struct One;

impl FactsSource for One {
    fn by_address(&self, peer: Ipv4Addr) -> Option<Arc<InstanceFacts>> {
        let options = MetadataOptions { hop_limit: 3, tokens_required: true, ..MetadataOptions::default() };
        (peer == Ipv4Addr::LOCALHOST).then(|| Arc::new(InstanceFacts { options, ..instance() }))
    }

    fn credentials(&self, _: &InstanceFacts) -> Option<RoleCredentials> {
        Some(credentials())
    }
}

async fn server() -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
    let address = listener.local_addr().expect("address");
    tokio::spawn(async move { serve(listener, Arc::new(One)).await.map(|never| match never {}) });
    address
}

async fn connect(to: std::net::SocketAddr, from: &str) -> TcpStream {
    let socket = tokio::net::TcpSocket::new_v4().expect("socket");
    socket.bind(format!("{from}:0").parse().expect("address")).expect("bind");
    socket.connect(to).await.expect("connect")
}

/// Sends one request and reads one reply with its body.
async fn ask(stream: &mut TcpStream, request: &str) -> String {
    stream.write_all(request.replace('\n', "\r\n").as_bytes()).await.expect("write");
    let mut text = String::new();
    let mut bytes = [0u8; 4096];
    let whole = |text: &str| {
        let (head, body) = text.split_once("\r\n\r\n")?;
        let length = head.lines().find_map(|l| l.strip_prefix("content-length: "))?.parse::<usize>().ok()?;
        (body.len() >= length || request.starts_with("HEAD")).then_some(())
    };
    while whole(&text).is_none() {
        let read = tokio::time::timeout(Duration::from_secs(5), stream.read(&mut bytes));
        let count = read.await.expect("in time").expect("read");
        assert!(count > 0, "closed after {text:?}");
        text += &String::from_utf8_lossy(&bytes[..count]);
    }
    text
}

#[tokio::test]
async fn a_session_over_one_connection() {
    let address = server().await;
    let mut stream = connect(address, "127.0.0.1").await;
    let refused = ask(&mut stream, "GET /latest/meta-data/instance-id HTTP/1.1\nHost: 169.254.169.254\n\n").await;
    assert!(refused.starts_with("HTTP/1.1 401 "), "{refused}");
    let put =
        "PUT /latest/api/token HTTP/1.1\nHost: x\nX-aws-ec2-metadata-token-ttl-seconds: 21600\nContent-Length: 0\n\n";
    let given = ask(&mut stream, put).await;
    assert!(given.starts_with("HTTP/1.1 200 ") && given.contains("server: EC2ws"), "{given}");
    assert!(given.contains("x-aws-ec2-metadata-token-ttl-seconds: 21600"), "{given}");
    let token = given.split_once("\r\n\r\n").expect("body").1.to_owned();
    let head = format!("Host: x\nX-aws-ec2-metadata-token: {token}\n\n");
    let id = ask(&mut stream, &format!("GET /latest/meta-data/instance-id?x=1 HTTP/1.1\n{head}")).await;
    assert!(id.starts_with("HTTP/1.1 200 ") && id.ends_with("\r\n\r\ni-00000000000000abc"), "{id}");
    let role = "/latest/meta-data/iam/security-credentials/web-role";
    let document = ask(&mut stream, &format!("GET {role} HTTP/1.1\n{head}")).await;
    assert!(document.contains("\"Code\" : \"Success\""), "{document}");
    let head_only = ask(&mut stream, &format!("HEAD /latest/user-data HTTP/1.1\n{head}")).await;
    assert!(head_only.contains("content-length: 11") && head_only.ends_with("\r\n\r\n"), "{head_only}");
}

#[tokio::test]
async fn a_stranger_finds_nothing_and_a_proxy_no_token() {
    let address = server().await;
    let mut stranger = connect(address, "127.0.0.2").await;
    let reply = ask(&mut stranger, "GET /latest/meta-data/ HTTP/1.1\nHost: x\n\n").await;
    assert!(reply.starts_with("HTTP/1.1 404 "), "{reply}");
    let mut proxy = connect(address, "127.0.0.1").await;
    let put = "PUT /latest/api/token HTTP/1.1\nHost: x\nX-Forwarded-For: 10.0.0.9\n\
               X-aws-ec2-metadata-token-ttl-seconds: 60\nContent-Length: 0\n\n";
    assert!(ask(&mut proxy, put).await.starts_with("HTTP/1.1 403 "));
}

/// A receiver can refuse packets that may have come too far (IP_MINTTL): with the limit of 3 hops the reply to PUT passes
/// a receiver that wants 3 and not one that wants 4, and other replies pass both.
#[tokio::test]
async fn the_reply_to_put_lives_as_many_hops_as_allowed() {
    let address = server().await;
    let client = format!(
        "import socket\n\
         def ask(least, request):\n\
         \x20 s = socket.create_connection(('127.0.0.1', {port}), timeout=1.5)\n\
         \x20 s.setsockopt(socket.IPPROTO_IP, 21, least)\n\
         \x20 s.sendall(request)\n\
         \x20 try: return s.recv(12)[-3:].decode()\n\
         \x20 except TimeoutError: return 'late'\n\
         put = b'PUT /latest/api/token HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 0\\r\\n\\\n\
         X-aws-ec2-metadata-token-ttl-seconds: 60\\r\\n\\r\\n'\n\
         get = b'GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n'\n\
         print(ask(3, put), ask(4, put), ask(4, get))",
        port = address.port()
    );
    let run = tokio::process::Command::new("python3").args(["-c", &client]).output();
    let output = tokio::time::timeout(Duration::from_secs(30), run).await.expect("in time").expect("python3");
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(said.trim(), "200 late 401", "{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test]
async fn garbage_ends_only_its_own_connection() {
    let address = server().await;
    for garbage in [&b"\x16\x03\x01\x02\x00\x01"[..], b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", &[b'A'; 100_000][..]] {
        let mut stream = connect(address, "127.0.0.1").await;
        // The server may have closed before all was sent.
        let _ = stream.write_all(garbage).await;
        let mut rest = Vec::new();
        let _ = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut rest)).await.expect("closed");
    }
    let mut stream = connect(address, "127.0.0.1").await;
    let reply = ask(&mut stream, "GET /latest/meta-data/ HTTP/1.1\nHost: x\n\n").await;
    assert!(reply.starts_with("HTTP/1.1 401 "), "{reply}");
}
