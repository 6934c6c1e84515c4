//! A queue's messages and when each may be seen: no disk, no clock, no waiting.
//!
//! Every step costs the logarithm of what the queue holds. Times are milliseconds since 1970, and come from the caller.

mod dedup;
mod lanes;
mod message;
mod messages;
#[cfg(test)]
mod tests;

pub use dedup::{Dedup, Seen};
pub use message::{Attribute, Content, Group, Held, Millis, Place, Standing};
pub use messages::{Messages, Visibility};
