//! Explanations against what would happen, and in words.

mod remedy;
mod truth;
