//! SNS: topics, subscriptions, and what is published to whom.
//!
//! A message is in every queue that is to have it, durable, before the publisher is answered; what is for servers is kept
//! until they have it. How it gets there is a [`Deliver`]er's business, who asks the gate as SNS.
#![forbid(unsafe_code)]

mod attributes;
mod carrier;
mod dedup;
mod deliver;
mod envelope;
mod filter;
mod from_service;
mod gate;
mod ids;
mod outgoing;
mod post;
mod refuse;
mod service;
mod state;
#[cfg(test)]
mod tests;
mod topics;
mod verb;

pub use deliver::{Deliver, Letter, Parcel, Undelivered};
pub use envelope::Sign;
pub use from_service::FromService;
pub use service::Sns;
