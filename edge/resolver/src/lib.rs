//! DNS at VPC+2 and 169.254.169.253.
//!
//! What a name means is worked out purely from the World ([`answer`]); one datagram or stream message in, one out
//! ([`respond`]); and two loops that carry them ([`Resolver`]). A VPC without DNS support has no listener,
//! so nothing here asks for the attribute.
#![forbid(unsafe_code)]

mod answer;
mod endpoint;
mod hosted;
mod instance;
mod region;
mod reverse;
mod serve;
mod service;
mod wire;

pub use answer::{Answer, RecordKind, Value, answer};
pub use instance::public_address;
pub use serve::Resolver;
pub use service::service_address;
pub use wire::{Carrier, respond};
