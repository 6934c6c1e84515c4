//! AWS Systems Manager's Parameter Store: parameters with versions and labels, secure ones encrypted by KMS as whoever
//! asks. Of Systems Manager nothing else is served.
//!
//! One [`Parameters`] holds them and keeps them durable; [`SsmService`] is the API over it.
#![forbid(unsafe_code)]

mod desk;
mod filter;
mod name;
mod parameter;
mod parameters;
mod public;
mod refuse;
mod service;
#[cfg(test)]
mod tests;
mod verb;

pub use parameters::Parameters;
pub use service::SsmService;
