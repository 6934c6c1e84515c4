//! Programs as others use them: text, steps, flaws, and what nft says of the rulesets.

mod check;
mod diff;
mod nft;
mod random;
mod simulate;
