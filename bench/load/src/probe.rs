//! Tries a way again and again and tells when the first packet got through: datagrams to an echo, or TCP handshakes.
//!
//! Prints `{"waiting": ...}` once it has seen for a while that nothing passes (else it fails: a probe of an open way
//! proves nothing), then one line with the stamp of the first try that was answered.

use crate::Trouble;
use crate::arguments::Arguments;
use crate::clock::stamp;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{AddressFamily, SocketFlags, SocketType, connect, socket_with, sockopt::socket_error};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

/// How long nothing may pass before the probe believes that the way is shut.
const SHUT: Duration = Duration::from_millis(100);
/// Handshakes under way at once.
const ABREAST: usize = 64;

pub fn run(arguments: &Arguments) -> Result<Value, Trouble> {
    let to = arguments.to()?;
    let every = Duration::from_micros(arguments.number("every-us")?);
    let tries: Box<dyn Tries> = match arguments.bare()? {
        "udp" => Box::new(Datagrams::new(to)?),
        "tcp" => Box::new(Handshakes { to, open: VecDeque::new() }),
        other => return Err(format!("{other}: tcp or udp").into()),
    };
    watch(tries, every, arguments.seconds()?)
}

fn watch(mut tries: Box<dyn Tries>, every: Duration, limit: Duration) -> Result<Value, Trouble> {
    let began = Instant::now();
    let mut waiting = false;
    for number in 0u64.. {
        tries.start(number)?;
        if let Some(started) = tries.passed()? {
            if !waiting {
                return Err("the way is open before anything was done".into());
            }
            return Ok(json!({ "passed_ns": started, "answered_ns": stamp(), "tries": number + 1 }));
        }
        if !waiting && began.elapsed() >= SHUT {
            waiting = true;
            println!("{}", json!({ "waiting": true }));
        }
        if began.elapsed() >= limit {
            return Err(format!("nothing passed in {} tries", number + 1).into());
        }
        std::thread::sleep(every);
    }
    Ok(Value::Null)
}

trait Tries {
    fn start(&mut self, number: u64) -> Result<(), Trouble>;
    /// The stamp of the earliest try that was answered.
    fn passed(&mut self) -> Result<Option<u64>, Trouble>;
}

struct Datagrams {
    socket: UdpSocket,
    to: SocketAddr,
}

impl Datagrams {
    fn new(to: SocketAddr) -> Result<Self, Trouble> {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        socket.set_nonblocking(true)?;
        Ok(Self { socket, to })
    }
}

impl Tries for Datagrams {
    fn start(&mut self, _: u64) -> Result<(), Trouble> {
        // No route, or an ICMP error for an earlier try: the way is shut still.
        let _ = self.socket.send_to(&stamp().to_be_bytes(), self.to);
        Ok(())
    }

    fn passed(&mut self) -> Result<Option<u64>, Trouble> {
        let mut answer = [0; 8];
        match self.socket.recv_from(&mut answer) {
            Ok((8, _)) => Ok(Some(u64::from_be_bytes(answer))),
            _ => Ok(None),
        }
    }
}

struct Handshakes {
    to: SocketAddr,
    open: VecDeque<(u64, OwnedFd)>,
}

impl Tries for Handshakes {
    fn start(&mut self, _: u64) -> Result<(), Trouble> {
        let socket = socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::NONBLOCK, None)?;
        let started = stamp();
        match connect(&socket, &self.to) {
            Ok(()) | Err(rustix::io::Errno::INPROGRESS) => self.open.push_back((started, socket)),
            Err(_) => {}
        }
        if self.open.len() > ABREAST {
            self.open.pop_front();
        }
        Ok(())
    }

    fn passed(&mut self) -> Result<Option<u64>, Trouble> {
        let mut fds: Vec<PollFd<'_>> = self.open.iter().map(|(_, fd)| PollFd::new(fd, PollFlags::OUT)).collect();
        poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }))?;
        let done: Vec<bool> = fds.iter().map(|fd| !fd.revents().is_empty()).collect();
        let mut passed = None;
        let mut number = 0;
        self.open.retain(|(started, fd)| {
            let ended = done.get(number).copied().unwrap_or(false);
            number += 1;
            if ended && passed.is_none() && matches!(socket_error(fd), Ok(Ok(()))) {
                passed = Some(*started);
            }
            !ended
        });
        Ok(passed)
    }
}
