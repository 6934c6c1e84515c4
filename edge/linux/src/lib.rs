//! The kernel's side: namespaces, links, routes, rules, packet filters, sockets inside namespaces.
//!
//! The only crate that speaks netlink, nftables, sysctl and namespaces. Nothing is named on the host: every namespace is
//! held by file descriptors of this process alone, so that the kernel takes everything away when the process ends, however
//! it ends. All work happens inside namespaces that the process made; the root namespace is never touched.
mod apply;
mod arrival;
mod counters;
mod cut;
mod error;
mod guest;
mod host;
mod limits;
mod link;
mod listener;
mod namespace;
mod netfilter;
mod netlink;
mod nftables;
mod probe;
mod requests;
mod state;
mod sys;
mod sysctl;

pub use arrival::{Arrival, arrival};
pub use cut::{Cut, Severed};
pub use error::HostError;
pub use host::Host;
pub use limits::raise_limits;
pub use listener::{Opened, Socket};
pub use namespace::new_namespace;
pub use probe::{Probe, probe};
