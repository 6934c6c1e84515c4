//! A blocking netlink socket: many requests in one send, one acknowledgement for each.

use crate::error::{Failure, Named, Outcome};
use crate::sys;
use netlink_packet_core::{NLM_F_ACK, NLM_F_APPEND, NLM_F_CREATE, NLM_F_DUMP, NLM_F_REQUEST, NetlinkMessage};
use netlink_packet_route::RouteNetlinkMessage;
use rustix::io::Errno;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, netlink, sockopt};
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

/// Acknowledgements wait in the socket's receive buffer, so only so many requests may be under way at once.
const REQUESTS_AT_ONCE_MAX: usize = 64;
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
const HEADER_LENGTH: usize = 16;
const SEND_BUFFER_LENGTH: i32 = 16 << 20;
/// The kernel packs no dump answer larger than this.
const RECEIVE_BUFFER_LENGTH: usize = 64 * 1024;

const NFNL_SUBSYS_NFTABLES: u16 = 10;
const NFNL_MSG_BATCH_BEGIN: u16 = 0x10;
const NFNL_MSG_BATCH_END: u16 = 0x11;
/// Any family, version 0, the subsystem in network order.
const BATCH_HEADER: [u8; 4] = [0, 0, 0, NFNL_SUBSYS_NFTABLES as u8];

const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
const NLM_F_CAPPED: u16 = 0x100;
const NLM_F_ACK_TLVS: u16 = 0x200;
const NLMSGERR_ATTR_MSG: u16 = 1;

/// One message, whole but for its sequence number and the flags that every request has.
pub(crate) struct Request {
    /// What the message is called: `RTM_NEWLINK`.
    pub call: &'static str,
    pub bytes: Vec<u8>,
    /// Error numbers that mean that nothing was left to do.
    pub fine: &'static [Errno],
}

impl Request {
    pub fn route(call: &'static str, message: RouteNetlinkMessage, flags: u16, fine: &'static [Errno]) -> Self {
        let mut packet = NetlinkMessage::from(message);
        packet.header.flags = flags;
        packet.finalize();
        let mut bytes = vec![0; packet.buffer_len()];
        packet.serialize(&mut bytes);
        Self { call, bytes, fine }
    }

    /// A message of any protocol from its parts.
    pub fn raw(call: &'static str, kind: u16, flags: u16, payload: &[u8]) -> Self {
        let length = HEADER_LENGTH + payload.len();
        let mut bytes = Vec::with_capacity(length);
        bytes.extend((length as u32).to_ne_bytes());
        bytes.extend(kind.to_ne_bytes());
        bytes.extend(flags.to_ne_bytes());
        bytes.extend([0; 8]);
        bytes.extend(payload);
        Self { call, bytes, fine: &[] }
    }

    fn seal(&mut self, sequence: u32, flags: u16) {
        let given = read_u16(&self.bytes, 6).unwrap_or(0);
        if let Some(place) = self.bytes.get_mut(6..12) {
            place[..2].copy_from_slice(&(given | NLM_F_REQUEST | flags).to_ne_bytes());
            place[2..].copy_from_slice(&sequence.to_ne_bytes());
        }
    }
}

/// Messages for nftables that take force together, each with words for what it makes.
pub(crate) struct Batch {
    requests: Vec<Request>,
    labels: Vec<String>,
}

impl Batch {
    pub fn nftables() -> Self {
        Self { requests: Vec::new(), labels: Vec::new() }
    }

    pub fn add(&mut self, label: impl Into<String>, message: u16, payload: &[u8]) {
        self.put(label.into(), message, NLM_F_CREATE, payload);
    }

    /// The same, behind what is there already.
    pub fn append(&mut self, label: impl Into<String>, message: u16, payload: &[u8]) {
        self.put(label.into(), message, NLM_F_CREATE | NLM_F_APPEND, payload);
    }

    /// Takes away what is there already.
    pub fn delete(&mut self, label: impl Into<String>, message: u16, payload: &[u8]) {
        self.put(label.into(), message, 0, payload);
    }

    fn put(&mut self, label: String, message: u16, flags: u16, payload: &[u8]) {
        self.requests.push(Request::raw("nftables", NFNL_SUBSYS_NFTABLES << 8 | message, flags, payload));
        self.labels.push(label);
    }
}

/// A netlink socket. It belongs to the namespace that its thread was in when it was opened.
pub(crate) struct Netlink {
    fd: OwnedFd,
    sequence: u32,
    buffer: Vec<u8>,
}

