//! The host against the real kernel: every test makes its own namespaces, and judges by bytes received inside them.
//!
//! Needs root, or user namespaces with `unshare` (util-linux), and `nft` (nftables). Without them the tests fail and say so.
mod compiled;
mod door;
mod filter;
mod life;
mod nat;
mod probe;
mod random;
mod routing;
mod support;
mod truth;
mod world;
