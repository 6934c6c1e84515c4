//! A bounded load on `examples/serve.rs`: `load ADDRESS get|put [SIZE [CLIENTS [SECONDS]]]`.
//!
//! Requests are signed once and sent many times, so that the client costs little; the server verifies every one.

#[path = "../tests/all/common.rs"]
mod common;

use bytes::Bytes;
use common::{ADMIN, Client};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const BUCKET: &str = "load-test-bucket";
/// Bytes under all keys together, at most.
const SPACE: usize = 128 * 1024 * 1024;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let address: SocketAddr = arguments[0].parse().expect("an address");
    let number = |at: usize, or: usize| arguments.get(at).map_or(or, |a| a.parse().expect("a number"));
    let (size, clients, seconds) = (number(2, 1024), number(3, 16), number(4, 5).min(60));
    let keys = (SPACE / size.max(1)).clamp(clients, 1000);
    let client = Client::new(address, ADMIN);
    client.put(&format!("/{BUCKET}"), "").await.ok();
    let body = Bytes::from(vec![b'x'; size]);
    let method = if arguments[1] == "get" { "GET" } else { "PUT" };
    if method == "GET" {
        for key in 0..keys {
            client.put(&format!("/{BUCKET}/key-{key:06}"), body.clone()).await.ok();
        }
    }
    let sent = if method == "GET" { Bytes::new() } else { body };
    let requests: Arc<Vec<Vec<u8>>> = Arc::new((0..keys).map(|key| bytes_of(&client, method, key, &sent)).collect());
    let stop = Arc::new(AtomicBool::new(false));
    let done = Arc::new(AtomicU64::new(0));
    let began = Instant::now();
    let runs: Vec<_> = (0..clients)
        .map(|at| tokio::spawn(run(address, requests.clone(), at * keys / clients, stop.clone(), done.clone())))
        .collect();
    tokio::time::sleep(Duration::from_secs(seconds as u64)).await;
    stop.store(true, Ordering::Relaxed);
    let mut times: Vec<u32> = Vec::new();
    for run in runs {
        times.extend(run.await.expect("a client"));
    }
    let elapsed = began.elapsed().as_secs_f64();
    times.sort_unstable();
    let at = |part: f64| times.get((times.len() as f64 * part) as usize).copied().unwrap_or(0);
    let rate = done.load(Ordering::Relaxed) as f64 / elapsed;
    let (half, most) = (at(0.5), at(0.99));
    println!("{method} {size} B, {clients} clients: {rate:.0}/s, median {half} us, 99% {most} us");
}

/// The request as it goes over the wire.
fn bytes_of(client: &Client, method: &str, key: usize, body: &Bytes) -> Vec<u8> {
    let request = client.request(method, &format!("/{BUCKET}/key-{key:06}"), &[], body.clone());
    let mut bytes = format!("{method} {} HTTP/1.1\r\n", request.uri()).into_bytes();
    for (name, value) in request.headers() {
        bytes.extend_from_slice(format!("{name}: {}\r\n", value.to_str().expect("text")).as_bytes());
    }
    bytes.extend_from_slice(format!("content-length: {}\r\n\r\n", body.len()).as_bytes());
    bytes.extend_from_slice(body);
    bytes
}

async fn run(
    address: SocketAddr,
    requests: Arc<Vec<Vec<u8>>>,
    from: usize,
    stop: Arc<AtomicBool>,
    done: Arc<AtomicU64>,
) -> Vec<u32> {
    let mut stream = TcpStream::connect(address).await.expect("the server");
    stream.set_nodelay(true).expect("TCP_NODELAY");
    let mut buffer = vec![0; 64 * 1024];
    let mut times = Vec::new();
    for at in from.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let began = Instant::now();
        stream.write_all(&requests[at % requests.len()]).await.expect("sent");
        reply(&mut stream, &mut buffer).await;
        times.push(began.elapsed().as_micros() as u32);
        done.fetch_add(1, Ordering::Relaxed);
    }
    times
}

/// Reads one reply whole; anything but a 200 ends the run.
async fn reply(stream: &mut TcpStream, buffer: &mut [u8]) {
    let mut filled = 0;
    let (end, length) = loop {
        let read = stream.read(&mut buffer[filled..]).await.expect("a reply");
        assert!(read > 0, "the server hung up");
        filled += read;
        if let Some(end) = buffer[..filled].windows(4).position(|w| w == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&buffer[..end]).to_ascii_lowercase();
            assert!(head.starts_with("http/1.1 200"), "{head}");
            let length = head
                .split("content-length: ")
                .nth(1)
                .map_or(0, |rest| rest.split("\r\n").next().and_then(|n| n.parse().ok()).expect("a length"));
            break (end + 4, length);
        }
    };
    let mut left: usize = (end + length).saturating_sub(filled);
    while left > 0 {
        let most = left.min(buffer.len());
        let read = stream.read(&mut buffer[..most]).await.expect("the body");
        assert!(read > 0, "the server hung up");
        left -= read;
    }
}
