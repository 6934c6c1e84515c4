//! Explanations against what would happen, and in words.

mod difference;
mod matrix;
mod remedy;
mod truth;
