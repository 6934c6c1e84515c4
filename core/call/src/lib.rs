//! What an API call is once the door has read it: who asks, by which way, for what; and how it is refused.
#![forbid(unsafe_code)]

mod call;
mod caller;
mod refusal;

pub use call::Call;
pub use caller::{Caller, Principal};
pub use refusal::Refusal;
