//! What an API call is once the door has read it: who asks, by which way, for what; how it is answered, and how refused.
#![forbid(unsafe_code)]

mod answer;
mod call;
mod caller;
mod refusal;
mod timestamp;

pub use answer::Answer;
pub use call::Call;
pub use caller::{Caller, Principal};
pub use refusal::Refusal;
pub use timestamp::{push_iso8601, timestamp};
