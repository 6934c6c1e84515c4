//! AWS Secrets Manager: secrets with versions and stages, encrypted by KMS as whoever asks.
//!
//! One [`Secrets`] holds them and keeps them durable; [`SecretsManagerService`] is the API over it.
#![forbid(unsafe_code)]

mod desk;
mod public;
mod random;
mod refuse;
mod secret;
mod secrets;
mod service;
#[cfg(test)]
mod tests;
mod verb;

pub use secrets::Secrets;
pub use service::SecretsManagerService;