impl Netlink {
    pub fn route() -> Outcome<Self> {
        Self::open(None)
    }
    pub fn netfilter() -> Outcome<Self> {
        Self::open(Some(netlink::NETFILTER))
    }
    pub fn socket_diagnosis() -> Outcome<Self> {
        Self::open(Some(netlink::SOCK_DIAG))
    }

    /// `None` is NETLINK_ROUTE, whose number is 0.
    fn open(protocol: Option<rustix::net::Protocol>) -> Outcome<Self> {
        let fd = rustix::net::socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, protocol)
            .named("socket(AF_NETLINK)")?;
        sockopt::set_socket_timeout(&fd, sockopt::Timeout::Recv, Some(ANSWER_TIMEOUT))
            .named("setsockopt(SO_RCVTIMEO)")?;
        // A large ruleset is one send. Only root may go past the machine's limit, which is enough for some thousand rules.
        if sys::set_option(fd.as_fd(), libc::SOL_SOCKET, libc::SO_SNDBUFFORCE, SEND_BUFFER_LENGTH).is_err() {
            sys::set_option(fd.as_fd(), libc::SOL_SOCKET, libc::SO_SNDBUF, SEND_BUFFER_LENGTH)
                .named("setsockopt(SO_SNDBUF)")?;
        }
        // The kernel's own sentence beside the error number, and no echo of the request.
        for option in [libc::NETLINK_EXT_ACK, libc::NETLINK_CAP_ACK] {
            sys::set_option(fd.as_fd(), libc::SOL_NETLINK, option, 1).named("setsockopt(SOL_NETLINK)")?;
        }
        Ok(Self { fd, sequence: 0, buffer: Vec::new() })
    }

    /// Sends every request; gives one outcome for each, in order.
    pub fn each(&mut self, mut requests: Vec<Request>) -> Vec<Outcome<()>> {
        let mut outcomes = Vec::with_capacity(requests.len());
        for chunk in requests.chunks_mut(REQUESTS_AT_ONCE_MAX) {
            match self.exchange(chunk) {
                Ok(answers) => outcomes.extend(answers),
                Err(failure) => outcomes.extend(chunk.iter().map(|_| Err(failure.clone()))),
            }
        }
        outcomes
    }

    /// Sends every request; the first refusal is the answer.
    pub fn all(&mut self, requests: Vec<Request>) -> Outcome<()> {
        self.each(requests).into_iter().collect()
    }

    /// Sends one dump request; gives kind and payload of every message of the answer.
    pub fn dump(&mut self, mut request: Request) -> Outcome<Vec<(u16, Vec<u8>)>> {
        self.sequence = self.sequence.wrapping_add(1);
        request.seal(self.sequence, NLM_F_DUMP);
        rustix::net::send(&self.fd, &request.bytes, SendFlags::empty()).named("send(netlink)")?;
        let mut found = Vec::new();
        loop {
            for message in self.receive()? {
                if message.sequence != self.sequence {
                    continue;
                }
                match message.kind {
                    NLMSG_DONE => return Ok(found),
                    NLMSG_ERROR => return message.refusal(request.call).map(|()| found),
                    kind => found.push((kind, message.payload)),
                }
            }
        }
    }

    /// Sends one request; gives the payload of the message that answers it.
    pub fn get(&mut self, mut request: Request) -> Outcome<Vec<u8>> {
        self.sequence = self.sequence.wrapping_add(1);
        request.seal(self.sequence, 0);
        rustix::net::send(&self.fd, &request.bytes, SendFlags::empty()).named("send(netlink)")?;
        loop {
            let sequence = self.sequence;
            for message in self.receive()?.into_iter().filter(|m| m.sequence == sequence) {
                match message.kind {
                    NLMSG_ERROR => message.refusal(request.call)?,
                    _ => return Ok(message.payload),
                }
            }
        }
    }

    /// Sends a batch as one transaction: all of it takes force, or none.
    pub fn transact(&mut self, batch: Batch) -> Outcome<()> {
        let Batch { mut requests, labels } = batch;
        if requests.is_empty() {
            return Ok(());
        }
        let first = self.sequence.wrapping_add(1);
        let begin = Request::raw("batch", NFNL_MSG_BATCH_BEGIN, 0, &BATCH_HEADER);
        let end = Request::raw("batch", NFNL_MSG_BATCH_END, 0, &BATCH_HEADER);
        requests.insert(0, begin);
        requests.push(end);
        let last = requests.len().saturating_sub(2);
        let mut bytes = Vec::new();
        for (position, request) in requests.iter_mut().enumerate() {
            self.sequence = self.sequence.wrapping_add(1);
            // Refusals come for every message; the acknowledgement of the last one says that there were none.
            request.seal(self.sequence, if position == last { NLM_F_ACK } else { 0 });
            bytes.extend_from_slice(&request.bytes);
        }
        rustix::net::send(&self.fd, &bytes, SendFlags::empty()).named("send(nftables)")?;
        let mut refusal = None;
        loop {
            for message in self.receive()?.into_iter().filter(|message| message.kind == NLMSG_ERROR) {
                let position = message.sequence.wrapping_sub(first) as usize;
                let Some(request) = requests.get(position) else { continue };
                let label = position.checked_sub(1).and_then(|n| labels.get(n)).map_or("the whole", String::as_str);
                let outcome = message.refusal(request.call).map_err(|failure| failure.at(label));
                if let Err(failure) = outcome {
                    refusal.get_or_insert(failure);
                }
                if position == last || position == 0 {
                    return refusal.map_or(Ok(()), Err);
                }
            }
        }
    }

    fn exchange(&mut self, requests: &mut [Request]) -> Outcome<Vec<Outcome<()>>> {
        let first = self.sequence.wrapping_add(1);
        let mut bytes = Vec::new();
        for request in requests.iter_mut() {
            self.sequence = self.sequence.wrapping_add(1);
            request.seal(self.sequence, NLM_F_ACK);
            bytes.extend_from_slice(&request.bytes);
            bytes.resize(bytes.len().next_multiple_of(4), 0);
        }
        rustix::net::send(&self.fd, &bytes, SendFlags::empty()).named("send(netlink)")?;
        let mut outcomes: Vec<Option<Outcome<()>>> = requests.iter().map(|_| None).collect();
        while outcomes.iter().any(Option::is_none) {
            for message in self.receive()? {
                let position = message.sequence.wrapping_sub(first) as usize;
                let (Some(place), Some(request)) = (outcomes.get_mut(position), requests.get(position)) else {
                    continue;
                };
                if message.kind == NLMSG_ERROR {
                    *place = Some(match message.refusal(request.call) {
                        Err(f) if request.fine.iter().any(|e| Some(e.raw_os_error()) == f.errno) => Ok(()),
                        outcome => outcome,
                    });
                }
            }
        }
        Ok(outcomes.into_iter().flatten().collect())
    }

    fn receive(&mut self) -> Outcome<Vec<Message>> {
        self.buffer.resize(RECEIVE_BUFFER_LENGTH, 0);
        let (length, _) = loop {
            match rustix::net::recv(&self.fd, &mut self.buffer[..], RecvFlags::empty()) {
                Err(Errno::INTR) => {}
                answer => break answer.named("recv(netlink)")?,
            }
        };
        Ok(split(self.buffer.get(..length).unwrap_or_default()))
    }
}

