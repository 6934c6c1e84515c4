//! AWS's protocols, read and written from the services' models; signatures verified; coverage told.
//!
//! A request becomes an operation and a JSON value whose members have the model's names; a value of the same kind
//! becomes the reply, or a [`postern_call::Answer`] that says the same. Structures are objects, lists arrays, maps objects,
//! blobs base64 text, timestamps RFC 3339 text with milliseconds; what is absent is absent.
#![forbid(unsafe_code)]

pub mod coverage;
pub mod sigv4;

mod check;
mod client;
mod command;
mod fault;
mod message;
mod model;
mod node;
mod path;
mod protocol;
#[cfg(test)]
mod round_trip;
mod scalar;
mod time;
mod validate;

pub use message::{HttpReply, HttpRequest, Operation};
pub use model::{Model, Protocol, model, services, trim};
pub use node::Node;
