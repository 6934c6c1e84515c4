//! Why a packet arrives or does not: the World, a question, and AWS's rules; no compiler, no program, no kernel.
//!
//! A second opinion: it shares no code with what is in force, so that both can be compared. One file per stop. The way is
//! followed to its end even when a stop bars it, so that everything else that would bar it later is known at once.
#![forbid(unsafe_code)]

mod appliance;
mod assume;
mod back;
mod difference;
mod endpoint;
mod ground;
mod instance;
mod internet_gateway;
mod matrix;
mod name;
mod nat_gateway;
mod network_acl;
mod network_acl_in;
mod network_acl_out;
mod packet;
mod peering;
mod policy;
mod question;
mod remedy;
mod route_table;
mod rule;
mod security_group;
mod security_group_in;
mod security_group_out;
mod service;
mod tell;
mod trace;
mod walk;

pub use assume::Assumed;
pub use difference::{Changed, How, difference};
pub use ground::Ground;
pub use matrix::{Matrix, Of, matrix};
pub use name::{Resolution, Zone};
pub use packet::Packet;
pub use question::{Listening, MalformedQuestion, Question, Source, Target, What};
pub use remedy::{Remedy, remedies, remedies_until};
pub use tell::{code, json, sentence};
pub use trace::{Arrival, Cause, Chosen, Next, Place, Step, Trace, Way, Who};
