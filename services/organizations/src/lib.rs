//! AWS Organizations: the accounts of the region, the organizations they form, and the policies that bind them.
//!
//! One [`Organizations`] holds the state and keeps it durable; [`OrganizationsService`] is the API over it. The gate asks
//! [`Organizations`] for the control policies over an account and for its place, which condition keys tell.
#![forbid(unsafe_code)]

mod content;
mod gate;
mod ids;
mod input;
mod keep;
mod open;
mod organizations;
mod page;
mod refuse;
mod service;
mod state;
#[cfg(test)]
mod tests;
mod verb;

pub use open::{AccessRole, NewAccount, Opener};
pub use organizations::{Organizations, Standing};
pub use service::OrganizationsService;
