//! Route 53, as far as the accounts' own VPCs need it: private hosted zones, their VPCs and their records.
//!
//! The zones are part of the World, so that the resolver and `explain` see them as they see endpoints. A change is in force
//! when the call returns, and so every change is told as INSYNC at once.
#![forbid(unsafe_code)]

mod changes;
mod gate;
mod name;
mod record;
mod refuse;
mod service;
mod verb;
mod view;

pub use service::Route53;
