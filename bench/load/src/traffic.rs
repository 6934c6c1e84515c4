//! Packets between two machines: a stream's throughput, a ping-pong's latency, datagrams a second.

use crate::Trouble;
use crate::arguments::Arguments;
use crate::clock::summary;
use crate::peer::HOW_MANY;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(10);

fn connect(to: SocketAddr) -> Result<TcpStream, Trouble> {
    let stream = TcpStream::connect_timeout(&to, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Gigabits a second over `--streams` connections, by what the far end says has arrived.
pub fn stream(arguments: &Arguments) -> Result<Value, Trouble> {
    let (to, time) = (arguments.to()?, arguments.seconds()?);
    let streams: usize = arguments.number("streams")?;
    let began = Instant::now();
    let senders: Vec<_> = (0..streams).map(|_| std::thread::spawn(move || send(to, time))).collect();
    let mut bytes = 0;
    for sender in senders {
        bytes += sender.join().map_err(|_| "a sender panicked")??;
    }
    let seconds = began.elapsed().as_secs_f64();
    Ok(json!({ "bytes": bytes, "seconds": seconds, "gbit_per_second": bytes as f64 * 8.0 / seconds / 1e9 }))
}

fn send(to: SocketAddr, time: Duration) -> Result<u64, Trouble> {
    let mut stream = connect(to)?;
    let chunk = vec![0x5a; 128 * 1024];
    let began = Instant::now();
    while began.elapsed() < time {
        stream.write_all(&chunk)?;
    }
    stream.shutdown(Shutdown::Write)?;
    let mut arrived = [0; 8];
    stream.read_exact(&mut arrived)?;
    Ok(u64::from_be_bytes(arrived))
}

/// Round trips of 64 bytes over one TCP connection, one at a time.
pub fn pingpong(arguments: &Arguments) -> Result<Value, Trouble> {
    let mut stream = connect(arguments.to()?)?;
    let rounds: usize = arguments.number("rounds")?;
    let (ball, mut back) = ([7u8; 64], [0u8; 64]);
    let mut nanos = Vec::with_capacity(rounds);
    for _ in 0..rounds {
        let sent = Instant::now();
        stream.write_all(&ball)?;
        stream.read_exact(&mut back)?;
        nanos.push(u64::try_from(sent.elapsed().as_nanos()).unwrap_or(u64::MAX));
    }
    Ok(summary(nanos))
}

/// Datagrams as fast as one thread can, and how many of them arrived.
pub fn datagrams(arguments: &Arguments) -> Result<Value, Trouble> {
    let (to, time) = (arguments.to()?, arguments.seconds()?);
    let payload = vec![1; arguments.number("bytes")?];
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    socket.connect(to)?;
    socket.set_read_timeout(Some(Duration::from_millis(200)))?;
    let before = count(&socket)?;
    let began = Instant::now();
    let mut sent = 0u64;
    while began.elapsed() < time {
        for _ in 0..32 {
            // A full queue loses the datagram, as on any link; what arrives is what counts.
            if socket.send(&payload).is_ok() {
                sent += 1;
            }
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    std::thread::sleep(Duration::from_millis(20));
    let arrived = count(&socket)? - before;
    Ok(json!({ "sent_per_second": sent as f64 / seconds, "arrived_per_second": arrived as f64 / seconds }))
}

fn count(socket: &UdpSocket) -> Result<u64, Trouble> {
    let mut answer = [0; 8];
    for _ in 0..25 {
        socket.send(HOW_MANY)?;
        if let Ok(8) = socket.recv(&mut answer) {
            return Ok(u64::from_be_bytes(answer));
        }
    }
    Err("the far end does not tell how many datagrams arrived".into())
}
