//! What would happen to a packet: a program carried out in memory, packet by packet, as the kernel would.
//!
//! A question goes out of a namespace, meets device hooks, packet filters with connection tracking, routing rules and tables,
//! neighbours, and arrives or is dropped; if something answers, the answer takes its own way back. Guests take every packet
//! that is for them and answer it.

mod filter;
mod packet;
mod space;
mod track;
mod walk;

pub use packet::{Packet, Payload};

use crate::part::{Namespace, Program, Role};
use postern_names::Cidr;
use space::Spaces;
use std::fmt;
use std::net::IpAddr;
use walk::Walk;

/// A program made ready for many questions.
pub struct Simulator<'p> {
    spaces: Spaces<'p>,
}

/// What became of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub request: Fate,
    /// What became of the answer; `None` when nobody answered.
    pub reply: Option<Fate>,
    /// The answer came back to the one that asked, from the address that was asked.
    pub is_answered: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    Delivered(Arrival),
    Dropped(Loss),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    pub namespace: Namespace,
    pub receiver: Receiver,
    /// As the receiver sees it.
    pub packet: Packet,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Receiver {
    /// The instance that has the address.
    Guest,
    /// An instance that does not have the address: an appliance.
    Appliance,
    /// A socket of the daemon.
    Listener(Role),
    /// The kernel, which answers an echo request.
    Echo,
    /// The address is there, and nothing listens: refused.
    Nobody,
}

/// Where a packet ended, and the words of the rule that ended it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    pub namespace: Namespace,
    pub place: Place,
    pub comment: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A chain's rule or its policy.
    Chain(String),
    /// A route that drops: its table and destination.
    Route(u32, Cidr),
    /// No table has a route.
    NoRoute,
    /// Nobody on the link answers for the next hop.
    Neighbour(IpAddr),
    /// The namespace does not forward.
    NotForwarding,
    /// It went in circles.
    TimeToLive,
}

/// Asks one question of a program.
pub fn simulate(program: &Program, from: Namespace, packet: Packet) -> Outcome {
    Simulator::new(program).ask(from, packet)
}

impl<'p> Simulator<'p> {
    pub fn new(program: &'p Program) -> Self {
        Self { spaces: Spaces::new(program) }
    }

    /// Sends a packet out of a namespace and, if it is answered, the answer. No connection is known before.
    pub fn ask(&self, from: Namespace, packet: Packet) -> Outcome {
        let mut walk = Walk::new(&self.spaces);
        let request = walk.send(from, packet);
        let reply = match &request {
            Fate::Delivered(arrival) if arrival.receiver.answers() => {
                Some(walk.send(arrival.namespace, arrival.packet.reply()))
            }
            _ => None,
        };
        let is_answered = matches!(&reply, Some(Fate::Delivered(arrival))
            if arrival.namespace == from && arrival.packet == packet.reply());
        Outcome { request, reply, is_answered }
    }
}

impl Receiver {
    fn answers(self) -> bool {
        match self {
            Self::Guest | Self::Listener(_) | Self::Echo => true,
            Self::Appliance | Self::Nobody => false,
        }
    }
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Delivered(Arrival { namespace, receiver, packet }) => {
                write!(f, "delivered to {receiver:?} in {namespace} as {packet}")
            }
            Self::Dropped(Loss { namespace, place, comment }) => {
                write!(f, "dropped in {namespace} at {place}")?;
                comment.as_ref().map_or(Ok(()), |comment| write!(f, ": {comment}"))
            }
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chain(name) => write!(f, "chain {name}"),
            Self::Route(table, to) => write!(f, "route {to} of table {table}"),
            Self::NoRoute => f.write_str("no route"),
            Self::Neighbour(address) => write!(f, "no neighbour {address}"),
            Self::NotForwarding => f.write_str("no forwarding"),
            Self::TimeToLive => f.write_str("time to live"),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.request)?;
        self.reply.as_ref().map_or(Ok(()), |reply| write!(f, "; the answer {reply}"))
    }
}
