//! Reachability Analyzer's and Network Access Analyzer's answers from an explanation: a path is asked as a question, the trace
//! told as AWS's path components and explanation codes; a scope asks every pair of ends.
//!
//! No packet is sent and nothing listens or not: the answer is about the network. Where the question leaves ports open, a way
//! for any of them counts, as AWS has it.
#![forbid(unsafe_code)]

mod analyse;
mod component;
mod endpoints;
mod explanation;
mod header;
mod path;
mod ports;
mod scope;

pub use analyse::{Analysis, Bounds, analyse};
pub use component::{arn, component, id_of, owner};
pub use endpoints::{End, end};
pub use scope::{FINDINGS_MAX, Found, Misstated, check as check_scope_path, find as find_ways};
