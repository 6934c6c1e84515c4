//! The compiler as others use it: Worlds as text in, programs as text or answers out.

mod nft;
mod plain;
mod questions;
mod random;
mod stops;
mod whole;
