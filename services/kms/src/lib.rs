//! AWS KMS: keys that never leave, and who may use them.
//!
//! One [`Kms`] holds the keys and keeps them durable, their material sealed by the data directory's own secret;
//! [`KmsService`] is the API over it; [`Forward`] is what other services encrypt with as their callers.
#![forbid(unsafe_code)]

mod blob;
mod ciphers;
mod desk;
mod grant;
mod grants;
mod key;
mod kms;
mod material;
mod policy;
mod refuse;
mod service;
mod spec;
#[cfg(test)]
mod tests;
mod verb;

pub use ciphers::Forward;
pub use kms::Kms;
pub use service::KmsService;
