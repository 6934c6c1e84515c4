//! Programs as others use them: text, steps, flaws, and what nft says of the rulesets.

mod diff;
mod nft;
mod random;
