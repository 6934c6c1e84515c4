//! Explanations against what would happen, and in words.

mod matrix;
mod remedy;
mod truth;
