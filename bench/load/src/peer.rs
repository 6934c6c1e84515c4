//! The far end of the traffic: `port` swallows a TCP stream, `port+1` echoes what comes by TCP, `port+2` counts
//! datagrams and tells the count when asked, `port+3` echoes datagrams. Runs until it is killed, or for ten minutes.

use crate::Trouble;
use crate::arguments::Arguments;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::time::Duration;

/// The question that the counter answers instead of counting it.
pub const HOW_MANY: &[u8] = b"how many?";

pub fn run(arguments: &Arguments) -> Result<Value, Trouble> {
    let port: u16 = arguments.number("port")?;
    let here = |offset: u16| (Ipv4Addr::UNSPECIFIED, port + offset);
    let (sink, echo) = (TcpListener::bind(here(0))?, TcpListener::bind(here(1))?);
    let (count, mirror) = (UdpSocket::bind(here(2))?, UdpSocket::bind(here(3))?);
    std::thread::spawn(move || each(&sink, swallow));
    std::thread::spawn(move || each(&echo, send_back));
    std::thread::spawn(move || counting(&count));
    std::thread::spawn(move || mirroring(&mirror));
    println!("{}", json!({ "ready": port }));
    std::thread::sleep(Duration::from_secs(600));
    Ok(Value::Null)
}

fn each(listener: &TcpListener, serve: fn(TcpStream) -> std::io::Result<()>) {
    for stream in listener.incoming() {
        match stream {
            Ok(stream) => drop(std::thread::spawn(move || {
                if let Err(error) = serve(stream) {
                    eprintln!("peer: {error}");
                }
            })),
            Err(error) => eprintln!("peer: accept: {error}"),
        }
    }
}

fn swallow(mut stream: TcpStream) -> std::io::Result<()> {
    let mut buffer = vec![0; 256 * 1024];
    let mut total = 0u64;
    loop {
        match stream.read(&mut buffer)? {
            // The sender has shut its side: tell it how much arrived, so that bytes in flight are not counted.
            0 => return stream.write_all(&total.to_be_bytes()),
            read => total += read as u64,
        }
    }
}

fn send_back(mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = [0; 2048];
    loop {
        match stream.read(&mut buffer)? {
            0 => return Ok(()),
            read => stream.write_all(&buffer[..read])?,
        }
    }
}

fn counting(socket: &UdpSocket) {
    let mut buffer = [0; 2048];
    let mut count = 0u64;
    while let Ok((read, from)) = socket.recv_from(&mut buffer) {
        if &buffer[..read] != HOW_MANY {
            count += 1;
        } else if let Err(error) = socket.send_to(&count.to_be_bytes(), from) {
            eprintln!("peer: tell the count: {error}");
        }
    }
}

fn mirroring(socket: &UdpSocket) {
    let mut buffer = [0; 2048];
    while let Ok((read, from)) = socket.recv_from(&mut buffer) {
        if let Err(error) = socket.send_to(&buffer[..read], from) {
            eprintln!("peer: mirror: {error}");
        }
    }
}
