//! Connection tracking of one namespace.

use super::packet::{Packet, Payload};
use std::net::IpAddr;

/// What packets of one direction of a connection have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Tuple {
    protocol: u8,
    source: IpAddr,
    destination: IpAddr,
    ports: (u16, u16),
}

#[derive(Debug, Clone, Copy)]
struct Flow {
    original: Tuple,
    /// As the answers look when they come in: source translation shows here.
    reply: Tuple,
    is_answered: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    New,
    Established,
    Invalid,
}

/// A packet's connection, while the packet is in the namespace.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    /// `None` before the look-up.
    state: Option<State>,
    /// Position of a known flow.
    known: Option<usize>,
    is_reply: bool,
}

impl Seen {
    pub fn unknown() -> Self {
        Self { state: None, known: None, is_reply: false }
    }
    pub fn state(self) -> Option<State> {
        self.state
    }
}

#[derive(Default)]
pub(super) struct Tracker(Vec<Flow>);

impl Tracker {
    /// Looks the packet up; the answer to a translated packet gets its first destination back.
    pub fn look(&mut self, packet: &mut Packet) -> Seen {
        let tuple = tuple(*packet);
        if let Some(position) = self.0.iter().position(|flow| flow.reply == tuple) {
            if let Some(flow) = self.0.get_mut(position) {
                flow.is_answered = true;
                packet.destination = flow.original.source;
            }
            return Seen { state: Some(State::Established), known: Some(position), is_reply: true };
        }
        if let Some(position) = self.0.iter().position(|flow| flow.original == tuple) {
            let is_answered = self.0.get(position).is_some_and(|flow| flow.is_answered);
            let state = if is_answered { State::Established } else { State::New };
            return Seen { state: Some(state), known: Some(position), is_reply: false };
        }
        let state = if packet.can_open() { State::New } else { State::Invalid };
        Seen { state: Some(state), known: None, is_reply: false }
    }

    /// The packet passed every chain: its connection is known from now on. `translated` is the source address that it
    /// leaves with, if a rule gave it one; of a known connection the first decision holds.
    pub fn confirm(&mut self, packet: &mut Packet, seen: Seen, translated: Option<IpAddr>) {
        if seen.state != Some(State::New) && seen.state != Some(State::Established) || seen.is_reply {
            return;
        }
        if let Some(flow) = seen.known.and_then(|position| self.0.get(position)) {
            packet.source = flow.reply.destination;
            return;
        }
        let original = tuple(*packet);
        packet.source = translated.unwrap_or(packet.source);
        self.0.push(Flow { original, reply: tuple(packet.reply()), is_answered: false });
    }
}

fn tuple(packet: Packet) -> Tuple {
    let ports = match packet.payload {
        Payload::Tcp { source_port, destination_port, .. } | Payload::Udp { source_port, destination_port } => {
            (source_port, destination_port)
        }
        Payload::Echo { id, is_reply } => (id, u16::from(is_reply)),
        Payload::Other(_) => (0, 0),
    };
    Tuple { protocol: packet.protocol(), source: packet.source, destination: packet.destination, ports }
}
