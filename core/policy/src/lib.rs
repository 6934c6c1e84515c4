//! IAM policies: documents, conditions, the whole decision and its reasons.
#![forbid(unsafe_code)]

mod ask;
mod decision;
mod document;

pub use ask::{Ask, Judge, Keys};
pub use decision::{Decision, NearMiss, PolicyKind, StatementRef, Test};
pub use document::{Document, MalformedDocument};
