//! The EC2 API's verbs, pure: what each demands of the World, which changes it makes, what it answers.
//!
//! A verb reads and writes a [`Draft`] of the World. Time, chance and other services' knowledge come in by [`Context`].
#![forbid(unsafe_code)]

mod context;
mod draft;
mod filter;
mod listed;
pub mod outage;
mod page;
mod quota;
pub mod refuse;
mod request;
mod taggable;
mod tags;
mod verbs;
pub mod view;

pub use context::{ANALYZER, Context, InstanceProfile, KeyMaterial, Outside};
pub use draft::Draft;
pub use filter::{Filters, matches_pattern};
pub use listed::{FilterValues, Listed, describe, find, flag, one, select};
pub use page::page;
pub use postern_insights::{Analysis, Bounds, Found as FoundWays};
pub use quota::Quotas;
pub use request::Request;
pub use taggable::tags_of;
pub use verbs::compute::lifecycle;
pub use verbs::{Verb, seed_account, verb, verbs};
