//! Worlds for tests of several crates: from short texts, and by chance from a seed. No shipped crate names it.
#![forbid(unsafe_code)]

mod dice;
mod random;
mod text;

pub use dice::Dice;
pub use random::{questions, random};
pub use text::{eni, world};
