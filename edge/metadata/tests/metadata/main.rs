//! The metadata service: its answers, and itself over loopback.

mod answers;
mod loopback;
mod specimen;
