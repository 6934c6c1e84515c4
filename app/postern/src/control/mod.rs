//! The daemon's own socket in the data directory, for the words that are not AWS calls: status, down, accounts, exec.
//!
//! One JSON object a line each way; an exec request carries the caller's three descriptors with it.

mod client;
mod message;
mod server;

pub use client::{Resizer, ask, exec};
pub use message::{AccountWord, CallQuestion, Chaos, Exec, Explain, Request, Running, WayQuestion, Window};
pub use server::{Control, Explainer, serve};
