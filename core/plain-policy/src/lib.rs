//! The policy decision once more, written for reading, and random cases to hold the engine against it. For tests and
//! fuzzing: nothing that ships names it.
#![forbid(unsafe_code)]

mod case;
mod chart;
mod compare;
mod deal;
mod pools;
mod statements;
mod trial;

pub use case::{Case, Question};
pub use chart::{Chart, Verdict};
pub use trial::{try_decision, try_document};
