//! IAM policies: documents, conditions, the whole decision and its reasons.
#![forbid(unsafe_code)]

mod action;
mod advice;
mod amend;
mod ask;
mod condition;
pub mod context;
mod decide;
mod decision;
mod document;
mod gates;
mod hint;
mod json;
mod key;
pub mod lint;
mod membership;
mod message;
mod near;
mod pattern;
mod principal;
mod request;
mod resource;
mod sentence;
mod set;
mod spanned;
mod spelling;
mod statement;
pub mod table;
#[cfg(test)]
mod tests;
mod verdict;

pub use action::ActionPattern;
pub use advice::advice;
pub use amend::{Amendment, Amendments, amended, amendments};
pub use ask::{Ask, Judge, Keys};
pub use condition::Condition;
pub use context::{keys_of, keys_within};
pub use decide::{decide, decide_given};
pub use decision::{Decision, NearMiss, PolicyKind, StatementRef, Test};
pub use document::{Document, ENDPOINT_POLICY_CHARACTERS_MAX, MalformedDocument, Version};
pub use gates::{GateSays, gates, stops};
pub use hint::hint;
pub use membership::{Membership, Memberships};
pub use message::authorization_message;
pub use principal::{PrincipalName, Principals, Reach};
pub use resource::ResourcePattern;
pub use sentence::{code_for, sentence, sentence_among};
pub use set::{Attached, PolicySet};
pub use spanned::Position;
pub use spelling::spelled;
pub use statement::{Effect, Listed, Statement};
pub use verdict::{kind_name, verdict};
