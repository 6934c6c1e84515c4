//! CloudWatch Logs: groups of streams of events, kept in the order of their time, read again by time, page and pattern.
//!
//! Events are in memory and, batch by batch, on disk before anyone hears that they were taken. Each group has a lock of its
//! own, so that a long search in one delays no writer of another.
#![forbid(unsafe_code)]

mod books;
mod desk;
mod group;
mod name;
mod pattern;
mod record;
mod refuse;
mod service;
mod stream;
#[cfg(test)]
mod tests;
mod token;
mod verb;

pub use service::Logs;
