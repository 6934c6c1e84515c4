//! The resolver over hand-made worlds: what names mean, and messages over loopback.
mod fixture;
mod hosted;
mod names;
mod sockets;
