//! IAM and STS: who exists, which keys they hold, what they may do, and the sessions they open.
//!
//! One [`Iam`] holds the state of every account and keeps it durable; [`IamService`] and [`StsService`] are the two
//! APIs over it. Everybody else asks [`Iam`] itself: the door for keys, the gate for policies, EC2 for instance
//! profiles, the metadata service for an instance's credentials.
#![forbid(unsafe_code)]

mod document;
mod entity;
mod gate;
mod iam;
mod ids;
mod input;
mod instance;
mod managed;
mod page;
mod password;
mod qr;
mod refuse;
mod saml;
mod save;
mod service;
mod session;
mod start;
mod state;
mod sts;
#[cfg(test)]
mod tests;
mod thought;
mod token;
mod totp;
mod usage;
mod verb;

pub use iam::Iam;
pub use instance::{InstanceProfile, SessionCredentials};
pub use service::{Controls, IamService};
pub use start::Preload;
pub use sts::StsService;
pub use thought::Bearer;
pub use token::Issuers;
