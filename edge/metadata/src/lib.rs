//! The instance metadata service: what an instance learns about itself at 169.254.169.254.
//!
//! [`answer`] is the whole behaviour of both versions (with a session token and without), pure; [`serve`] speaks HTTP on
//! a listener that was opened inside a VPC's namespace, where the peer's address says which instance asks.
#![forbid(unsafe_code)]

mod answer;
mod facts;
mod serve;
mod token;
mod tree;

pub use answer::{Reply, Request, answer};
pub use facts::{
    FactsSource, InstanceFacts, InstanceProfile, InterfaceFacts, KeyFacts, MetadataOptions, RoleCredentials,
};
pub use serve::serve;
pub use token::Tokens;