struct Message {
    kind: u16,
    flags: u16,
    sequence: u32,
    payload: Vec<u8>,
}

impl Message {
    /// Reads an NLMSG_ERROR: number 0 is the acknowledgement.
    fn refusal(&self, call: &'static str) -> Outcome<()> {
        let number = read_u32(&self.payload, 0).map_or(0, |n| (n as i32).wrapping_neg());
        if number == 0 {
            return Ok(());
        }
        let mut failure = Failure::of(call, Errno::from_raw_os_error(number));
        if let Some(sentence) = self.sentence() {
            failure.word = format!("{} ({sentence})", failure.word);
        }
        Err(failure)
    }

    /// The kernel's sentence, after the number and the header of the request (and its body, unless capped).
    fn sentence(&self) -> Option<String> {
        if self.flags & NLM_F_ACK_TLVS == 0 {
            return None;
        }
        let request = if self.flags & NLM_F_CAPPED != 0 { HEADER_LENGTH } else { read_u32(&self.payload, 4)? as usize };
        let attributes = self.payload.get(4 + request.next_multiple_of(4)..)?;
        let text = crate::netfilter::attributes(attributes).find(|(kind, _)| *kind == NLMSGERR_ATTR_MSG)?.1;
        Some(String::from_utf8_lossy(text).trim_end_matches('\0').to_owned())
    }
}

fn split(mut bytes: &[u8]) -> Vec<Message> {
    let mut messages = Vec::new();
    while let (Some(length), Some(kind), Some(flags), Some(sequence)) =
        (read_u32(bytes, 0), read_u16(bytes, 4), read_u16(bytes, 6), read_u32(bytes, 8))
    {
        let length = length as usize;
        let Some(payload) = bytes.get(HEADER_LENGTH..length) else { break };
        messages.push(Message { kind, flags, sequence, payload: payload.to_vec() });
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    messages
}

pub(crate) fn read_u16(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at + 2)?.try_into().ok().map(u16::from_ne_bytes)
}
pub(crate) fn read_u32(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.try_into().ok().map(u32::from_ne_bytes)
}
