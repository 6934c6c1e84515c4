//! What a host must run, as plain data: namespaces, links, addresses, routes, rulesets, listeners.
//!
//! A program does not know why: no AWS word decides anything here. It can be printed, checked, compared with another
//! program, put in order as steps, and simulated packet by packet.
#![forbid(unsafe_code)]

mod check;
mod diff;
pub mod nft;
mod part;
mod ruleset;
pub mod simulate;
mod text;

pub use check::{Flaw, check};
pub use diff::{Step, apply_to, diff};
pub use part::{
    Address, Key, Link, LinkEnd, Listener, Namespace, Neighbour, Part, Program, Role, Route, RouteKind, RouteRule,
    Transport,
};
pub use ruleset::{
    Action, Atom, Chain, ConnectionState, Family, Field, Hook, HookKind, Map, MapValue, Match, Policy, Rule, Ruleset,
    Set, Table,
};
pub use simulate::{Packet, simulate};
