//! Questions to a World: an instance sends something somewhere.

use postern_model::World;
use postern_names::InstanceId;
use postern_program::simulate::{Fate, Outcome, Receiver};
use postern_program::{Namespace, Packet, Role};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question {
    pub from: InstanceId,
    pub destination: Ipv4Addr,
    pub what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    Tcp(u16),
    Udp(u16),
    Ping,
}

/// Who got a question, in words of AWS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Instance(InstanceId),
    /// An instance that does not have the address.
    Appliance(InstanceId),
    /// A service, through a gateway endpoint.
    Endpoint,
    /// A service at its public address.
    Service,
    Site,
    /// A public address that answered an echo request.
    Pong,
    Resolver,
    Metadata,
    /// Nobody that AWS knows.
    Stranger,
}

/// What became of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// Who got it, and from which address it seemed to come.
    pub arrival: Option<(Who, Ipv4Addr)>,
    pub is_answered: bool,
}

impl Question {
    /// `1 tcp:443 52.216.1.1`: instance 1, what, where.
    pub fn new(text: &str) -> Self {
        let words: Vec<&str> = text.split_whitespace().collect();
        let what = match words[1].split_once(':') {
            Some(("tcp", port)) => What::Tcp(port.parse().unwrap()),
            Some(("udp", port)) => What::Udp(port.parse().unwrap()),
            _ => What::Ping,
        };
        Self { from: InstanceId::from_bits(words[0].parse().unwrap()), destination: words[2].parse().unwrap(), what }
    }

    pub fn packet(&self, world: &World) -> Packet {
        let source = world.interfaces_of_instance(self.from)[0].primary_address().unwrap();
        match self.what {
            What::Tcp(port) => Packet::tcp(source, self.destination, port),
            What::Udp(port) => Packet::udp(source, self.destination, port),
            What::Ping => Packet::ping(source, self.destination),
        }
    }

    pub fn namespace(&self) -> Namespace {
        Namespace::Instance(self.from)
    }
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?} {}", self.from, self.what, self.destination)
    }
}

/// The outcome of a simulation in words of AWS.
pub fn answer(outcome: &Outcome) -> Answer {
    let arrival = match &outcome.request {
        Fate::Dropped(_) => None,
        Fate::Delivered(arrival) => {
            let who = match (arrival.namespace, arrival.receiver) {
                (Namespace::Instance(id), Receiver::Guest) => Who::Instance(id),
                (Namespace::Instance(id), Receiver::Appliance) => Who::Appliance(id),
                (Namespace::Vpc(_), Receiver::Listener(Role::DoorTls | Role::DoorPlain)) => Who::Endpoint,
                (Namespace::Vpc(_), Receiver::Listener(Role::Resolver)) => Who::Resolver,
                (Namespace::Vpc(_), Receiver::Listener(Role::Metadata)) => Who::Metadata,
                (Namespace::Internet, Receiver::Listener(Role::DoorTls | Role::DoorPlain)) => Who::Service,
                (Namespace::Internet, Receiver::Listener(Role::Site)) => Who::Site,
                (Namespace::Internet, Receiver::Echo) => Who::Pong,
                _ => Who::Stranger,
            };
            // The plain opinion is of IPv4.
            match arrival.packet.source {
                IpAddr::V4(source) => Some((who, source)),
                IpAddr::V6(_) => None,
            }
        }
    };
    Answer { arrival, is_answered: outcome.is_answered }
}
