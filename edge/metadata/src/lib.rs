//! Instance metadata at 169.254.169.254, versions 1 and 2.
//!
//! [`answer`] is pure: a request, the facts of the instance that asks and the tokens given out make a reply. [`serve`]
//! carries requests to it. Who asks is known from the peer's address, which the VPC's router has checked.
#![forbid(unsafe_code)]

mod answer;
mod credential;
mod facts;
mod serve;
mod token;
mod tree;

pub use answer::{Ask, Reply, answer};
pub use credential::RoleCredentials;
pub use facts::{FactsSource, InstanceFacts, Interface, Profile};
pub use serve::serve;
pub use token::Tokens;
