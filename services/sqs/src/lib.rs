//! SQS: queues, their messages, and who may do what with them.
//!
//! Messages live in memory in the order in which they will be received, and on the disk as one row each with a small second
//! one once they are received. A receive that waits is a task that sleeps until it is told; no thread, no loop.
#![forbid(unsafe_code)]

mod deliver;
mod digest;
mod flow;
mod gate;
mod handle;
mod ids;
mod keep;
mod moves;
mod name;
mod outgoing;
mod queue;
mod queues;
mod refuse;
mod service;
mod settings;
#[cfg(test)]
mod tests;
mod verb;

pub use deliver::FromService;
pub use service::Sqs;
